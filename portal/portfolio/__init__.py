"""Customers, accounts, holds, imports."""

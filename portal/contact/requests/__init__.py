"""Requests between the bank and who holds an account."""

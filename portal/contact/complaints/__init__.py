"""Complaints about how a debtor was treated."""

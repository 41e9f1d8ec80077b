"""Payments and the credit for them."""

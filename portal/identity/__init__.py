"""Organisations, users, sign-in."""

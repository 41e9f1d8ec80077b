"""Holds: why an account may not be worked, with what proves it."""

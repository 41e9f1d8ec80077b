"""Attempts, conduct rules, promises."""

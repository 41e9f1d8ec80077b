"""Agencies and law firms as the bank keeps them: contracts and their versions."""

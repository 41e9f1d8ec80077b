"""Allocation, batches, placements and their end."""

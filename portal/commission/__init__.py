"""Plans, lines, statements."""

"""Numbers and addresses that agencies found."""

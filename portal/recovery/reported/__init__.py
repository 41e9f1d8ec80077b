"""What agencies say of payments: expected or received, and which posting of the bank each of them is."""

"""What the debtor asked for, agreed to or was sent, as the conduct rules ask for it."""

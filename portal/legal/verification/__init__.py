"""Whether a letter in somebody's hand is the firm's: a public page, and how often it was asked."""

"""What became of printed letters: when and how each went out, whether it arrived, and what follows from that."""

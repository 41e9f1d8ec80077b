"""The demo bank: who works there, and three months of their work, done by the rooms' own operations at past instants."""

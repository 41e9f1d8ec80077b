"""The interface for the agencies' own systems: tokens, and REST over the same operations as the pages."""

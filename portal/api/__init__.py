"""What joins organisations' own systems to the portal."""

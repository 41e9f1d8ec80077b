"""Packs of conduct rules: read, published, kept, asked again."""

"""REST v1: what other systems ask under /api/v1, over the same operations as the pages and the files."""

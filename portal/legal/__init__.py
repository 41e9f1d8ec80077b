"""Letter packs: review, approval, numbers, print files."""

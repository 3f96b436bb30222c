"""Signs that a generator has collapsed."""

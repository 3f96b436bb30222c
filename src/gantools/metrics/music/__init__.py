"""Whether music stays within a tempo and a key."""

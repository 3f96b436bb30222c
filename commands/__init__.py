"""The verbs, one executable file each."""

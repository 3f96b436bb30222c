"""All metrics that fit what is there, in one report."""

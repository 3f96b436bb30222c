"""Treble: whether generated sound has the high frequencies of real music."""

"""Which bars of music loop: how alike bars are, and what a detector that has learnt loops says of it."""

"""How near music is to what it was learnt from."""

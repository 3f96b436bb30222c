"""How scores of many parts are made: harmony, rhythm, instruments, copies, and what a model makes of them."""

"""Music as rows (MMR): the grid, the vocabulary, rows and back, merges of pitches, and the grammar."""

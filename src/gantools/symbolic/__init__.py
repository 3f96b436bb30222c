"""Music as notes: MIDI files, bars and grids, piano rolls, and their sound."""

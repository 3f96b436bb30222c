"""Endings of MIDI files; this module imports nothing, so that commands can read it for their help."""

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")

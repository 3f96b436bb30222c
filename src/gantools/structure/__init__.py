"""Beats, bars, form and splices of music, whatever made it."""

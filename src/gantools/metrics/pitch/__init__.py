"""Pitch of sets of sounds."""

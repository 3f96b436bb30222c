"""Drafts without training: nearest patches of a clip (Granot et al. 2022)."""

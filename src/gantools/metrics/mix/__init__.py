"""Mixes beside the songs' own."""

"""Precision, recall, density and coverage."""

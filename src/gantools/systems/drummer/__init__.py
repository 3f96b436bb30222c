"""Drums for a bass line: a small network writes them on a grid of sixteenths, and recorded hits play them."""

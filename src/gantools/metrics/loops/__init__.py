"""Loops of drums and bass against real ones: the measures of Han et al., sections 4.1 to 4.3."""

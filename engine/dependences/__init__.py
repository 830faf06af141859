"""Dependences between positions: which input positions an output position sees, and over how many units."""

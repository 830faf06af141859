"""Dependences between positions: which input positions an output position can see, by which routes, over how much."""

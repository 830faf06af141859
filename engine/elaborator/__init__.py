"""From syntax to program: what a model means."""

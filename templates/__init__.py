"""Templates, one for each output format."""

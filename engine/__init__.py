"""Symbolic complexity derivations of neural-network architectures."""

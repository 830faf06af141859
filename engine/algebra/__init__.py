"""Exact algebra of sizes: polynomials over named dimensions, with floors, logarithms and symbolic powers."""

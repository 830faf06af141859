"""The verifier: runs a program's equations at small sizes, counts what it does, and compares with the formulas."""

"""Counting conventions: data files that say what each operation is billed."""

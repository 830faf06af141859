"""`python -m archderive`: the same as the command `derive`."""

from .cli import run

run()

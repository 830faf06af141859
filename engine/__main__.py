"""`python -m archderive`: the same as the command `derive`."""

import sys

from .cli import main

sys.exit(main())

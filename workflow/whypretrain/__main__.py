"""`python -m whypretrain`: the command `whypretrain` without its installation."""

import sys

from whypretrain.cli import main

sys.exit(main())

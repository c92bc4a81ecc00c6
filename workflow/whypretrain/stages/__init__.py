"""The stages, one command line each: `python -m whypretrain.stages.NAME`, which the workflow's rules call."""

import gc
import sys

# While a stage starts: imports leave no garbage, and looking for it takes a sixth of their time. `run` turns it on.
if sys.argv[0] == "-m":
    gc.disable()

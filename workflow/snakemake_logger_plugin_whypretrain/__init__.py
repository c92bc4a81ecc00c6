"""The live view of a run, where Snakemake looks for it: `snakemake --logger whypretrain`."""

import sys
from dataclasses import dataclass, field
from typing import Optional

from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from whypretrain.cli.live import LogHandler
from whypretrain.config.files import require_text
from whypretrain.errors import InputError

__all__ = ["LogHandler", "LogHandlerSettings"]


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of `snakemake --logger whypretrain`; their types are read as they stand here, so not postponed."""

    plan: Optional[str] = field(  # noqa: UP045
        default=None, metadata={"help": "file of operations by rule, from which the time left is estimated"}
    )


# Snakemake reads config files before the Snakefile: this module is the only one of ours that runs earlier.
try:
    require_text(sys.argv[1:])
except InputError as error:
    sys.exit(f"error: {error}")

"""Commands that take more than the metrics do: whether it is installed."""

from __future__ import annotations

from importlib.util import find_spec

from whypretrain.errors import InputError

#: The extra that has a module, and what people call it.
_EXTRAS = {"snakemake": ("workflow", "Snakemake"), "jinja2": ("workflow", "Jinja"), "shtab": ("workflow", "shtab"),
           "dvc": ("dvc", "DVC")}  # fmt: skip


def require(command: str, *modules: str) -> None:
    """Refuse a command of `whypretrain` whose modules are not installed.

    Raises:
        InputError: naming the first, and the extra that has it.
    """
    for module in modules:
        if find_spec(module) is None:
            extra, name = _EXTRAS[module]
            raise InputError(f"`whypretrain {command}` needs {name}: pip install 'whypretrain[{extra}]'")

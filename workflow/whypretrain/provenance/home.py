"""Where the workflow is: its Snakefile, rules, tools, configs and profiles."""

from __future__ import annotations

from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.provenance.closure import ROOT

DEFAULT = Path("config/default.yaml")


def home(read_in: object = "") -> Path:
    """The folder that holds the Snakefile: the checkout of this code, or what an installed package has in its place.

    It is relative if it is the working folder, so that results name their inputs alike in every clone.

    Args:
        read_in: folder of the Snakefile that is read, if one is; it need not be a local one.

    Raises:
        InputError: if the package was copied by hand, without its workflow.
    """
    for folder in ([Path(str(read_in))] if read_in else []) + [ROOT.parents[1], ROOT / "home"]:
        if (folder / "workflow/rules").is_dir():
            return Path() if folder.absolute() == Path.cwd() else folder
    raise InputError(f"{ROOT} has no workflow; install whypretrain with pip, from a wheel or a checkout")


def package_of(folder: Path) -> Path:
    """The package that a home belongs to: in a checkout below it, else around it."""
    below = folder / "workflow" / ROOT.name
    return below if below.is_dir() else folder.absolute().parent


def config_file(path: Path) -> Path:
    """A config file by its path; if it is not there, the one that is shipped there, e.g. config/smoke.yaml."""
    shipped = home() / path
    return shipped if shipped.is_file() and not path.exists() else path

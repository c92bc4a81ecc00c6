"""What a wheel holds besides the packages: all that runs experiments, where `provenance.home` looks for it."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HOME = "whypretrain/home"
PARTS = ("Snakefile", "config", "docs/config.schema.json", "profiles")
PARTS += ("workflow/report", "workflow/rules", "workflow/tools")
PARTS += ("envs/cpu.yaml", "envs/cpu.post-deploy.sh")  # Snakemake keeps it with the record of each job


class Packing(BuildHookInterface[Any]):
    """A part of the build: an editable install has the checkout, and needs no copy."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the parts, laid out as in the checkout."""
        if version != "editable":
            build_data["force_include"] |= {f"{self.root}/{part}": f"{HOME}/{part}" for part in PARTS}

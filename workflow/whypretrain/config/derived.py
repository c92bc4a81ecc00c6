"""Models made from trained ones by a change whose effect is known: doses and placebos of docs/validity.md."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from whypretrain.config.section import Name, NonNegative, Section

Config = dict[str, Any]


class Derived(Section):
    """A change of a trained model, in place of training."""

    change: Literal["interpolate", "noise", "redraw", "permute_units", "rescale_units", "scale_scores"]
    """interpolate the weights, add noise to them, redraw the last blocks; the same function in other weights: hidden
    units permuted, rescaled; scores times a constant"""
    base: Name
    """method whose model is changed"""
    toward: Name | None = None
    """method whose model `interpolate` goes to"""
    dose: NonNegative = 1.0
    """part of the way, standard deviation of the noise relative to that of each tensor, number of blocks, or factor"""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.change == "interpolate") != (self.toward is not None):
            raise ValueError("toward is for change: interpolate, which needs it; give the method that it goes to")
        if self.change == "interpolate" and self.dose > 1:
            raise ValueError(f"dose of interpolate is a fraction, not {self.dose}; give one from 0 to 1")
        if self.change == "redraw" and self.dose != int(self.dose):
            raise ValueError(f"dose of redraw is a number of blocks, not {self.dose}; give a whole number")
        return self


def derived_of(config: Config, method: str) -> Config | None:
    """How a method is made from others; None where it is not."""
    found: Config | None = config["train"]["methods"][method].get("derive")
    return found


def bases_of(config: Config, method: str) -> list[str]:
    """The methods that a derived method is made from."""
    given = derived_of(config, method) or {}
    return [given[key] for key in ("base", "toward") if given.get(key)]


def derived_problems(config: Config) -> list[str]:
    """Bases of derived methods that the grid lacks, or that are derived themselves."""
    grid = config["grid"]["methods"]
    found = []
    for method in grid:
        for base in bases_of(config, method):
            key = f"train.methods.{method}.derive"
            if base not in grid:
                found.append(f"{key} names {base!r}, which is not in grid.methods; add it there, or name another")
            elif derived_of(config, base):
                found.append(f"{key} names {base!r}, which is derived itself; name a method that is trained")
    return found


#: Settings of a recipe that hold it to its start: more of one leaves less to change.
HELD = {"frozen_blocks": "frozen blocks", "pull": "pull to the start"}
DOSES = {"interpolate": "way to the fine-tuned", "noise": "noise on weights", "redraw": "blocks redrawn"}
PLACEBOS = {
    "permute_units": "units permuted",
    "rescale_units": "units rescaled",
    "scale_scores": "scores times a constant",
}


def interventions(config: Config, finetune: str | None) -> list[dict[str, Any]]:
    """Every change with a known answer in the grid: what it is, its dose, the method with it and the one without.

    Args:
        config: the whole config.
        finetune: the method that frozen blocks and pulls are compared with.

    Returns:
        One entry a change with the keys intervention, dose, method, base and placebo (whether nothing may change).
    """
    methods, found = config["train"]["methods"], []
    for method in config["grid"]["methods"]:
        given = derived_of(config, method)
        if given:
            placebo, change = given["change"] in PLACEBOS, given["change"]
            name = PLACEBOS[change] if placebo else DOSES[change]
            one = {"intervention": name, "dose": given.get("dose", 1.0), "method": method, "base": given["base"]}
            found.append({**one, "placebo": placebo})
        for key, name in HELD.items() if finetune and not given else ():
            if dose := methods[method].get(key):
                found.append({"intervention": name, "dose": dose, "method": method, "base": finetune, "placebo": False})
    given_all = [derived_of(config, method) or {} for method in config["grid"]["methods"]]
    ends = {(given["base"], given["toward"]) for given in given_all if given.get("toward")}
    for base, toward in sorted(ends):
        whole = {"intervention": DOSES["interpolate"], "dose": 1.0, "method": toward, "base": base, "placebo": False}
        found.append(whole)
    return found

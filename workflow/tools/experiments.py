"""The stages of an experiment as DVC has them.

config/default.yaml has dvc.yaml; any other experiment has experiments/NAME/dvc.yaml, written from dvc.yaml and its
own config file. So experiments stand side by side, each with its own dvc.lock. A stage depends on each config key
where its value comes from: in the experiment's file or in the default one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Config = dict[str, Any]
DEFAULT = "config/default.yaml"
PIPELINE = "dvc.yaml"


@dataclass(frozen=True)
class Stage:
    """One stage: its address in DVC, its target in Snakemake, and the paths that it needs and makes."""

    address: str
    target: str
    deps: frozenset[str]
    outs: tuple[str, ...]


def stages(config: str) -> list[Stage]:
    """The stages of one config file's experiment; a generated dvc.yaml is brought up to date first."""
    file = PIPELINE if config == DEFAULT else write_pipeline(config)
    sections = yaml.safe_load(Path(file).read_text())["stages"]
    prefix = "" if file == PIPELINE else f"{file}:"
    return [
        Stage(
            f"{prefix}{name}",
            section["cmd"].split()[-1],
            frozenset(section["deps"]),
            tuple(out for item in section["outs"] for out in item),
        )
        for name, section in sections.items()
    ]


def downstream(changed: Iterable[str], found: Iterable[Stage]) -> set[str]:
    """Addresses of the changed stages and of all that build on them; `found` is in the order of data flow."""
    stale, remade = set(changed), set[str]()
    for stage in found:
        if stage.deps & remade:
            stale.add(stage.address)
        if stage.address in stale:
            remade |= set(stage.outs)
    return stale


def write_pipeline(config: str) -> str:
    """Write experiments/NAME/dvc.yaml for the config file of the experiment NAME, and return its path."""
    default, own = (yaml.safe_load(Path(file).read_text()) for file in (DEFAULT, config))
    name = own.get("experiment")
    if name in (None, default["experiment"]):
        raise SystemExit(
            f"error: {config} names no experiment of its own; add a line such as `experiment: mine`"
        )
    pipeline = yaml.safe_load(Path(PIPELINE).read_text())
    sections = pipeline.pop("stages")
    head = f"# Written by workflow/tools/versioning.py from {PIPELINE} and {config}.\n"
    body = {key: _of_experiment(section, config, own, default) for key, section in sections.items()}
    shown = yaml.safe_dump(
        pipeline, sort_keys=False, width=110
    )  # metrics and plots, from the file's own folder
    shown = shown.replace(f"results/{default['experiment']}/", f"../../results/{name}/")
    text = head + yaml.safe_dump({"stages": body}, sort_keys=False, width=110) + shown
    path = Path("experiments", name, PIPELINE)
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(path)


def _of_experiment(section: dict[str, Any], config: str, own: Config, default: Config) -> dict[str, Any]:
    """One stage of dvc.yaml with the paths, the command and the parameters of another experiment."""
    here, there = f"results/{default['experiment']}/", f"results/{own['experiment']}/"
    target = section["cmd"].split()[-1]
    return {
        "cmd": f"snakemake --cores all --configfile {config} -- {target}",
        "wdir": "../..",
        "deps": [path.replace(here, there) for path in section["deps"]],
        "params": _params(section["params"][0][DEFAULT], config, own, default),
        "outs": [{path.replace(here, there): kind for path, kind in out.items()} for out in section["outs"]],
    }


def _params(keys: list[str] | None, config: str, own: Config, default: Config) -> list[dict[str, Any]]:
    """The keys of dvc.yaml, each in the file that decides it; None (all keys) names both files whole."""
    if keys is None:
        return [{DEFAULT: None}, {config: None}]
    files: dict[str, list[str]] = {DEFAULT: [], config: []}
    for key in keys:
        decided = _decided(key, _value(default, key), _value(own, key))
        for leaf, is_own in decided.items():
            files[config if is_own else DEFAULT].append(leaf)
    return [{file: names} for file, names in files.items() if names]


def _value(config: Any, key: str) -> Any:
    """The value of a dotted key, or Ellipsis where there is none."""
    for part in key.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return ...
        config = config[part]
    return config


def _decided(key: str, default: Any, own: Any) -> dict[str, bool]:
    """The largest parts of a key that come from one file each; True where it is the experiment's own file."""
    if own is ... or default is ... or not (isinstance(default, dict) and isinstance(own, dict)):
        return {key: own is not ...}
    parts: dict[str, bool] = {}
    for name in {**default, **own}:
        parts |= _decided(f"{key}.{name}", default.get(name, ...), own.get(name, ...))
    return parts

"""`whypretrain init FOLDER [CHECKPOINT]`: write a commented config for your own pictures, and report what they contain.

CHECKPOINT is timm:NAME, torchvision:NAME, package:NAME, hf:ORG/NAME, file:PATH, or a path alone. Without one, the
default's small networks are pre-trained on rendered glyphs first.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whypretrain.cli.diff import source_of
from whypretrain.config import check, files
from whypretrain.errors import InputError
from whypretrain.provenance.home import DEFAULT, home
from whypretrain.runtime.files import atomic

_MOST = 2000  # training images that a first experiment takes
_TESTED = 1000
_SOURCE = "  source: null    # or the data of pre-training, if you have them: parts of it can be trained on jointly"
_SIZE = 32  # pixels, of networks that are pre-trained here


def add(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    found = commands.add_parser(
        "init",
        help="write a config for your own pictures and checkpoint",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("data", type=Path, metavar="FOLDER", help="pictures, one folder a class, or train/ and test/")
    found.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT", help="the pre-trained model")
    found.add_argument("--architecture", help="timm's name of the network, if the checkpoint does not name it")
    found.add_argument("--size", type=int, help="image size in pixels; default: that of the checkpoint's training")
    found.add_argument("--out", type=Path, default=Path("mine.yaml"), help="config to write; default: %(default)s")
    found.set_defaults(command=init)


def init(arguments: argparse.Namespace) -> int:
    """Look at the pictures and the checkpoint, write the config, and say what comes next."""
    out: Path = arguments.out
    if out.exists():
        raise InputError(f"{out} exists; remove it, or name another file with --out")
    model = _model(arguments)
    size = arguments.size or (model["size"] if model else _SIZE)
    pictures = _pictures(arguments.data, size)
    text = _text(out.stem, arguments.data, pictures, model, size)
    with atomic(out, result=False) as temporary:
        temporary.write_text(text)
        whole = files.merged(files.read(home() / DEFAULT), files.read(temporary))
        check(whole)
    print(f"{arguments.data}: {pictures['about']}")
    if model:
        print(f"{model['checkpoint']}: {model['architecture']}, images of {size} px")
    print(f"Wrote {out}. Next:\n  whypretrain plan {out}    # what it costs\n  whypretrain run {out}     # runs it")
    return 0


def _model(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The checkpoint as a config names it, its architecture and the size of its images."""
    if not (given := arguments.checkpoint):
        return None
    from whypretrain.models.identify import identify, usual_size

    source = source_of(given)
    found = identify(source, arguments.architecture)
    return {"checkpoint": source, "architecture": found.name, "size": found.size or usual_size(found.name)}


def _pictures(folder: Path, size: int) -> dict[str, Any]:
    """How many pictures and classes a folder has, and whether it is split."""
    from whypretrain.data.build import build

    spec = {"kind": "imagefolder", "root": str(folder)}
    found = build("pictures", spec, size=size, channels=3, seed=0, decode=False)
    train, test = (len(found.rows(split)) for split in ("train", "test"))
    about = f"{len(found.classes)} classes, {train} training and {test} test pictures{_left_out(found.about)}"
    return {"train": train, "test": test, "about": about}


def _left_out(about: Mapping[str, Any]) -> str:
    """Files and splits that are not used."""
    parts = [f"{number} files {reason}" for reason, number in about.get("files", {}).get("left_out", {}).items()]
    parts += [f"the split {name}" for name in about.get("splits", {}).get("unused", ())]
    return f"; left out: {', '.join(parts)}" if parts else ""


def _text(name: str, folder: Path, pictures: dict[str, Any], model: dict[str, Any] | None, size: int) -> str:
    """The config as people write it."""
    fewer = "".join(
        f", {key}_size: {most}" for key, most in (("train", _MOST), ("test", _TESTED)) if pictures[key] > most
    )
    lines = [
        "# What differs from config/default.yaml; every key is explained in docs/config.md.",
        f"experiment: {name}    # results go to results/{name}",
        f"image: {{size: {size}, channels: 3}}    # pixels; pictures are cropped and resized to it",
        "datasets:",
        f"  # {pictures['about']}",
        f"  pictures: {{kind: imagefolder, root: {_quoted(folder)}{fewer}}}",
    ]
    if model:
        lines += [
            "models:",
            "  pretrained:",
            f"    architecture: {{name: {model['architecture']}}}    # any network of timm",
            f"    checkpoint: {_quoted(model['checkpoint'])}",
        ]
    chosen = ["pretrained"] if model else ["vit", "resnet"]
    lines += [
        "grid:",
        *([_SOURCE] if model else []),
        "  targets: [pictures]",
        f"  architectures: [{', '.join(chosen)}]",
        "  methods: [probe, finetune, scratch]    # a linear probe stands for the pre-trained model",
        "  seeds: [0, 1, 2]    # intervals are over seeds",
    ]
    return "\n".join(lines) + "\n"


def _quoted(value: Any) -> str:
    """A text as YAML writes it on one line."""
    import yaml

    return str(yaml.safe_dump(str(value), default_style='"', width=10**6)).strip()

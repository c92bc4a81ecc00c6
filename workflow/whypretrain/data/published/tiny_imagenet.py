"""Tiny-ImageNet-200: 200 classes of ImageNet at 64 pixels, read from the layout of its archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whypretrain.data import listing
from whypretrain.data.folders import Walk
from whypretrain.data.kinds import imagefolder
from whypretrain.data.listing import Listing
from whypretrain.data.published.entry import Options
from whypretrain.errors import InputError

_FOLDER = "tiny-imagenet-200"  # in its archive
#: Hypernyms in WordNet of the classes, by the numbers of their WordNet ids.
_CONCEPTS = {
    "fish": "01443537",
    "amphibian": "01629819 01641577 01644900",
    "reptile": "01698640 01742172",
    "arthropod": "01768244 01770393 01774384 01774750 01784675 01983481 01984695 02165456 02190166 02206856 02226429 "
    "02231487 02233338 02236044 02268443 02279972 02281406",
    "invertebrate": "01910747 01917289 01944390 01945685 01950731 02321529",
    "bird": "01855672 02002724 02056570 02058221",
    "dog": "02085620 02094433 02099601 02099712 02106662 02113799",
    "feline": "02123045 02123394 02124075 02125311 02129165",
    "mammal": "01882714 02074367 02132136 02364673 02395406 02403003 02410509 02415577 02423022 02437312 02480495 "
    "02481823 02486410 02504458 02509815",
    "vehicle": "02814533 02917067 03100240 03393912 03444034 03447447 03599486 03662601 03670208 03796401 03977966 "
    "04146614 04285008 04465501 04487081",
    "clothing": "02669723 02730930 02837789 02883205 02963159 03026506 03404251 03617480 03763968 03770439 03980874 "
    "04133789 04254777 04259630 04371430 04532106",
    "structure": "02699494 02788148 02791270 02793495 02814860 02843684 02892201 02927161 03042490 03089624 03160309 "
    "03388043 03837869 03930313 04149813 04311004 04366367 04417672 04486054 04501370 04532670 04562935",
    "furniture": "03179701 03201208 03637318 04099969",
    "container": "02769748 02795169 02808440 02815834 02823428 02909870 03014705 03400231 03937543 03983396 04398044 "
    "04560804 04596742",
    "device": "02666196 02802426 02841315 02906734 02948072 02950826 02977058 02988304 02999410 03085013 03126707 "
    "03250847 03255030 03355925 03424325 03544143 03584254 03649909 03706229 03733131 03804744 03814639 03838899 "
    "03854065 03891332 03902125 03970156 03976657 03992509 04008634 04023962 04067472 04070727 04074963 04118538 "
    "04179913 04251144 04265275 04275548 04328186 04356056 04376876 04399382 04456115 04507155 04540053 04597913",
    "food": "07579787 07583066 07614500 07615774 07695742 07711569 07715103 07720875 07734744 07747607 07749582 "
    "07753592 07768694 07871810 07873807 07875152 07920052",
    "publication": "06596364",
    "landform": "09193705 09246464 09256479 09332890 09428293",
    "plant": "12267677",
}
_CONCEPT = {f"n{number}": concept for concept, numbers in _CONCEPTS.items() for number in numbers.split()}


def tiny_imagenet(root: Path, options: Options) -> Listing:
    """Read train/WNID/images/*.JPEG and val/images/*.JPEG with val/val_annotations.txt; test/ has no labels.

    A class is called by the first of its words in words.txt, by all of them where two begin alike, and by its id where
    words.txt lacks it. Its concept is a hypernym in WordNet, or its own name for other ids than the archive's.

    Raises:
        InputError: for a class without training images, or an annotation of a class that wnids.txt lacks.
    """
    root = root / _FOLDER if (root / _FOLDER).is_dir() else root
    wnids, walk = sorted((root / "wnids.txt").read_text().split()), Walk()
    train, labels = imagefolder.list_images([root / "train" / wnid / "images" for wnid in wnids], root, walk)
    rows = [line.split("\t")[:2] for line in (root / "val/val_annotations.txt").read_text().splitlines() if line]
    number = {wnid: label for label, wnid in enumerate(wnids)}
    if unknown := sorted({wnid for _, wnid in rows} - set(number)):
        raise InputError(f"root: val_annotations.txt of {root} names {unknown[0]}, which wnids.txt lacks; add it")
    test = [root / "val/images" / name for name, _ in rows]
    if missing := next((path for path in test if not path.exists()), None):
        raise FileNotFoundError(2, "missing", str(missing))
    names = _names(root / "words.txt", wnids)
    return listing.of_files(
        train + test,
        root,
        np.concatenate([labels, [number[wnid] for _, wnid in rows]]),
        names,
        test=np.arange(len(train) + len(test)) >= len(train),
        concepts=[_CONCEPT.get(wnid, name) for wnid, name in zip(wnids, names, strict=True)],
        about={"files": walk.counts(len(train) + len(test))},
    )


def _names(path: Path, wnids: list[str]) -> list[str]:
    """Names of the classes."""
    words = dict(line.split("\t", 1) for line in path.read_text().splitlines() if "\t" in line)
    whole = [words.get(wnid, wnid) for wnid in wnids]
    first = [line.split(",")[0] for line in whole]
    return [short if first.count(short) == 1 else line for short, line in zip(first, whole, strict=True)]

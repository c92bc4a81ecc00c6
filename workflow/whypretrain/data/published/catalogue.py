"""The published data sets that are known by name: layout, split, size, metric, licence and source of each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from whypretrain.data.published import cifar, elpv, readers
from whypretrain.data.published.entry import Archive, Corrupted, Drawings, Published, Unsplit
from whypretrain.data.published.tiny_imagenet import tiny_imagenet
from whypretrain.data.published.vision import through
from whypretrain.runtime.registry import Registry

_RESEARCH = "non-commercial research and education"
_CIFAR = "https://www.cs.toronto.edu/~kriz/cifar.html"
_KRIZHEVSKY = "https://www.cs.toronto.edu/~kriz"
_OMNIGLOT = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
_CIFAR10 = Archive(f"{_KRIZHEVSKY}/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a")
_CIFAR100 = Archive(f"{_KRIZHEVSKY}/cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85")
_PETS = "https://www.robots.ox.ac.uk/~vgg/data/pets"

CATALOGUE: Registry[Published] = {
    "imagenet": Published(
        read=readers.imagenet,
        layout="train/WNID/*.JPEG and val/WNID/*.JPEG, or val/*.JPEG with ILSVRC2012_devkit_t12/",
        split="official; validation images as test",
        classes=1000,
        train=1_281_167,
        test=50_000,
        licence=_RESEARCH,
        page="https://image-net.org/challenges/LSVRC/2012",
    ),
    "tiny_imagenet": Published(
        read=tiny_imagenet,
        layout="train/WNID/images/*.JPEG, val/images/*.JPEG, val/val_annotations.txt, wnids.txt, words.txt",
        split="official; validation images as test",
        classes=200,
        train=100_000,
        test=10_000,
        licence=_RESEARCH + " (images of ImageNet)",
        page="http://cs231n.stanford.edu",
        archives=(Archive("https://cs231n.stanford.edu/tiny-imagenet-200.zip", "90528d7ca1a48142e341f4ef8d21d0de"),),
    ),
    "cub200": Published(
        read=readers.cub200,
        layout="CUB_200_2011/{images/, images.txt, image_class_labels.txt, train_test_split.txt, classes.txt}",
        split="official",
        classes=200,
        train=5994,
        test=5794,
        licence=_RESEARCH,
        page="https://www.vision.caltech.edu/datasets/cub_200_2011",
    ),
    "stanford_cars": Published(
        read=through("StanfordCars", [{"split": "train"}], [{"split": "test"}]),
        layout="stanford_cars/{cars_train/, cars_test/, cars_test_annos_withlabels.mat, devkit/}",
        split="official",
        classes=196,
        train=8144,
        test=8041,
        licence=_RESEARCH,
        page="https://ai.stanford.edu/~jkrause/cars/car_dataset.html",
    ),
    "stanford_dogs": Published(
        read=readers.stanford_dogs,
        layout="Images/CLASS/*.jpg, train_list.mat and test_list.mat (or in lists/)",
        split="official",
        classes=120,
        train=12_000,
        test=8580,
        licence=_RESEARCH + " (images of ImageNet)",
        page="http://vision.stanford.edu/aditya86/ImageNetDogs",
    ),
    "fgvc_aircraft": Published(
        read=through("FGVCAircraft", [{"split": "trainval"}], [{"split": "test"}]),
        layout="fgvc-aircraft-2013b/data/",
        split="official, train and val",
        classes=100,
        train=6667,
        test=3333,
        metric="mean_class_accuracy",
        licence=_RESEARCH,
        page="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft",
    ),
    "dtd": Published(
        read=through("DTD", [{"split": "train"}, {"split": "val"}], [{"split": "test"}]),
        layout="dtd/dtd/{images/, labels/}",
        split="official, first of ten, train and val",
        classes=47,
        train=3760,
        test=1880,
        licence="research",
        page="https://www.robots.ox.ac.uk/~vgg/data/dtd",
    ),
    "oxford_pets": Published(
        read=through("OxfordIIITPet", [{"split": "trainval"}], [{"split": "test"}]),
        layout="oxford-iiit-pet/{images/, annotations/}",
        split="official, trainval",
        classes=37,
        train=3680,
        test=3669,
        metric="mean_class_accuracy",
        licence="CC BY-SA 4.0",
        page=_PETS,
        archives=(
            Archive(f"{_PETS}/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c", "oxford-iiit-pet"),
            Archive(f"{_PETS}/data/annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f", "oxford-iiit-pet"),
        ),
    ),
    "caltech101": Published(
        read=through("Caltech101", [{}]),
        layout="caltech101/101_ObjectCategories/CLASS/image_NNNN.jpg",
        split="30 a class drawn by the seed, the others as test; no background",
        classes=101,
        train=3030,
        test=5647,
        train_per_class=30,
        metric="mean_class_accuracy",
        licence="CC BY 4.0",
        page="https://data.caltech.edu/records/mzrjq-6wc02",
        archives=(
            Archive(
                "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
                "3138e1922a9193bfa496528edbbc45d0",
                "caltech101",
            ),
        ),
    ),
    "sun397": Published(
        read=readers.sun397,
        layout="SUN397/LETTER/SCENE/*.jpg and Partitions/{Training_01.txt, Testing_01.txt}",
        split="official, first of ten, 50 a class",
        classes=397,
        train=19_850,
        test=19_850,
        licence="research",
        page="https://vision.princeton.edu/projects/2010/SUN",
    ),
    "cifar10": Published(
        read=cifar.cifar(10),
        layout="cifar-10-batches-py/ or cifar-10-batches-bin/, or {train,test}/CLASS/image",
        split="official",
        classes=10,
        train=50_000,
        test=10_000,
        licence="none stated; cite the report",
        page=_CIFAR,
        archives=(_CIFAR10,),
    ),
    "cifar100": Published(
        read=cifar.cifar(100),
        layout="cifar-100-python/ or cifar-100-binary/, or {train,test}/CLASS/image",
        split="official",
        classes=100,
        train=50_000,
        test=10_000,
        licence="none stated; cite the report",
        page=_CIFAR,
        archives=(_CIFAR100,),
    ),
    "eurosat": Published(
        read=through("EuroSAT", [{}]),
        layout="eurosat/2750/CLASS/*.jpg",
        split="a share drawn by the seed as test (0.2)",
        classes=10,
        train=21_600,
        test=5400,
        options=Unsplit,
        licence="MIT",
        page="https://github.com/phelber/eurosat",
        archives=(
            Archive(
                "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
                "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
                "c8fa014336c82ac7804f0398fcb19387",
                "eurosat",
            ),
        ),
    ),
    "cifar10_c": Published(
        read=cifar.corrupted(10),
        layout="CIFAR-10-C/*.npy next to cifar-10-batches-py/",
        split="training images of CIFAR-10; its test images, corrupted",
        classes=10,
        train=50_000,
        test=150_000,
        options=Corrupted,
        licence="CC BY 4.0",
        page="https://zenodo.org/records/2535967",
        archives=(
            _CIFAR10,
            Archive("https://zenodo.org/records/2535967/files/CIFAR-10-C.tar", "56bf5dcef84df0e2308c6dcbcbbd8499"),
        ),
    ),
    "cifar100_c": Published(
        read=cifar.corrupted(100),
        layout="CIFAR-100-C/*.npy next to cifar-100-python/",
        split="training images of CIFAR-100; its test images, corrupted",
        classes=100,
        train=50_000,
        test=150_000,
        options=Corrupted,
        licence="CC BY 4.0",
        page="https://zenodo.org/records/3555552",
        archives=(
            _CIFAR100,
            Archive("https://zenodo.org/records/3555552/files/CIFAR-100-C.tar", "11f0ed0f1191edbf9fa23466ae6021d3"),
        ),
    ),
    "omniglot": Published(
        read=readers.omniglot,
        layout="images_background*/ALPHABET/CHARACTER/*.png, or its zips",
        split="a share drawn by the seed as test (0.2: 4 of 20 drawings)",
        classes=964,
        train=15_424,
        test=3856,
        options=Drawings,
        licence="MIT",
        page="https://github.com/brendenlake/omniglot",
        archives=(
            Archive(f"{_OMNIGLOT}/images_background.zip", "68d2efa1b9178cc56df9314c21c6e718"),
            Archive(f"{_OMNIGLOT}/images_evaluation.zip", "6b91aef0f799c5bb55b94e3f2daec811"),
        ),
    ),
    "elpv": elpv.ELPV,
}


def table(catalogue: Mapping[str, Published] = CATALOGUE) -> pd.DataFrame:
    """The catalogue as a table, one row a data set."""
    return pd.DataFrame(
        {
            "kind": name,
            "classes": entry.classes,
            "train": entry.train,
            "test": entry.test,
            "metric": entry.metric,
            "fetch": "yes" if entry.archives else f"pip install {entry.package}" if entry.package else "by hand",
            "licence": entry.licence,
            "split": entry.split,
            "root holds": entry.layout,
            "page": entry.page,
        }
        for name, entry in catalogue.items()
    )

"""Labelled image sets: made from the config, kept on disk, read back; no torch."""

from whypretrain.data.build import KINDS, Kind, build
from whypretrain.data.catalogue import CATALOGUE
from whypretrain.data.class_means import load_class_means, load_list
from whypretrain.data.duplicates import nearest_similarity
from whypretrain.data.image_set import ImageSet, assemble, load, save
from whypretrain.data.sampling import few_shot, split_off
from whypretrain.data.scripts import SCRIPTS

__all__ = [
    "CATALOGUE",
    "KINDS",
    "SCRIPTS",
    "ImageSet",
    "Kind",
    "assemble",
    "build",
    "few_shot",
    "load",
    "load_class_means",
    "load_list",
    "nearest_similarity",
    "save",
    "split_off",
]

"""How results are shown: figures, intervals, and the plan of what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from whypretrain.config.section import Count, Positive, Section


class Plan(Section):
    """What `snakemake plan` assumes."""

    target: Literal["all", "joint"] = "all"
    """what is planned"""
    flops: Positive = 4.0e13
    """floating-point operations a second that a GPU sustains; the default is what one data-centre GPU does with TF32"""


class Figures(Section):
    """How figures are drawn."""

    moved: ClassVar[Mapping[str, str]] = {"joint": "it is roles.joint now"}

    columns: Literal["one", "two"] = "two"
    """width: one column of a two-column page, or both"""
    estimator: Literal["biased", "unbiased"] = "biased"
    """of linear CKA in the figures; the tables hold both"""
    rule: str = "uot"
    """selection rule whose classes are shown, one of select.rules"""
    top: Count = 16
    """chosen classes shown as pictures"""
    pictures: Count = 2
    """images in the strips of inversions"""


class Report(Section):
    """What the report and the figures may show."""

    pictures: bool = True
    """show images; false: figures made of images are left out, others name classes instead, and no pixel is shown"""


class Statistics(Section):
    """Intervals of claims and figures."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """level of every interval"""
    resamples: Annotated[int, Field(ge=10)] = 1000
    """of every bootstrap"""

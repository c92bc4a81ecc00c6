"""Features, and the choice of source classes for a target (arXiv:2111.12292)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from whypretrain.config.section import Count, NonNegative, Place, Positive, Registered, Section, Several, distinct

Rule = Annotated[str, Registered("whypretrain.selection.rules", "RULES", "selection rule")]
Rules = Annotated[tuple[Rule, ...], Several, AfterValidator(distinct)]


class Extraction(Section):
    """How features are extracted."""

    batch_size: Count | None = None
    """images a forward pass; null: from the network and the size of its images (`models.forward_batch`)"""


class Features(Extraction):
    """Features of all pre-trained models."""

    shards: Count = 1
    """jobs that share the images of a model's features; the result does not depend on it"""


class Clustering(Section):
    """How source images are grouped by k-means of their features."""

    number: Count
    """clusters sought"""


class Clusters(Clustering):
    """k-means clusters of source features, for methods with the consistency loss."""

    chosen: Count
    """clusters chosen"""


class Transport(Section):
    """What rules of selection depend on."""

    rules: Rules = (*("uot", "vote", "nearest", "round_robin", "mean", "balanced_ot", "partial_ot", "random"),)
    """rules that rank the source classes"""
    classes: Count = 20
    """source classes chosen"""
    centre: bool | Literal["both"] = False
    """subtract the mean of the source's class means from all class means before costs are computed (not in the paper);
    both: rank by every rule twice, on centred features as RULE_centred"""
    temperature: Positive | Literal["auto"] = 0.1
    """divides the cosine cost; auto aims at 1 to 3 times `classes` effective classes"""
    tau_source: NonNegative = 1.0
    """marginal relaxation of the source, in units of the temperature"""
    tau_target: NonNegative = 100.0
    """marginal relaxation of the target, in units of the temperature"""


class Select(Transport):
    """Ranking of the source classes for each target."""

    clusters: Clusters | None = None
    """k-means clusters of source features that are ranked as well; null: none"""


class Study(Transport):
    """The published selection study (target selection_study), from class means of others."""

    class_means: Annotated[str | None, Place()] = None
    """folder of class-mean files; null: the authors' own, which are fetched"""
    classes: Count = 100
    """source classes chosen"""
    centre: bool | Literal["both"] = "both"
    """as in select, every rule twice unless it says otherwise"""

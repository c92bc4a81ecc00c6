"""The whole config of an experiment: its sections in the order of config/default.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from whypretrain.config.grid import Grid, Image, Roles
from whypretrain.config.interactions import Interactions
from whypretrain.config.invariances import Invariances
from whypretrain.config.models import Model
from whypretrain.config.output import Figures, Plan, Report, Statistics
from whypretrain.config.recipe import Method, RecipeChanges
from whypretrain.config.section import Name, Names, Natural, Section, Several
from whypretrain.config.selection import Features, Select, Study


class Train(Section):
    """How models are trained on the targets."""

    gpus: Natural = 1
    """GPUs of one machine that a training uses, pre-training included, each for its part of every batch; 0: none"""
    jobs: Annotated[tuple[Names, ...], Several] = ()
    """methods that one job trains in turn; fewer jobs start faster, the results do not depend on it"""
    common: RecipeChanges = Field(default_factory=RecipeChanges)
    """what all methods share"""
    methods: Mapping[Name, Method]
    """training methods by name; each states what differs from `common`"""


class Experiment(Section):
    """One experiment: everything that decides its results."""

    moved: ClassVar[Mapping[str, str]] = {
        "resources": "give Snakemake's own --set-resources, or set-resources in a profile (docs/cluster.md)"
    }

    experiment: Name
    """results go to results/EXPERIMENT"""
    seed: Natural = 0
    """root of every random choice that is not a training seed"""
    grid: Grid
    """what is crossed with what"""
    roles: Roles = Roles()
    """the methods that the papers' comparisons are about"""
    image: Image
    """what every data set is brought to"""
    datasets: Mapping[Name, Any]
    """data sets by name; the kind of each decides its other keys"""
    models: Mapping[Name, Model]
    """architectures by name"""
    pretrain: RecipeChanges
    """how models are trained on the source"""
    features: Features = Features()
    """how features are extracted"""
    select: Select = Field(default_factory=Select)
    """ranking of the source classes for each target"""
    study: Study | None = None
    """the published selection study (target selection_study), shown in the report; null: not part of it"""
    train: Train
    """how models are trained on the targets"""
    interactions: Interactions = Interactions()
    """what a model knows, as interactions between image parts"""
    invariances: Invariances = Field(default_factory=Invariances)
    """inputs that a model cannot tell apart, layer by layer"""
    plan: Plan = Plan()
    """what `snakemake plan` assumes"""
    figures: Figures = Field(default_factory=Figures)
    """how figures are drawn"""
    report: Report = Report()
    """what the report and the figures may show"""
    statistics: Statistics = Statistics()
    """intervals of claims and figures"""

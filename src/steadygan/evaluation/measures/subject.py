"""What a metric of an evaluation is: its name, its inputs, the data it applies to, and the numbers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from steadygan.evaluation.extracting import default_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.record import Number

if TYPE_CHECKING:
    from steadygan.data import Dataset

Inputs = Literal["features", "classifier", "samples"]


@dataclass(frozen=True)
class Subject:
    """What decides which metrics apply; known before samples are drawn and extractors trained."""

    dataset: Dataset
    count: int
    """generated samples"""
    inception: bool = False
    """True if the features come with Inception's classes"""
    multi_scale: bool = False
    """True if the generator makes images of several sizes"""


@dataclass(frozen=True)
class Measure:
    """One metric, or a few that are computed together."""

    name: str
    what: str
    inputs: Inputs
    applies: Callable[[Subject], bool]
    compute: Callable[[Material], Iterable[Number]]
    least: int = 2
    """generated samples it needs"""
    held_out: int = 0
    """held-out samples it needs"""


def of_images(subject: Subject) -> bool:
    return subject.dataset.sample.is_image


def of_labelled_images(subject: Subject) -> bool:
    return of_images(subject) and default_features(subject.dataset) == "classifier"


def of_scored_images(subject: Subject) -> bool:
    return of_labelled_images(subject) or subject.inception


def of_one_class(subject: Subject) -> bool:
    return of_labelled_images(subject) and not of_stacked_digits(subject)


def of_points(subject: Subject) -> bool:
    return subject.dataset.sample.is_points


def of_text(subject: Subject) -> bool:
    return subject.dataset.sample.is_text


def of_several_sizes(subject: Subject) -> bool:
    return subject.multi_scale


def of_stacked_digits(subject: Subject) -> bool:
    return subject.dataset.name == "stacked-digits" and subject.dataset.train.endless


def of_modes(subject: Subject) -> bool:
    return of_points(subject) and subject.dataset.name in mixtures()


def mixtures() -> Mapping[str, Any]:
    from steadygan.data.sources.points import MODES

    return MODES

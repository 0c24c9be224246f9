"""evaluation.json: numbers with their provenance."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from steadygan.errors import RunError
from steadygan.run.fields import Fields, dataclass_of
from steadygan.run.layout import EVALUATION
from steadygan.system.file_lock import locked_folder
from steadygan.system.files import read_json, write_json

FORMAT = 1

Better = Literal["lower", "higher", "one", "half"]
"""which way is better; 'one' and 'half': near 1 and near 0.5 are best"""


Settings = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Number:
    """One metric's value."""

    metric: str
    value: float
    error: float | None = None
    """one standard error of sampling: how far other samples of the same generator would move it"""
    floor: float | None = None
    """the same metric of held-out real samples in place of generated ones"""
    floor_count: int | None = None
    """number of these: with fewer, many distances are larger by that alone"""
    better: Better = "lower"
    settings: Settings = field(default_factory=dict)
    """of the metric: neighbours, subsets, …"""
    caution: str = ""
    """why the value or its error is less certain than it looks"""


@dataclass(frozen=True)
class Provenance:
    """All that decides numbers. What ``difference`` compares stands first."""

    data: str
    """the data set's name"""
    data_hash: str
    split: str
    """of the real samples: 'train' or 'held out'"""
    real: int
    """real samples"""
    count: int
    """generated samples"""
    features: str
    """the extractor's name; '' for metrics of the samples themselves"""
    features_hash: str
    resize: str
    """filter that brings images to the extractor's size"""
    weights: str
    """'average' (batch-norm statistics re-estimated), 'average-plain' (statistics of training) or 'raw'; 'given'
    for samples of no run, whose recipe is their name and whose recipe_hash that of their content"""
    samples: str
    """'uint8' images, 'float32' points, or 'uint8' or 'int16' ids of characters"""
    precision: str
    """of generation and features"""
    recipe: str
    recipe_hash: str
    """of all that decides the training but the seed; equal for runs that differ in their seed only"""
    training_seed: int
    round: int
    """of the checkpoint"""
    sampling_seed: int
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """of the features: source of the weights, held-out accuracy, …"""


COMPARED = (
    "data_hash",
    "split",
    "real",
    "count",
    "features",
    "features_hash",
    "resize",
    "weights",
    "samples",
    "precision",
)
"""Fields of a provenance that are equal for comparable numbers."""


@dataclass(frozen=True)
class Evaluation:
    """Numbers of one provenance."""

    provenance: Provenance
    numbers: tuple[Number, ...]

    def __getitem__(self, metric: str) -> Number:
        for number in self.numbers:
            if number.metric == metric:
                return number
        raise KeyError(metric)


def difference(a: Provenance, b: Provenance) -> str:
    """The first difference that makes two provenances not comparable, in words; '' if they are."""
    for name in COMPARED:
        mine, theirs = getattr(a, name), getattr(b, name)
        if mine != theirs:
            what = name.replace("_", " ")
            if name.endswith("_hash"):
                mine, theirs = (f"{getattr(p, name.removesuffix('_hash'))} {getattr(p, name)[:8]}" for p in (a, b))
            return f"{what}: {mine} and {theirs}"
    return ""


def to_json(evaluations: Iterable[Evaluation]) -> dict[str, Any]:
    """The content of evaluation.json."""
    return {"format": FORMAT, "evaluations": [dataclasses.asdict(evaluation) for evaluation in evaluations]}


def read(folder: Path) -> tuple[Evaluation, ...]:
    """The evaluations of a run; empty if it has no file yet.

    Raises:
        RunError: for a file that is damaged or of another format.
    """
    path = folder / EVALUATION
    if not path.exists():
        return ()
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        got = content.get("format") if isinstance(content, dict) else "none"
        raise RunError(f"{path} has format {got}; this version of steadygan reads format {FORMAT}")
    return tuple(_evaluation(entry) for entry in Fields(content, path).inners("evaluations"))


def _evaluation(fields: Fields) -> Evaluation:
    return Evaluation(
        dataclass_of(Provenance, fields.inner("provenance")),
        tuple(dataclass_of(Number, number) for number in fields.inners("numbers")),
    )


class NotKeptError(RunError):
    """Numbers were measured, which may have taken long, but their file cannot be written."""

    def __init__(self, text: str, evaluations: Sequence[Evaluation]) -> None:
        super().__init__(text)
        self.evaluations = tuple(evaluations)


@contextmanager
def keeping(new: Sequence[Evaluation]) -> Iterator[None]:
    """Gives the numbers to the error of a file that cannot be written in the block."""
    try:
        yield
    except RunError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise NotKeptError(str(error), new) from error.__cause__


def add(folder: Path, new: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
    """Add evaluations to a run's file; one of the same provenance is updated, others stay.

    Raises:
        RunError: where the file is damaged or cannot be written.
    """
    with locked_folder(folder):  # two evaluations that end at once are both kept
        evaluations = list(read(folder))
        for evaluation in new:
            same = next((e for e in evaluations if e.provenance == evaluation.provenance), None)
            if same is None:
                evaluations.append(evaluation)
            else:
                names = {number.metric for number in evaluation.numbers}
                kept = tuple(number for number in same.numbers if number.metric not in names)
                evaluations[evaluations.index(same)] = Evaluation(evaluation.provenance, kept + evaluation.numbers)
        write_json(folder / EVALUATION, to_json(evaluations))
        return tuple(evaluations)

"""Evaluation of a run: metrics of its samples, recorded in evaluation.json with their provenance."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import platform
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from steadygan import recipe as recipes
from steadygan.data import open_data
from steadygan.data.dataset import Labels, Samples
from steadygan.errors import RunError, UsageError, unknown_name
from steadygan.evaluation import record
from steadygan.evaluation.extracting import default_features, make_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.neighbours import write_neighbours
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Evaluation, Number, Provenance
from steadygan.representations import Pyramid
from steadygan.run import Run, Weights, find_run
from steadygan.run.layout import NEAREST
from steadygan.system import progress

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features
    from steadygan.kinds import Kind

Say = Callable[[str], None]

MOST, LEAST = 10_000, 2_000
"""bounds of the default number of generated samples"""
PACKAGES = ("steadygan", "numpy", "scipy", "scikit-learn", "pillow")


def evaluate(
    run: str | Path | Run | None = None,
    *,
    metrics: Sequence[str] | None = None,
    features: str | Features = "auto",
    count: int | None = None,
    seed: int = 0,
    weights: Weights = "average",
    round_: int | None = None,
    inception_weights: str | Path | None = None,
    say: Say | None = None,
    kinds: Iterable[Kind] = (),
) -> tuple[Evaluation, ...]:
    """Metrics of a run's samples as a user gets them; also added to its evaluation.json.

    Numbers of one provenance make one evaluation: those in features and those of the samples themselves are two.

    Args:
        run: a run, its folder or name; None: the newest
        metrics: names of measures.MEASURES; None: all that apply to the data
        features: a name (see extracting.make_features), or a feature extractor of your own
        count: generated samples; None: as many as there are training samples, 2,000 to 10,000
        seed: of the latents
        weights: 'average', 'average-plain' or 'raw'
        round_: of the checkpoint; None: the last
        inception_weights: a file with Inception's weights
        say: called with a line of progress; None: ``steadygan.system.progress`` is told
        kinds: classes and functions of your own that the run's recipe uses

    Raises:
        UsageError: one line, for metrics or features that do not suit the data, too few samples, an unknown name.
        RunError: one line, for a run without a checkpoint, with changed data, or samples that are not finite.
    """
    evaluated = run if isinstance(run, Run) else Run(find_run(run), kinds=kinds)
    tell = say or progress.tell
    at = int(evaluated.checkpoint(round_).name)
    dataset = open_data(evaluated.recipe.data)
    _check_data(evaluated, dataset)
    cache = evaluated.recipe.data.cache
    total = count if count is not None else default_count(dataset)
    if total < 2:
        raise UsageError(f"the number of samples is {total}; it has to be 2 or more")
    if weights not in get_args(Weights):
        raise unknown_name("weights", weights, get_args(Weights))
    inception = (features if isinstance(features, str) else features.name) == "inception"
    multi_scale = _is_multi_scale(evaluated, dataset)
    # before a classifier is trained and samples are drawn, which may take long
    measures = select(metrics, Subject(dataset, total, inception, multi_scale))
    extractor, classifier = _extractors(dataset, features, inception_weights, cache, tell)
    real = RealSide(dataset, extractor, classifier, cache)
    unfinished = "" if at >= evaluated.recipe.rounds else f" of {evaluated.recipe.rounds:,}"
    tell(f"{total:,} samples of round {at:,}{unfinished}")

    def scales(most: int) -> Sequence[Samples]:
        return evaluated.scales(min(most, total), seed, weights=weights, round_=round_)

    samples = draw(evaluated, total, seed, weights, round_)
    material = Material(real, samples, _conditions(evaluated, total, seed), scales if multi_scale else None, seed)
    numbers: dict[str, list[Number]] = {"features": [], "classifier": [], "samples": []}
    for measure in measures:
        tell(measure.name)
        inputs = "features" if measure.name == "inception_score" and real.inception else measure.inputs
        numbers[inputs].extend(measure.compute(material))
    if numbers["classifier"] and extractor is not None and extractor.identity == real.classifier.identity:
        numbers["features"] += numbers.pop("classifier")
    extractors = {"features": extractor, "samples": None}
    if numbers.get("classifier"):
        extractors["classifier"] = real.classifier
    provenance = partial(_provenance, evaluated, material, weights, at)
    new = [Evaluation(provenance(extractors[inputs]), tuple(group)) for inputs, group in numbers.items() if group]
    record.add(evaluated.folder, new)
    if dataset.sample.is_image:
        write_neighbours(material, evaluated.folder / NEAREST)
    return tuple(new)


def _is_multi_scale(run: Run, dataset: Dataset) -> bool:
    """True if the run's generator makes images of several sizes."""
    pyramid = run.recipe.representation
    return isinstance(pyramid, Pyramid) and dataset.sample.shape[-1] > pyramid.least


def default_count(dataset: Dataset) -> int:
    """Generated samples by default: as many as training samples, 2,000 to 10,000."""
    audit = dataset.audit
    train = audit.train if audit is not None else None
    return MOST if train is None else min(MOST, max(LEAST, train))


MOST_IN_MEMORY = 2**31
"""bytes of samples; more are kept in a temporary file"""


def draw(run: Run, count: int, seed: int, weights: Weights = "average", round_: int | None = None) -> Samples:
    """``count`` samples of a run [count, ...], as its users get them; a memory map where they are many.

    Raises:
        RunError: for points that are not finite.
    """
    samples: Samples | None = None
    done = 0
    for block in run.stream(count, seed, weights=weights, round_=round_):
        if samples is None:
            samples = _empty((count, *block.shape[1:]), block.dtype)
        samples[done : done + len(block)] = block
        done += len(block)
    assert samples is not None
    if samples.dtype != np.uint8 and not np.isfinite(samples).all():
        raise RunError(f"{run.folder} makes samples that are not finite: there is nothing to measure")
    return samples


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Samples:
    if math.prod(shape) * dtype.itemsize <= MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    return np.memmap(tempfile.TemporaryFile(prefix="steadygan-"), dtype, "w+", shape=shape)


def _conditions(run: Run, count: int, seed: int) -> Labels | None:
    """The classes [count] that a conditional generator was given; None for an unconditional one."""
    if not run.conditional:
        return None
    labels = run.labels(count, seed)
    return None if labels is None else labels.numpy()


def _extractors(
    dataset: Dataset, features: str | Features, weights: str | Path | None, cache: str | None, tell: Say
) -> tuple[Features | None, Callable[[], Features] | None]:
    """The requested feature extractor, and a maker of a classifier where the data has labels enough."""
    if not dataset.sample.is_image:
        if features not in ("auto", "none"):
            what = "is text" if dataset.sample.is_text else "are points"
            raise UsageError(f"'{dataset.name}' {what}: --features is for pictures")
        return None, None

    def classifier() -> Features:
        return make_features("classifier", dataset, cache=cache, progress=_progress(tell))

    extractor = (
        make_features(features, dataset, weights=weights, cache=cache, progress=_progress(tell))
        if isinstance(features, str)
        else features
    )
    return extractor, classifier if default_features(dataset) == "classifier" else None


def _progress(tell: Say) -> Callable[[int, int], None]:
    """Tells of the classifier's training at each tenth of it, or at each step to who listens to progress."""
    what, tenths = "training a classifier of the data, once", -1

    def told(done: int, total: int) -> None:
        nonlocal tenths
        if tell is progress.tell:
            progress.tell(what, done, total)
        elif total and 10 * done // total > tenths:
            tenths = 10 * done // total
            tell(f"{what}: {10 * tenths}%")

    return told


def _check_data(run: Run, dataset: Dataset) -> None:
    trained_on = run.data.fingerprint
    if trained_on != dataset.fingerprint:
        raise RunError(
            f"{dataset.name} has changed since {run.folder} was trained (content {dataset.fingerprint[:12]}, then "
            f"{trained_on[:12]}): its samples can only be measured against what it was trained on"
        )


def recipe_hash(run: Run) -> str:
    """Hash of all that decides a training but its seed; logging, evaluation, threads and the engine are left out."""
    recipe = dataclasses.replace(run.recipe, seed=0, run=recipes.RunOptions(precision=run.recipe.run.precision))
    return hashlib.sha256(recipes.dumps(recipe).encode()).hexdigest()


def _provenance(run: Run, material: Material, weights: Weights, round_: int, features: Features | None) -> Provenance:
    dataset = material.real.dataset
    facts: dict[str, Any] = dict(features.facts) if features is not None else {}
    return Provenance(
        data=dataset.name,
        data_hash=dataset.fingerprint,
        split="train" if features is not None else "train and held out",
        real=len(material.real.train[0]),
        count=len(material.samples),
        features="" if features is None else features.name,
        features_hash="" if features is None else features.identity,
        resize=str(facts.pop("resize", "none")),
        weights=weights,
        samples=str(material.samples.dtype),
        precision=f"fp32, {platform.machine()}",
        recipe=run.recipe.name,
        recipe_hash=recipe_hash(run),
        training_seed=run.recipe.seed,
        round=round_,
        sampling_seed=material.seed,
        versions={**_versions(), "trained with torch": run.environment.versions.get("torch", "unknown")},
        facts=facts,
    )


def _versions() -> dict[str, str]:
    import torch

    versions = {"python": platform.python_version(), "torch": torch.__version__}  # with the build, such as +cpu
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions

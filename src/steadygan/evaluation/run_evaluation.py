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
from steadygan.data.dataset import Labels, Samples
from steadygan.errors import RunError, UsageError, unknown_name
from steadygan.evaluation import record
from steadygan.evaluation.as_pixels import MEASURES, as_pixels, dataset_as_pixels, is_judged_as_pixels
from steadygan.evaluation.extracting import default_features, ignorance_of, make_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Measure, Subject, select
from steadygan.evaluation.neighbours import write_neighbours
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Evaluation, Number, Provenance
from steadygan.representations import Pyramid
from steadygan.run import Run, Weights, find_run
from steadygan.run.layout import NEAREST
from steadygan.run.reopen import record_place, reopen

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
    data: Any = None,
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
        inception_weights: a file with Inception's weights; for the features 'inception' alone
        data: where the run's data is now, if it has moved, or the data itself, if it was in memory; its fingerprint
            decides that it is the same
        say: called with a line of progress
        kinds: classes and functions of your own that the run's recipe uses

    Raises:
        UsageError: one line, for metrics or features that do not suit the data, too few samples, an unknown name.
        RunError: one line, for a run without a checkpoint, with changed data, or samples that are not finite.
    """
    evaluated = run if isinstance(run, Run) else Run(find_run(run), kinds=kinds)
    tell = say or (lambda line: None)
    at = int(evaluated.checkpoint(round_).name)
    if weights in get_args(Weights):
        evaluated.load_generator(weights, round_)  # what is missing is said before anything that takes long
    inception = (features if isinstance(features, str) else features.name) == "inception"
    if inception_weights is not None and not inception:
        raise UsageError("--inception-weights is for --features inception, and nothing else uses it")
    recipe, dataset = reopen(evaluated.folder, evaluated.recipe, data)
    if not record_place(evaluated.folder, evaluated.recipe, recipe):
        tell(f"{evaluated.folder} is being trained: where its data is now was not written into it")
    pixels = is_judged_as_pixels(dataset.sample)
    if pixels:
        dataset, features, metrics = _as_pixels(dataset, features, metrics)
    cache = evaluated.recipe.data.cache
    total = count if count is not None else default_count(dataset)
    if total < 2:
        raise UsageError(f"the number of samples is {total}; it has to be 2 or more")
    if weights not in get_args(Weights):
        raise unknown_name("weights", weights, get_args(Weights))
    multi_scale = _is_multi_scale(evaluated, dataset)
    # before a classifier is trained and samples are drawn, which may take long
    measures = select(metrics, Subject(dataset, total, inception, multi_scale))
    if dataset.sample.is_image:
        _check_used(features, [measure.inputs for measure in measures], inception)
    extractor, classifier = _extractors(dataset, features, inception_weights, cache, tell)
    real = RealSide(dataset, extractor, classifier, cache)
    measures = _measurable(measures, metrics, real, tell)
    unfinished = "" if at >= evaluated.recipe.rounds else f" of {evaluated.recipe.rounds:,}"
    tell(f"{total:,} samples of round {at:,}{unfinished}")

    def scales(most: int) -> Sequence[Samples]:
        return evaluated.scales(min(most, total), seed, weights=weights, round_=round_)

    samples = draw(evaluated, total, seed, weights, round_)
    samples = as_pixels(samples) if pixels else samples
    material = Material(real, samples, _conditions(evaluated, total, seed), scales if multi_scale else None, seed)
    numbers: dict[str, list[Number]] = {"features": [], "classifier": [], "samples": []}
    for measure in measures:
        tell(measure.name)
        inputs = measure.inputs if measure.inputs != "classifier" or _of_classifier(measure, real) else "features"
        numbers[inputs].extend(measure.compute(material))
    if numbers["classifier"] and extractor is not None and extractor.identity == real.classifier.identity:
        numbers["features"] += numbers.pop("classifier")
    extractors = {"features": extractor, "samples": None}
    if numbers.get("classifier"):
        extractors["classifier"] = real.classifier
    provenance = partial(_provenance, evaluated, material, weights, at)
    new = [Evaluation(provenance(extractors[inputs]), tuple(group)) for inputs, group in numbers.items() if group]
    record.add(evaluated.folder, new)
    if dataset.sample.is_image and not pixels:
        write_neighbours(material, evaluated.folder / NEAREST)
    return tuple(new)


def _as_pixels(
    dataset: Dataset, features: str | Features, metrics: Sequence[str] | None
) -> tuple[Dataset, str, Sequence[str]]:
    """Data set, features and metrics for signals, volumes and images of many bands."""
    if features not in ("auto", "pixels"):
        name = features if isinstance(features, str) else features.name
        raise UsageError(f"features '{name}' are for pictures; for {dataset.sample.plural}: auto or pixels")
    for name in metrics or ():
        if name not in MEASURES:
            raise UsageError(f"metric '{name}' does not suit {dataset.sample.plural}; suited: {', '.join(MEASURES)}")
    return dataset_as_pixels(dataset), "pixels", metrics or MEASURES


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
    for block in run.stream(count, seed, weights=weights, round_=round_, scaled=True):
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
        make_features(features, dataset, weights=weights, cache=cache, progress=_progress(tell), say=tell)
        if isinstance(features, str)
        else features
    )
    return extractor, classifier if default_features(dataset) == "classifier" else None


def _measurable(measures: list[Measure], metrics: Sequence[str] | None, real: RealSide, tell: Say) -> list[Measure]:
    """The measures without those of a classifier that knows no more than chance, unless they were asked for."""
    theirs = [measure for measure in measures if _of_classifier(measure, real)]
    if not theirs or real.make_classifier is None:
        return measures
    ignorance = ignorance_of(real.classifier, real.dataset)
    if not ignorance:
        return measures
    names = ", ".join(measure.name for measure in theirs)
    tell(f"{ignorance}: {names} {'mean little' if metrics is not None else 'left out'}")
    return measures if metrics is not None else [measure for measure in measures if measure not in theirs]


def _of_classifier(measure: Measure, real: RealSide) -> bool:
    return measure.inputs == "classifier" and not (measure.name == "inception_score" and real.inception)


def _progress(tell: Say) -> Callable[[int, int], None]:
    """Tells of the classifier's training at each tenth of it."""
    tenths = -1

    def progress(done: int, total: int) -> None:
        nonlocal tenths
        if total and 10 * done // total > tenths:
            tenths = 10 * done // total
            tell(f"training a classifier of the data, once: {10 * tenths}%")

    return progress


def _check_used(features: str | Features, inputs: Sequence[str], inception: bool) -> None:
    """Raises UsageError for features that are named and that no metric looks at."""
    if features == "auto" or "features" in inputs or (inception and "classifier" in inputs):
        return
    name = features if isinstance(features, str) else features.name
    raise UsageError(f"--features {name} is not used: the metrics that were asked for do not look at features")


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

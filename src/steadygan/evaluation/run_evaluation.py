"""evaluate: a run's samples, measured, and written down with all that decides the numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import platform
import tempfile
from collections.abc import Callable, Sequence
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
from steadygan.evaluation.measures import choose
from steadygan.evaluation.neighbours import write_neighbours
from steadygan.evaluation.record import Evaluation, Number, Provenance
from steadygan.run import Run, Weights, find_run
from steadygan.run.layout import NEAREST

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features

Say = Callable[[str], None]

MOST, LEAST = 10_000, 2_000
"""generated samples by default: as many as there are real ones, within these"""
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
) -> tuple[Evaluation, ...]:
    """Measures samples of a run as a user gets them, adds the numbers to its evaluation.json, and gives them.

    Numbers in features and numbers without are two evaluations, as their origins differ.

    Args:
        run: a run, its folder or name; None: the newest
        metrics: names of measures.MEASURES; None: all that suit the data
        features: a name (see extracting.make_features), or an extractor of your own
        count: generated samples; None: as many as there are training samples, 2,000 to 10,000
        seed: of the latents
        weights: 'average', 'average-plain' or 'raw'
        round_: of the checkpoint; None: the last
        inception_weights: a file with Inception's weights
        say: told what is going on

    Raises:
        UsageError: one line, for metrics or features that do not suit the data, too few samples, an unknown name.
        RunError: one line, for a run without a checkpoint, with changed data, or samples that are not finite.
    """
    found = run if isinstance(run, Run) else Run(find_run(run))
    tell = say or (lambda line: None)
    at = int(found.checkpoint(round_).name)
    dataset = open_data(found.recipe.data)
    _check_data(found, dataset)
    cache = found.recipe.data.cache
    many = count if count is not None else default_count(dataset)
    if many < 2:
        raise UsageError(f"the number of samples is {many}; it has to be 2 or more")
    if weights not in get_args(Weights):
        raise unknown_name("weights", weights, get_args(Weights))
    inception = (features if isinstance(features, str) else features.name) == "inception"
    scales = partial(found.scales, seed=seed, weights=weights, round_=round_)
    material = Material(
        dataset,
        np.empty((many, 0)),
        inception=inception,
        make_scales=(lambda most: scales(min(most, many))) if len(scales(1)) > 1 else None,
        seed=seed,
        cache=cache,
    )
    chosen = choose(metrics, material)  # before a classifier is trained and samples are drawn, which may take long
    extractor, classifier = _extractors(dataset, features, inception_weights, cache, tell)
    unfinished = "" if at >= found.recipe.rounds else f" of {found.recipe.rounds:,}"
    tell(f"{many:,} samples of round {at:,}{unfinished}")
    material = dataclasses.replace(
        material,
        samples=draw(found, many, seed, weights, round_),
        asked=_asked(found, many, seed),
        features=extractor,
        make_classifier=classifier,
    )
    found_by: dict[str, list[Number]] = {"features": [], "classifier": [], "samples": []}
    for measure in chosen:
        tell(measure.name)
        sees = "features" if measure.name == "inception_score" and material.inception else measure.sees
        found_by[sees].extend(measure.compute(material))
    origin = partial(_provenance, found, dataset, material, weights, at)
    if found_by["classifier"] and extractor is not None and extractor.identity == material.classifier.identity:
        found_by["features"] += found_by.pop("classifier")
    by = {"features": extractor, "samples": None}
    if found_by.get("classifier"):
        by["classifier"] = material.classifier
    new = [Evaluation(origin(by[sees]), tuple(numbers)) for sees, numbers in found_by.items() if numbers]
    record.add(found.folder, new)
    if material.is_image:
        write_neighbours(material, found.folder / NEAREST)
    return tuple(new)


def default_count(dataset: Dataset) -> int:
    """Generated samples, where nobody says how many."""
    audit = dataset.audit
    train = audit.train if audit is not None else None
    return MOST if train is None else min(MOST, max(LEAST, train))


MOST_IN_MEMORY = 2**31
"""bytes of samples; more of them are kept in a file that vanishes"""


def draw(run: Run, count: int, seed: int, weights: Weights = "average", round_: int | None = None) -> Samples:
    """``count`` samples of a run [count, ...], as its users get them; a memory map where they are many.

    Raises:
        RunError: for points that are not finite.
    """
    samples: Samples | None = None
    done = 0
    for block in run.stream(count, seed, weights=weights, round_=round_):
        if samples is None:
            samples = _room((count, *block.shape[1:]), block.dtype)
        samples[done : done + len(block)] = block
        done += len(block)
    assert samples is not None
    if samples.dtype != np.uint8 and not np.isfinite(samples).all():
        raise RunError(f"{run.folder} makes samples that are not finite: there is nothing to measure")
    return samples


def _room(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Samples:
    if math.prod(shape) * dtype.itemsize <= MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    return np.memmap(tempfile.TemporaryFile(prefix="steadygan-"), dtype, "w+", shape=shape)


def _asked(run: Run, count: int, seed: int) -> Labels | None:
    """The classes that samples were asked for, where the generator listens."""
    if not run.conditional:
        return None
    labels = run.labels(count, seed)
    return None if labels is None else labels.numpy()


def _extractors(
    dataset: Dataset, features: str | Features, weights: str | Path | None, cache: str | None, tell: Say
) -> tuple[Features | None, Callable[[], Features] | None]:
    """The features that were asked for, and the way to a classifier of the data's classes where it has some."""
    if not dataset.sample.is_image:
        if features not in ("auto", "none"):
            what = "is text" if dataset.sample.is_text else "are points"
            raise UsageError(f"'{dataset.name}' {what}: --features is for pictures")
        return None, None

    def classifier() -> Features:
        return make_features("classifier", dataset, cache=cache, progress=_told(tell, "classifier"))

    extractor = (
        make_features(features, dataset, weights=weights, cache=cache, progress=_told(tell, "classifier"))
        if isinstance(features, str)
        else features
    )
    return extractor, classifier if default_features(dataset) == "classifier" else None


def _told(tell: Say, what: str) -> Callable[[int, int], None]:
    tenths = -1

    def progress(done: int, all_: int) -> None:
        nonlocal tenths
        if all_ and 10 * done // all_ > tenths:
            tenths = 10 * done // all_
            tell(f"training a {what} of the data, once: {10 * tenths}%")

    return progress


def _check_data(run: Run, dataset: Dataset) -> None:
    began = run.data.fingerprint
    if began != dataset.fingerprint:
        raise RunError(
            f"{dataset.name} has changed since {run.folder} was trained (content {dataset.fingerprint[:12]}, then "
            f"{began[:12]}): its samples can only be measured against what it was trained on"
        )


def recipe_hash(run: Run) -> str:
    """Hash of all that decides a training but its seed: how it is watched, on which threads, is left out."""
    recipe = dataclasses.replace(run.recipe, seed=0, run=recipes.RunOptions(precision=run.recipe.run.precision))
    return hashlib.sha256(recipes.dumps(recipe).encode()).hexdigest()


def _provenance(
    run: Run, dataset: Dataset, material: Material, weights: Weights, round_: int, features: Features | None
) -> Provenance:
    facts: dict[str, Any] = dict(features.facts) if features is not None else {}
    return Provenance(
        data=dataset.name,
        data_hash=dataset.fingerprint,
        split="train" if features is not None else "train and held out",
        real=len(material.train[0]),
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

    found = {"python": platform.python_version(), "torch": torch.__version__}  # with the build, such as +cpu
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found

"""Evaluation of a run: metrics of its samples, recorded in evaluation.json with their provenance."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from steadygan import recipe as recipes
from steadygan.data.alpha import over_white
from steadygan.data.classes import class_shares
from steadygan.data.dataset import Labels, Samples
from steadygan.errors import RunError, UsageError, unknown_name
from steadygan.evaluation import record
from steadygan.evaluation.as_pixels import MEASURES, as_pixels, dataset_as_pixels, is_judged_as_pixels
from steadygan.evaluation.given_samples import evaluate_samples
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.measuring import Say, check_used, extractors_for, measurable, numbers_of, provenance_of
from steadygan.evaluation.neighbours import write_neighbours
from steadygan.evaluation.outlook import outlook_of
from steadygan.evaluation.over_white import FACT, dataset_over_white, is_judged_over_white
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Evaluation, Provenance
from steadygan.features.by_path import features_given
from steadygan.representations import Pyramid
from steadygan.rng import Stream, draw_labels, stream_generator
from steadygan.run import Run, Weights, find_run
from steadygan.run.layout import NEAREST
from steadygan.run.reopen import record_place, reopen
from steadygan.system import progress
from steadygan.system.malloc import kept_memory
from steadygan.system.threads import on_free_cores
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features
    from steadygan.kinds import Kind

MOST, LEAST = 10_000, 2_000
"""bounds of the default number of generated samples"""


@torch_defaults()
@kept_memory()
@on_free_cores()
def evaluate(
    run: Any = None,
    *,
    metrics: Sequence[str] | None = None,
    features: str | Features = "auto",
    count: int | None = None,
    seed: int = 0,
    weights: Weights = "average",
    round_: int | None = None,
    inception_weights: str | Path | None = None,
    data: Any = None,
    against: Any = None,
    say: Say | None = None,
    kinds: Iterable[Kind] = (),
) -> tuple[Evaluation, ...]:
    """Metrics of a run's samples as a user gets them; also added to its evaluation.json.

    Numbers of one provenance make one evaluation: those in features and those of the samples themselves are two.

    Args:
        run: a run, its folder or name; None: the newest
        metrics: names of measures.MEASURES; None: all that apply to the data
        features: a name (see extracting.make_features), a torch module, or a feature extractor of your own
        count: generated samples; None: as many as there are training samples, 2,000 to 10,000
        seed: of the latents
        weights: 'average', 'average-plain' or 'raw'
        round_: of the checkpoint; None: the last
        inception_weights: a file with Inception's weights; for the features 'inception' alone
        data: where the run's data is now, if it has moved, or the data itself, if it was in memory; its fingerprint
            decides that it is the same
        against: real data, for samples that are there already: ``run`` is then a folder of pictures, a file, or samples
            in memory (see ``evaluate_samples``)
        say: called with notes and warnings, a line each; ``steadygan.system.progress`` is told of progress
        kinds: classes and functions of your own that the run's recipe uses

    Raises:
        UsageError: one line, for metrics or features that do not suit the data, too few samples, an unknown name.
        RunError: one line, for a run without a checkpoint, with changed data, or samples that are not finite.
    """
    metrics = [metrics] if isinstance(metrics, str) else metrics
    features = features_given(features)
    if against is not None:
        return evaluate_samples(
            run,
            against,
            metrics=metrics,
            features=features,
            count=count,
            seed=seed,
            weights_file=inception_weights,
            say=say,
        )
    evaluated = run if isinstance(run, Run) else Run(find_run(run), kinds=kinds)
    tell = say or (lambda line: None)
    at = int(evaluated.checkpoint(round_).name)
    if weights in get_args(Weights):
        evaluated.generator_of(weights, at)  # what is missing is said before anything that takes long; of a run in
        # training it is kept, while later rounds are saved and this one is deleted
    inception = (features if isinstance(features, str) else features.name) == "inception"
    if inception_weights is not None and not inception:
        raise UsageError("--inception-weights is for --features inception, and nothing else uses it")
    recipe, dataset = reopen(evaluated.folder, evaluated.recipe, data)
    if not record_place(evaluated.folder, evaluated.recipe, recipe):
        tell(f"{evaluated.folder} is being trained: where its data is now was not written into it")
    pixels = is_judged_as_pixels(dataset.sample)
    if pixels:
        dataset, features, metrics = _as_pixels(dataset, features, metrics)
    transparent = is_judged_over_white(dataset.sample)
    if transparent:
        dataset = dataset_over_white(dataset)
    cache = evaluated.recipe.data.cache
    total = count if count is not None else default_count(dataset)
    if total < 2:
        raise UsageError(f"the number of samples is {total}; it has to be 2 or more")
    if weights not in get_args(Weights):
        raise unknown_name("weights", weights, get_args(Weights))
    multi_scale = _is_multi_scale(evaluated, dataset)
    # before a classifier is trained and samples are drawn, which may take long
    measures = select(metrics, Subject(dataset, total, inception, multi_scale), tell)
    if dataset.sample.is_image:
        check_used(features, [measure.inputs for measure in measures], inception)
    extractor, classifier = extractors_for(dataset, features, inception_weights, cache, tell)
    real = RealSide(dataset, extractor, classifier, cache)
    measures = measurable(measures, metrics, real, tell)
    unfinished = "" if at >= evaluated.recipe.rounds else f" of {evaluated.recipe.rounds:,}"
    progress.tell(f"{total:,} samples of round {at:,}{unfinished}")

    label = _as_the_data(evaluated, dataset, total, seed)

    def scales(most: int) -> Sequence[Samples]:
        made = evaluated.scales(min(most, total), seed, weights=weights, round_=at, label=label)
        return [over_white(each) for each in made] if transparent else made

    def seen(samples: Samples) -> Samples:
        return as_pixels(samples) if pixels else over_white(samples) if transparent else samples

    def look_ahead(block: Samples, seconds: float) -> None:
        outlook = outlook_of(real, measures, seen(block), total, seconds / len(block))
        line = outlook.line(MOST if total > MOST else LEAST)
        if line:
            tell(line)

    samples = seen(draw(evaluated, total, seed, weights, at, look_ahead, label))
    conditions, facts = _conditions(evaluated, total, seed, label), FACT if transparent else {}
    material = Material(real, samples, conditions, scales if multi_scale else None, seed, facts)
    groups = numbers_of(measures, material, extractor)
    provenance = partial(_provenance, evaluated, material, weights, at)
    new = [Evaluation(provenance(features_of), numbers) for features_of, numbers in groups]
    with record.keeping(new):
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
    return isinstance(pyramid, Pyramid) and dataset.sample.side > pyramid.least


def default_count(dataset: Dataset) -> int:
    """Generated samples by default: as many as training samples, 2,000 to 10,000."""
    audit = dataset.audit
    train = audit.train if audit is not None else None
    return MOST if train is None else min(MOST, max(LEAST, train))


MOST_IN_MEMORY = 2**31
"""bytes of samples; more are kept in a temporary file"""


def draw(
    run: Run,
    count: int,
    seed: int,
    weights: Weights = "average",
    round_: int | None = None,
    look_ahead: Callable[[Samples, float], None] | None = None,
    label: list[int] | None = None,
) -> Samples:
    """``count`` samples of a run [count, ...], as its users get them; a memory map where they are many.

    Args:
        run: makes them
        count: of samples
        seed: of the latents
        weights: of the generator
        round_: of the checkpoint; None: the last
        look_ahead: called once, with the second block of samples, the first having loaded the generator, and the
            seconds that it took
        label: classes of the samples in turn; None: drawn uniformly

    Raises:
        RunError: for points that are not finite.
    """
    samples: Samples | None = None
    done, began = 0, time.perf_counter()
    for number, block in enumerate(run.stream(count, seed, weights=weights, round_=round_, label=label, scaled=True)):
        if number == 1 and look_ahead is not None:
            look_ahead(block, time.perf_counter() - began)
        if samples is None:
            samples = _empty((count, *block.shape[1:]), block.dtype)
        samples[done : done + len(block)] = block
        done += len(block)
        began = time.perf_counter()
    assert samples is not None
    if samples.dtype != np.uint8 and not np.isfinite(samples).all():
        raise RunError(f"{run.folder} makes samples that are not finite: there is nothing to measure")
    return samples


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Samples:
    if math.prod(shape) * dtype.itemsize <= MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    return np.memmap(tempfile.TemporaryFile(prefix="steadygan-"), dtype, "w+", shape=shape)


def _as_the_data(run: Run, dataset: Dataset, count: int, seed: int) -> list[int] | None:
    """Classes [count] with the data's shares, so that samples are compared with data of the same ones.

    None for an unconditional generator, and where the shares are equal: classes are then drawn uniformly.
    """
    shares = class_shares(dataset.train.labels, run.sample_spec.classes) if run.conditional else None
    if shares is None:
        return None
    drawn = draw_labels(len(shares), stream_generator(seed, Stream.SAMPLE_LABELS), count, shares=shares)
    assert drawn is not None
    found: list[int] = drawn.tolist()
    return found


def _conditions(run: Run, count: int, seed: int, label: list[int] | None) -> Labels | None:
    """The classes [count] that a conditional generator was given; None for an unconditional one."""
    if not run.conditional:
        return None
    labels = run.labels(count, seed, label)
    return None if labels is None else labels.numpy()


def recipe_hash(run: Run) -> str:
    """Hash of all that decides a training but its seed.

    Logging, evaluation, threads and the engine are left out, and the place of the data, whose content has its own hash.
    """
    recipe = dataclasses.replace(
        run.recipe,
        seed=0,
        data=dataclasses.replace(run.recipe.data, source="data", cache=None),
        run=recipes.RunOptions(precision=run.recipe.run.precision),
    )
    return hashlib.sha256(recipes.dumps(recipe).encode()).hexdigest()


def _provenance(run: Run, material: Material, weights: Weights, round_: int, features: Features | None) -> Provenance:
    return provenance_of(
        material,
        features,
        weights=weights,
        recipe=run.recipe.name,
        recipe_hash=recipe_hash(run),
        training_seed=run.recipe.seed,
        round=round_,
        trained_with={"trained with torch": run.environment.versions.get("torch", "unknown")},
    )

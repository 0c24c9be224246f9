"""From generated samples to numbers: extractors that metrics need, metrics that tell something, their values."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError
from steadygan.evaluation.extracting import default_features, ignorance_of, make_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Measure
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Number, Provenance
from steadygan.system import progress
from steadygan.system.words import counted

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features

Say = Callable[[str], None]

PACKAGES = ("steadygan", "numpy", "scipy", "scikit-learn", "pillow")
"""whose versions an evaluation names"""


def numbers_of(
    measures: Sequence[Measure], material: Material, extractor: Features | None
) -> list[tuple[Features | None, tuple[Number, ...]]]:
    """The numbers of all metrics, by the features that they are measured in; None: the samples themselves."""
    real = material.real
    numbers: dict[str, list[Number]] = {"features": [], "classifier": [], "samples": []}
    for measure in measures:
        progress.tell(f"measuring {measure.name}")
        inputs = measure.inputs if measure.inputs != "classifier" or of_classifier(measure, real) else "features"
        numbers[inputs].extend(measure.compute(material))
    if numbers["classifier"] and extractor is not None and extractor.identity == real.classifier.identity:
        numbers["features"] += numbers.pop("classifier")
    extractors: dict[str, Features | None] = {"features": extractor, "samples": None}
    if numbers.get("classifier"):
        extractors["classifier"] = real.classifier
    return [(extractors[inputs], tuple(group)) for inputs, group in numbers.items() if group]


def extractors_for(
    dataset: Dataset, features: str | Features, weights: str | Path | None, cache: str | None, tell: Say
) -> tuple[Features | None, Callable[[], Features] | None]:
    """The requested feature extractor, and a maker of a classifier where the data has labels enough."""
    if not dataset.sample.is_image:
        if features not in ("auto", "none"):
            raise UsageError(f"'{dataset.name}' holds {dataset.sample.plural}: --features is for pictures")
        return None, None

    def classifier() -> Features:
        return make_features("classifier", dataset, cache=cache, progress=_training)

    extractor = (
        make_features(features, dataset, weights=weights, cache=cache, progress=_training, say=tell)
        if isinstance(features, str)
        else features
    )
    return extractor, classifier if default_features(dataset) == "classifier" else None


def provenance_of(
    material: Material,
    features: Features | None,
    *,
    weights: str,
    recipe: str,
    recipe_hash: str,
    training_seed: int,
    round: int,
    trained_with: Mapping[str, str] | None = None,
) -> Provenance:
    """The provenance of numbers of a material: of its data, samples and features, and of where the samples are from."""
    dataset = material.real.dataset
    facts: dict[str, Any] = {**(features.facts if features is not None else {}), **material.facts}
    if dataset.sample.is_picture:
        facts["pictures"] = pixels_text(dataset.sample.shape)
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
        recipe=recipe,
        recipe_hash=recipe_hash,
        training_seed=training_seed,
        round=round,
        sampling_seed=material.seed,
        versions={**versions_here(), **(trained_with or {})},
        facts=facts,
    )


def pixels_text(shape: tuple[int, ...]) -> str:
    """The size of pictures [C, H, W] in words: ``'48x32 pixels, 3 channels'``."""
    channels, height, width = shape
    return f"{width}x{height} pixels, {counted(channels, 'channel')}"


def measurable(measures: list[Measure], metrics: Sequence[str] | None, real: RealSide, tell: Say) -> list[Measure]:
    """The measures without those of a classifier that knows no more than chance, unless they were asked for."""
    theirs = [measure for measure in measures if of_classifier(measure, real)]
    if not theirs or real.make_classifier is None:
        return measures
    ignorance = ignorance_of(real.classifier, real.dataset)
    if not ignorance:
        return measures
    names = ", ".join(measure.name for measure in theirs)
    tell(f"{ignorance}: {names} {'mean little' if metrics is not None else 'left out'}")
    return measures if metrics is not None else [measure for measure in measures if measure not in theirs]


def of_classifier(measure: Measure, real: RealSide) -> bool:
    return measure.inputs == "classifier" and not (measure.name == "inception_score" and real.inception)


def _training(done: int, total: int) -> None:
    progress.tell("training a classifier of the data, once", done, total)


def check_used(features: str | Features, inputs: Sequence[str], inception: bool) -> None:
    """Raises UsageError for features that are named and that no metric looks at."""
    if features == "auto" or "features" in inputs or (inception and "classifier" in inputs):
        return
    name = features if isinstance(features, str) else features.name
    raise UsageError(f"--features {name} is not used: the metrics that were asked for do not look at features")


def versions_here() -> dict[str, str]:
    import torch

    versions = {"python": platform.python_version(), "torch": torch.__version__}  # with the build, such as +cpu
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions

"""The metrics of an evaluation by name: what data each applies to, and the numbers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from steadygan.errors import UsageError, unknown_name
from steadygan.evaluation.extracting import default_features, subset_indices
from steadygan.evaluation.material import Material
from steadygan.evaluation.real_side import pixel_vectors
from steadygan.evaluation.record import Better, Number, Settings
from steadygan.metrics.frechet import CURVED, FrechetResult

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


def select(names: Iterable[str] | None, subject: Subject) -> list[Measure]:
    """The measures of the given names, or all that apply.

    Raises:
        UsageError: for an unknown name, one that does not apply to this data, or too few samples.
    """
    if names is None:
        return [measure for measure in MEASURES if measure.applies(subject) and subject.count >= measure.least]
    selected = []
    known = {measure.name: measure for measure in MEASURES}
    for name in names:
        if name not in known:
            raise unknown_name("metric", name, known)
        measure = known[name]
        if not measure.applies(subject):
            suited = ", ".join(measure.name for measure in MEASURES if measure.applies(subject))
            raise UsageError(
                f"metric '{name}' does not suit '{subject.dataset.name}' ({measure.what}); suited: {suited}"
            )
        if subject.count < measure.least:
            raise UsageError(f"metric '{name}' needs {measure.least} samples or more, got {subject.count}")
        selected.append(measure)
    return selected


def _image(subject: Subject) -> bool:
    return subject.dataset.sample.is_image


def _labelled(subject: Subject) -> bool:
    return _image(subject) and default_features(subject.dataset) == "classifier"


def _scored(subject: Subject) -> bool:
    return _labelled(subject) or subject.inception


def _one_class(subject: Subject) -> bool:
    return _labelled(subject) and not _stacked(subject)


def _points(subject: Subject) -> bool:
    return subject.dataset.sample.is_points


def _text(subject: Subject) -> bool:
    return subject.dataset.sample.is_text


def _multi_scale(subject: Subject) -> bool:
    return subject.multi_scale


def _stacked(subject: Subject) -> bool:
    return subject.dataset.name == "stacked-digits" and subject.dataset.train.endless


def _modal(subject: Subject) -> bool:
    return _points(subject) and subject.dataset.name in _modes()


def _modes() -> Mapping[str, Any]:
    from steadygan.data.sources.points import MODES

    return MODES


def _frechet(material: Material) -> Iterable[Number]:
    from steadygan.metrics.frechet import Moments, frechet, frechet_distance

    real = material.real
    result = frechet(real.statistics, material.features.features)

    def of_held_out() -> float:
        held_out = Moments()
        held_out.add(real.held_out_features)
        return frechet_distance(real.statistics, held_out.statistics())

    floor_count = len(real.held_out_features)
    floor = real.floor(of_held_out, "frechet") if floor_count >= 2 else None
    yield Number("frechet", result.value, result.error, floor, floor_count)
    if result.infinite is not None:
        yield Number("frechet_infinite", result.infinite, result.infinite_error, caution=_caution(result, material))


def _caution(result: FrechetResult, material: Material) -> str:
    """What to say of a Fréchet distance whose samples are too few, or too heavy-tailed, for its error; else ''."""
    if result.holds:
        return ""
    count, width = len(material.samples), material.real.train_features.shape[1]
    return (
        f"{count:,} samples are few for {width:,} features with these tails: a part of the bias is left in the "
        f"extrapolation, and the error is too wide (curvature {result.curvature:.2f}, above {CURVED}): take more"
    )


def _kernel(material: Material) -> Iterable[Number]:
    from steadygan.metrics.kernel import kernel_distance

    real, seed = material.real, material.seed
    result = kernel_distance(real.train_features, material.features.features, seed=seed)

    def of_held_out() -> float:
        return kernel_distance(real.train_features, real.held_out_features, seed=seed).value

    floor_count = len(real.held_out_features)
    floor = real.floor(of_held_out, "kernel", seed) if floor_count >= 4 else None
    settings: Settings = {"subsets": result.subsets, "size": result.size}
    yield Number("kernel", result.value, result.error, floor, floor_count, settings=settings)


_MEMORISATION_COUNT = 2_000
_SLICED_COUNT = 4_096
MANIFOLD_COUNT = 10_000
"""vectors of each side at most whose neighbours are searched"""


def _manifold(material: Material) -> Iterable[Number]:
    from steadygan.metrics.manifold import manifold

    real, fake = material.real.train_features, material.features.features
    count = min(len(real), len(fake), MANIFOLD_COUNT)  # both sides alike: the measure depends on their counts
    result = manifold(real[subset_indices(len(real), count)], fake[:count])
    better: dict[str, Better] = {"density": "one"}
    for name, estimate in zip(result._fields, result, strict=True):
        settings = {"k": 5 if name in ("density", "coverage") else 3, "real": count, "count": count}
        yield Number(name, estimate.value, estimate.error, better=better.get(name, "higher"), settings=settings)


def _memorisation(material: Material) -> Iterable[Number]:
    from steadygan.metrics.memorisation import memorisation

    held_out = material.real.held_out[0]
    held_out = pixel_vectors(held_out[subset_indices(len(held_out), _MEMORISATION_COUNT)])
    fake = pixel_vectors(material.samples[:_MEMORISATION_COUNT])
    result = memorisation(material.real.train_pixels, held_out, fake)
    settings: Settings = {"level": result.level, "count": len(fake), "space": "pixels"}
    nearer, near = result.nearer, result.near_share
    yield Number("nearer_than_held_out", nearer.value, nearer.error, 0.5, better="half", settings=settings)
    yield Number("near_copies", near.value, near.error, result.near_expected, settings=settings)


def _sliced(material: Material) -> Iterable[Number]:
    from steadygan.metrics.pyramids import sliced_wasserstein

    sides = (material.real.train[0], material.real.held_out[0], material.samples)
    train, held_out, fake = (images.astype(np.uint8, copy=False) for images in sides)
    count, seed = min(len(train), len(fake), _SLICED_COUNT), material.seed
    real = train[subset_indices(len(train), count)]
    result = sliced_wasserstein(real, fake[:count], seed=seed)

    def of_held_out() -> float:
        return sliced_wasserstein(real, held_out[subset_indices(len(held_out), count)], seed=seed).mean

    # of fewer images it would be larger by their number alone
    floor = material.real.floor(of_held_out, "sliced_wasserstein", count, seed) if len(held_out) >= count else None
    yield Number("sliced_wasserstein", result.mean, None, floor, settings={"count": count})
    for level, value in result.levels.items():
        yield Number(f"sliced_wasserstein_{level}", value, settings={"count": count})


def _score(material: Material) -> Iterable[Number]:
    """By Inception's own classes if these are the features, else by a classifier of the data."""
    from steadygan.metrics.inception_score import inception_score

    real = material.real
    if real.inception:
        probabilities = material.features.probabilities
        assert probabilities is not None
        score = inception_score(probabilities)
        yield Number("inception_score", score.value, score.error, better="higher")
        return
    score = inception_score(material.probabilities)
    floor = inception_score(real.held_out_probabilities, splits=1).value
    yield Number("inception_score", score.value, score.error, floor, len(real.held_out[0]), "higher")


def _classes(material: Material) -> Iterable[Number]:
    from steadygan.metrics import labels

    real = material.real
    predicted = material.probabilities.argmax(axis=1)
    classes = real.dataset.sample.classes
    images, real_labels = real.train
    assert real_labels is not None
    shares = labels.class_histogram(predicted, classes)
    real_shares = labels.class_histogram(real_labels[real_labels >= 0], classes)
    yield Number("class_distance", labels.histogram_distance(shares, real_shares))
    ratios = (shares / np.maximum(real_shares, 1e-12))[real_shares > 0]
    yield Number("smallest_class", float(ratios.min()), better="one")
    top = material.probabilities.max(axis=1)
    error = float(top.std(ddof=1) / len(top) ** 0.5)
    floor = float(real.held_out_probabilities.max(axis=1).mean())
    yield Number("confidence", float(top.mean()), error, floor, len(real.held_out[0]), "higher")
    within = labels.within_class_variance_ratio(material.samples, predicted, images, real_labels)
    yield Number("within_class_variance", within.ratio, better="one")
    yield Number("smallest_within_class_variance", within.smallest_ratio, better="one")
    if material.conditions is not None:
        accuracy = labels.class_accuracy(predicted, material.conditions)
        yield Number("class_accuracy", accuracy.value, accuracy.error, better="higher")


def _stacks(material: Material) -> Iterable[Number]:
    from steadygan.features.classifier import StackFeatures
    from steadygan.metrics.modes import expected_stacked, stacked_modes

    classifier = material.real.classifier
    assert isinstance(classifier, StackFeatures)
    modes = stacked_modes(classifier.digits(np.asarray(material.samples, dtype=np.uint8)))
    expected = expected_stacked(len(material.samples))
    yield Number("modes", float(modes.covered), floor=expected.covered, better="higher")
    yield Number("modes_kl", modes.kl, floor=expected.kl)


def _mode_coverage(material: Material) -> Iterable[Number]:
    from steadygan.metrics.modes import mode_coverage

    mixture = _modes()[material.real.dataset.name]
    result = mode_coverage(material.samples, mixture.centres, mixture.deviation)
    settings = {"radius": 4.0, "modes": result.modes}
    quality = result.high_quality
    yield Number("high_quality", quality.value, quality.error, better="higher", settings=settings)
    yield Number("modes", float(result.covered), floor=float(result.modes), better="higher", settings=settings)
    yield Number("modes_kl", result.kl, settings=settings)


def _transport(material: Material) -> Iterable[Number]:
    from steadygan.metrics.transport import wasserstein1

    (train, _), (held_out, _), real = material.real.train, material.real.held_out, material.real
    distance = partial(wasserstein1, limit=material.matched, seed=material.seed)
    floor = real.floor(lambda: distance(train, held_out), "wasserstein1", material.matched, material.seed)
    yield Number(
        "wasserstein1", distance(material.samples, held_out), floor=floor, settings={"limit": material.matched}
    )


def orders(length: int) -> range:
    """The n of the n-grams that lines of a length are measured by."""
    return range(1, min(4, length) + 1)


def _ngrams(material: Material) -> Iterable[Number]:
    """Padding counts, as in the authors' code; the floor is as many training lines in place of generated ones."""
    from steadygan.metrics.ngrams import ngram_js

    train, held_out, fake = material.real.train[0], material.real.held_out[0], material.samples
    count = min(len(fake), len(train))
    real = train[subset_indices(len(train), count)]
    for n in orders(fake.shape[1]):
        floor = material.real.floor(partial(ngram_js, held_out, real, n), "ngram_js", n, count)
        settings: Settings = {"held_out": len(held_out), "count": len(fake)}
        yield Number(f"ngram_js_{n}", ngram_js(held_out, fake, n), None, floor, count, settings=settings)


def _words(material: Material) -> Iterable[Number]:
    from steadygan.metrics.ngrams import word_share

    real = material.real
    fake, held_out, train = (real.lines(ids) for ids in (material.samples, real.held_out[0], real.train[0]))
    if not any(line.split() for line in train) or not any(line.split() for line in held_out):
        return
    share, error = word_share(fake, train) if any(line.split() for line in fake) else (0.0, None)
    yield Number("real_words", share, error, word_share(held_out, train).value, len(held_out), better="higher")


_SCALES_COUNT = 2_000


def _scales(material: Material) -> Iterable[Number]:
    from steadygan.metrics.scales import means, scale_agreement

    assert material.make_scales is not None
    scales = material.make_scales(_SCALES_COUNT)
    count = len(scales[-1])
    agreements = scale_agreement(scales)
    real = material.real.held_out[0][:count].astype(np.uint8, copy=False)
    floor = None
    if len(real) >= 2:
        coarser = [means(real, side).round().astype(np.uint8) for side in agreements]
        floor = float(np.mean([each.difference.value for each in scale_agreement([*coarser, real]).values()]))
    settings: Settings = {"count": count}
    difference = float(np.mean([each.difference.value for each in agreements.values()]))
    yield Number("scale_difference", difference, None, floor, len(real), settings=settings)
    correlation = float(np.mean([each.correlation for each in agreements.values()]))
    yield Number("scale_correlation", correlation, None, 1.0, len(real), "higher", settings)
    for side, each in agreements.items():
        yield Number(f"scale_difference_{side}", *each.difference, settings=settings)
        yield Number(f"scale_correlation_{side}", each.correlation, better="higher", settings=settings)


MEASURES = (
    Measure("frechet", "Fréchet distance of images' features", "features", _image, _frechet, least=50),
    Measure("kernel", "kernel distance of images' features", "features", _image, _kernel, least=50),
    Measure("manifold", "precision, recall, density and coverage of images", "features", _image, _manifold, least=50),
    Measure("sliced_wasserstein", "patches of images, level by level", "samples", _image, _sliced, least=50),
    Measure("memorisation", "nearness of images to training images", "samples", _image, _memorisation, least=50),
    Measure(
        "inception_score",
        "a classifier's predictions for images; needs labels",
        "classifier",
        _scored,
        _score,
        least=100,
    ),
    Measure("classes", "classes of images; needs labels", "classifier", _one_class, _classes, least=100),
    Measure("stacked_modes", "the 1,000 modes of stacked digits", "classifier", _stacked, _stacks, least=100),
    Measure("scales", "agreement of the sizes of multi-scale images", "samples", _multi_scale, _scales),
    Measure("modes", "modes of points that have known ones", "samples", _modal, _mode_coverage, least=100),
    Measure("wasserstein1", "exact distance of points", "samples", _points, _transport, least=100),
    Measure("ngrams", "divergence of text's n-grams from held-out lines", "samples", _text, _ngrams, least=50),
    Measure("words", "share of text's words that training lines have", "samples", _text, _words, least=50),
)
"""In the order of tables."""

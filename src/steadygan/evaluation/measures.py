"""The metrics that evaluation knows by name: what each needs, and the numbers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from steadygan.errors import UsageError, unknown_name
from steadygan.evaluation.extracting import chosen_rows, default_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.record import Better, Number, Settings

Sees = Literal["features", "classifier", "samples"]


@dataclass(frozen=True)
class Measure:
    """One metric, or a few that are computed together."""

    name: str
    what: str
    sees: Sees
    applies: Callable[[Material], bool]
    compute: Callable[[Material], Iterable[Number]]
    least: int = 2
    """generated samples it needs"""


def choose(names: Iterable[str] | None, material: Material) -> list[Measure]:
    """The measures of the given names, or all that suit the data.

    Raises:
        UsageError: for an unknown name, one that this data cannot have, or too few samples.
    """
    if names is None:
        return [measure for measure in MEASURES if measure.applies(material) and len(material.samples) >= measure.least]
    chosen = []
    known = {measure.name: measure for measure in MEASURES}
    for name in names:
        if name not in known:
            raise unknown_name("metric", name, known)
        measure = known[name]
        if not measure.applies(material):
            suited = ", ".join(measure.name for measure in MEASURES if measure.applies(material))
            raise UsageError(
                f"metric '{name}' does not suit '{material.dataset.name}' ({measure.what}); suited: {suited}"
            )
        if len(material.samples) < measure.least:
            raise UsageError(f"metric '{name}' needs {measure.least} samples or more, got {len(material.samples)}")
        chosen.append(measure)
    return chosen


def _image(material: Material) -> bool:
    return material.is_image


def _labelled(material: Material) -> bool:
    return material.is_image and default_features(material.dataset) == "classifier"


def _scored(material: Material) -> bool:
    return _labelled(material) or material.inception


def _one_class(material: Material) -> bool:
    return _labelled(material) and not _stacked(material)


def _points(material: Material) -> bool:
    return material.dataset.sample.is_points


def _text(material: Material) -> bool:
    return material.is_text


def _multi_scale(material: Material) -> bool:
    return material.make_scales is not None


def _stacked(material: Material) -> bool:
    return material.dataset.name == "stacked-digits" and material.dataset.train.endless


def _modal(material: Material) -> bool:
    return _points(material) and material.dataset.name in _modes()


def _modes() -> Mapping[str, Any]:
    from steadygan.data.sources.points import MODES

    return MODES


def _frechet(material: Material) -> Iterable[Number]:
    from steadygan.metrics.frechet import Moments, frechet, frechet_distance

    found = frechet(material.statistics, material.fake_features.features)

    def of_held_out() -> float:
        held_out = Moments()
        held_out.add(material.held_out_features)
        return frechet_distance(material.statistics, held_out.statistics())

    floor = material.floor("frechet", of_held_out) if len(material.held_out_features) >= 2 else None
    yield Number("frechet", found.value, found.error, floor, len(material.held_out_features))
    if found.infinite is not None:
        yield Number("frechet_infinite", found.infinite, found.infinite_error)


def _kernel(material: Material) -> Iterable[Number]:
    from steadygan.metrics.kernel import kernel_distance

    found = kernel_distance(material.train_features, material.fake_features.features, seed=material.seed)

    def of_held_out() -> float:
        return kernel_distance(material.train_features, material.held_out_features, seed=material.seed).value

    floor = material.floor("kernel", of_held_out) if len(material.held_out_features) >= 4 else None
    settings: Settings = {"subsets": found.subsets, "size": found.size}
    yield Number("kernel", found.value, found.error, floor, len(material.held_out_features), settings=settings)


_NEAR = 2_000
_SLICED = 4_096
MOST_NEIGHBOURS = 10_000
"""vectors of each side whose neighbours are looked for"""


def _manifold(material: Material) -> Iterable[Number]:
    from steadygan.metrics.manifold import manifold

    real, fake = material.train_features, material.fake_features.features
    count = min(len(real), len(fake), MOST_NEIGHBOURS)  # both sides alike: the measure depends on their counts
    found = manifold(real[chosen_rows(len(real), count)], fake[:count])
    better: dict[str, Better] = {"density": "one"}
    for name, estimate in zip(found._fields, found, strict=True):
        settings = {"k": 5 if name in ("density", "coverage") else 3, "real": count, "count": count}
        yield Number(name, estimate.value, estimate.error, better=better.get(name, "higher"), settings=settings)


def _memorisation(material: Material) -> Iterable[Number]:
    from steadygan.metrics.memorisation import memorisation

    fakes, held_out = material.rows(material.samples[:_NEAR]), material.held_out[0]
    found = memorisation(material.train_rows, material.rows(held_out[chosen_rows(len(held_out), _NEAR)]), fakes)
    settings: Settings = {"level": found.level, "count": len(fakes), "space": "pixels"}
    yield Number("nearer_than_held_out", found.nearer.value, found.nearer.error, 0.5, better="half", settings=settings)
    yield Number("near_copies", found.near_share.value, found.near_share.error, found.near_expected, settings=settings)


def _sliced(material: Material) -> Iterable[Number]:
    from steadygan.metrics.pyramids import sliced_wasserstein

    train, held_out = (part[0].astype(np.uint8, copy=False) for part in (material.train, material.held_out))
    count = min(len(train), len(material.samples), _SLICED)
    real = train[chosen_rows(len(train), count)]
    found = sliced_wasserstein(real, material.samples[:count].astype(np.uint8, copy=False), seed=material.seed)

    def of_held_out() -> float:
        return sliced_wasserstein(real, held_out[chosen_rows(len(held_out), count)], seed=material.seed).mean

    # of fewer images it would be larger by their number alone
    floor = material.floor("sliced_wasserstein", of_held_out) if len(held_out) >= count else None
    yield Number("sliced_wasserstein", found.mean, None, floor, settings={"count": count})
    for level, value in found.levels.items():
        yield Number(f"sliced_wasserstein_{level}", value, settings={"count": count})


def _score(material: Material) -> Iterable[Number]:
    """By the features' own classes where they are Inception's, else by a classifier of the data."""
    from steadygan.metrics.inception_score import inception_score

    if material.inception:
        probabilities = material.fake_features.probabilities
        assert probabilities is not None
        found = inception_score(probabilities)
        yield Number("inception_score", found.value, found.error, better="higher")
        return
    found = inception_score(material.fake_probabilities)
    floor = inception_score(material.held_out_probabilities, splits=1).value
    yield Number("inception_score", found.value, found.error, floor, len(material.held_out[0]), "higher")


def _classes(material: Material) -> Iterable[Number]:
    from steadygan.metrics import labels

    predicted = material.fake_probabilities.argmax(axis=1)
    classes = material.dataset.sample.classes
    _, real_labels = material.train
    shares = labels.class_histogram(predicted, classes)
    assert real_labels is not None
    real = labels.class_histogram(real_labels[real_labels >= 0], classes)
    yield Number("class_distance", labels.histogram_distance(shares, real))
    yield Number("smallest_class", float((shares / np.maximum(real, 1e-12))[real > 0].min()), better="one")
    top = material.fake_probabilities.max(axis=1)
    error = float(top.std(ddof=1) / len(top) ** 0.5)
    floor = float(material.held_out_probabilities.max(axis=1).mean())
    yield Number("confidence", float(top.mean()), error, floor, len(material.held_out[0]), "higher")
    images, fakes = material.train[0], material.samples
    within = labels.within_class_variance_ratio(fakes, predicted, images, real_labels)
    yield Number("within_class_variance", within.ratio, better="one")
    yield Number("smallest_within_class_variance", within.smallest_ratio, better="one")
    if material.asked is not None:
        found = labels.class_accuracy(predicted, material.asked)
        yield Number("class_accuracy", found.value, found.error, better="higher")


def _stacks(material: Material) -> Iterable[Number]:
    from steadygan.features.classifier import StackFeatures
    from steadygan.metrics.modes import expected_stacked, stacked_modes

    assert isinstance(material.classifier, StackFeatures)
    found = stacked_modes(material.classifier.digits(np.asarray(material.samples, dtype=np.uint8)))
    expected = expected_stacked(len(material.samples))
    yield Number("modes", float(found.covered), floor=expected.covered, better="higher")
    yield Number("modes_kl", found.kl, floor=expected.kl)


def _mode_coverage(material: Material) -> Iterable[Number]:
    from steadygan.metrics.modes import mode_coverage

    modes = _modes()[material.dataset.name]
    found = mode_coverage(material.samples, modes.centres, modes.deviation)
    settings = {"radius": 4.0, "modes": found.modes}
    quality = found.high_quality
    yield Number("high_quality", quality.value, quality.error, better="higher", settings=settings)
    yield Number("modes", float(found.covered), floor=float(found.modes), better="higher", settings=settings)
    yield Number("modes_kl", found.kl, settings=settings)


def _transport(material: Material) -> Iterable[Number]:
    from steadygan.metrics.transport import wasserstein1

    held_out = material.held_out[0]
    floor = material.floor("wasserstein1", lambda: wasserstein1(material.train[0], held_out, seed=material.seed))
    value = wasserstein1(material.samples, held_out, seed=material.seed)
    yield Number("wasserstein1", value, floor=floor, settings={"limit": 2_000})


def orders(length: int) -> range:
    """The n of the n-grams that lines of a length are measured by."""
    return range(1, min(4, length) + 1)


def _ngrams(material: Material) -> Iterable[Number]:
    """Padding counts, as in the authors' code; the floor is as many training lines in place of generated ones."""
    from steadygan.metrics.ngrams import ngram_js

    held_out, train, fakes = material.held_out[0], material.train[0], material.samples
    count = min(len(fakes), len(train))
    real = train[chosen_rows(len(train), count)]
    for n in orders(fakes.shape[1]):
        floor = material.floor(f"ngram_js_{n}", partial(ngram_js, held_out, real, n))
        settings: Settings = {"held_out": len(held_out), "count": len(fakes)}
        yield Number(f"ngram_js_{n}", ngram_js(held_out, fakes, n), None, floor, count, settings=settings)


def _words(material: Material) -> Iterable[Number]:
    from steadygan.metrics.ngrams import word_share

    fakes, held_out, train = (
        material.lines(ids) for ids in (material.samples, material.held_out[0], material.train[0])
    )
    if not any(line.split() for line in train) or not any(line.split() for line in held_out):
        return
    share, error = word_share(fakes, train) if any(line.split() for line in fakes) else (0.0, None)
    yield Number("real_words", share, error, word_share(held_out, train).value, len(held_out), better="higher")


_SCALED = 2_000


def _scales(material: Material) -> Iterable[Number]:
    from steadygan.metrics.scales import means, scale_agreement

    assert material.make_scales is not None
    scales = material.make_scales(_SCALED)
    count = len(scales[-1])
    found = scale_agreement(scales)
    real = material.held_out[0][:count].astype(np.uint8, copy=False)
    floor = None
    if len(real) >= 2:
        coarser = [means(real, side).round().astype(np.uint8) for side in found]
        floor = float(np.mean([each.difference.value for each in scale_agreement([*coarser, real]).values()]))
    settings: Settings = {"count": count}
    difference = float(np.mean([each.difference.value for each in found.values()]))
    yield Number("scale_difference", difference, None, floor, len(real), settings=settings)
    correlation = float(np.mean([each.correlation for each in found.values()]))
    yield Number("scale_correlation", correlation, None, 1.0, len(real), "higher", settings)
    for side, each in found.items():
        yield Number(f"scale_difference_{side}", *each.difference, settings=settings)
        yield Number(f"scale_correlation_{side}", each.correlation, better="higher", settings=settings)


MEASURES = (
    Measure("frechet", "Fréchet distance of images' features", "features", _image, _frechet, least=50),
    Measure("kernel", "kernel distance of images' features", "features", _image, _kernel, least=50),
    Measure("manifold", "precision, recall, density and coverage of images", "features", _image, _manifold, least=50),
    Measure("sliced_wasserstein", "patches of images, level by level", "samples", _image, _sliced, least=50),
    Measure("memorisation", "nearness of images to training images", "samples", _image, _memorisation, least=50),
    Measure(
        "inception_score", "a classifier's opinion of images; needs labels", "classifier", _scored, _score, least=100
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

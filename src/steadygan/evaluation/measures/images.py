"""Metrics of images: Fréchet and kernel distance, precision and recall, patches by level, memorisation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from steadygan.evaluation.extracting import subset_indices
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures.subject import Measure, of_images
from steadygan.evaluation.real_side import pixel_vectors
from steadygan.evaluation.record import Better, Number, Settings
from steadygan.metrics.frechet import CURVED, FrechetResult

_MEMORISATION_COUNT = 2_000
_SLICED_COUNT = 4_096
MANIFOLD_COUNT = 10_000
"""vectors of each side at most whose neighbours are searched"""
_K, _DENSITY_K = 3, 5


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


def _manifold(material: Material) -> Iterable[Number]:
    from steadygan.metrics.manifold import manifold

    real, fake = material.real, material.features.features
    count = min(len(real.train_features), len(fake), MANIFOLD_COUNT)  # alike: the measure depends on their counts
    of_real = real.neighbour_distances(count, max(_K, _DENSITY_K))
    result = manifold(real.some_features(count), fake[:count], k=_K, density_k=_DENSITY_K, of_real=of_real)
    better: dict[str, Better] = {"density": "one"}
    for name, estimate in zip(result._fields, result, strict=True):
        settings = {"k": _DENSITY_K if name in ("density", "coverage") else _K, "real": count, "count": count}
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


MEASURES = (
    Measure("frechet", "Fréchet distance of images' features", "features", of_images, _frechet, least=50),
    Measure("kernel", "kernel distance of images' features", "features", of_images, _kernel, least=50),
    Measure(
        "manifold", "precision, recall, density and coverage of images", "features", of_images, _manifold, least=50
    ),
    Measure("sliced_wasserstein", "patches of images, level by level", "samples", of_images, _sliced, least=50),
    Measure(
        "memorisation",
        "nearness of images to training images",
        "samples",
        of_images,
        _memorisation,
        least=50,
        held_out=2,
    ),
)

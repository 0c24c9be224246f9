"""Fields of a look that are of samples: variety, copies, classes, text and scales, against the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.diagnostics.real_side import RealSide
from steadygan.diagnostics.signals.bins import counts_in, difference_of
from steadygan.diagnostics.signals.checkerboard import prominences, strongest
from steadygan.diagnostics.signals.colour_agreement import colour_agreement
from steadygan.diagnostics.signals.diversity import effective_rank, mean_pairwise_distance, pairwise_distances
from steadygan.diagnostics.signals.energy import coefficient
from steadygan.diagnostics.signals.host import host_rows, ratio
from steadygan.diagnostics.signals.memorisation import copying_by_distances
from steadygan.diagnostics.signals.near_duplicates import nearest_of_pairs
from steadygan.diagnostics.signals.sensitivity import sensitivity
from steadygan.diagnostics.signals.tokens import token_diversity
from steadygan.diagnostics.signals.two_sample import accuracy_of, distances
from steadygan.diagnostics.window import Window
from steadygan.measuring import by_running_statistics, in_float32
from steadygan.scores import widened
from steadygan.types import Scales, scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.diagnostics.subject import Subject
    from steadygan.types import Sample

NGRAM = 4
_MOST_CLASSES = 20  # more than 2% of the samples of each cannot be asked for
_LATENTS, _DIRECTIONS = 16, 16
_LIMIT = 300  # of feature vectors


def variety(fake: Sample, real: RealSide) -> dict[str, float]:
    """Distances and effective rank of generated samples, near duplicates, and the difference to real ones."""
    rows = host_rows(fake, "generated samples")
    pairs, between = pairwise_distances(rows), distances(rows, real.rows)
    nearest = nearest_of_pairs(pairs, len(rows))
    distance = float(pairs.mean())
    return {
        "compared": real.count,
        "distance_ratio": ratio(distance, real.distance),
        "energy": coefficient(float(between.mean()), distance, real.distance),
        "neighbour_accuracy": accuracy_of(nearest, real.nearest_others, between),
        "rank_ratio": ratio(effective_rank(rows, limit=len(rows)), real.rank),
        "duplicates": float((nearest <= real.threshold).mean()),
        "duplicates_expected": real.duplicates,
    }


def modes(fake: Sample, real: RealSide, window: Window) -> dict[str, float]:
    """Bins of the data that generated samples leave out or fill otherwise, and how much that changed."""
    counts = counts_in(fake, real.bins)
    bins = difference_of(counts, real.bins)
    return {
        "bins_different": bins.share,
        "bins_missing": bins.missing,
        "bins_divergence": bins.divergence,
        "bins_effective": bins.effective,
        **window.counted(counts),
    }


def neighbours(fake: Sample, real: RealSide) -> dict[str, float]:
    """Copies of training samples, and the classes of the nearest ones."""
    nearest = real.nearest_of(host_rows(fake, "generated samples"))
    found: dict[str, float] = {}
    if real.unseen:
        copies = copying_by_distances(real.nearest.distances, nearest.distances)
        found = {"copy_ratio": copies.ratio, "copy_z": copies.c_t}
    classes = real.classes(nearest)
    if classes is not None:
        if real.subject.classes <= _MOST_CLASSES:
            found["classes"] = classes.classes / real.subject.classes
        found["class_entropy_ratio"] = ratio(classes.entropy, classes.real_entropy)
    return found


def feature_variety(fake: Tensor, real: Tensor) -> dict[str, float]:
    """The distance ratio in features [N, D] of the critic."""
    count = min(len(fake), len(real), _LIMIT)
    distances = [mean_pairwise_distance(each[:count], limit=count) for each in (fake, real)]
    return {"feature_distance_ratio": ratio(*distances)}


def grid(fake: Sample, real: RealSide) -> dict[str, float]:
    """Lines that strides of the generator leave in its images."""
    if real.lines is None:
        return {}
    shape = tuple(scales_of(fake)[-1].shape[1:])
    found = prominences(host_rows(fake, "generated samples"), shape)
    return {"grid": strongest(found, real.lines, shape).power}


def words(fake: Sample, real: RealSide) -> dict[str, float]:
    """Token diversity of generated lines."""
    found = token_diversity(fake, real.compared.samples, n=NGRAM)
    return {"distinct_ratio": found.distinct_ratio, "repeated_lines": found.repeated}


def scales(fake: Sample, subject: Subject) -> dict[str, float]:
    """Colours of multi-scale samples."""
    if not isinstance(fake, Scales):
        return {}
    return {"colour_shift": colour_agreement(fake, low=subject.low).difference}


def response(subject: Subject, real: RealSide, round_: int, labels: Tensor | None) -> dict[str, float]:
    """Sensitivity of the generator, by its running statistics where it has batch norms.

    Differences of half precision are those of its rounding: such a generator is run in float32.
    """
    import torch

    latents = widened(subject.latents(round_, _LATENTS))
    some = None if labels is None else labels[: len(latents)]
    with torch.no_grad(), by_running_statistics(subject.generator), in_float32(subject.generator):
        found = sensitivity(lambda z: subject.generate(z, some), latents, directions=_DIRECTIONS)
    return {"response": ratio(found.jacobian_norm, real.whole_deviation), "dead_latents": found.dead}

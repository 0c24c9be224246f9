"""Fields of a look that are of the critic: slopes, scores of each kind of samples, overfitting, depth, weights."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.diagnostics.real_side import rows_of
from steadygan.diagnostics.signals.clipping import clipped_share
from steadygan.diagnostics.signals.critic_passes import layers_of, read, scores_and_slopes
from steadygan.diagnostics.signals.critic_slope import points_between
from steadygan.diagnostics.signals.held_out_gap import gap_of_scores, real_sign
from steadygan.diagnostics.signals.layer_gradients import layer_gradients
from steadygan.diagnostics.signals.lipschitz import steepest_pair
from steadygan.diagnostics.signals.separation import saturation, separation
from steadygan.diagnostics.signals.spectral import spectral_norms
from steadygan.networks.layers.packing import norms_of_packs
from steadygan.types import Batch, CriticOutput, join_samples, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.diagnostics.subject import Subject
    from steadygan.types import Sample

SLOPES = 64
"""samples of each kind at which input gradients are taken, of looks at many samples; of others a quarter"""
END = 1e-3
"""distance of a sigmoid from 0 or 1 that counts as saturated"""
_FEATURES = 16_384  # numbers of a feature vector that are compared


class Scored(NamedTuple):
    """The critic's outputs on samples of one kind."""

    output: CriticOutput
    """[N], without patches"""
    features: Tensor | None
    """[N, D]: what its last layer with weights gets; None if that is of other sizes"""


class Scores(NamedTuple):
    """Outputs on each kind of samples, as many of each, by one critic in one mode."""

    train: Scored
    held_out: Scored | None
    fake: Scored
    batches: int
    """of which each kind was scored"""


def score_all(subject: Subject, train: Batch, held_out: Batch | None, fake: Batch) -> Scores:
    """Scores samples of each kind in batches of one size; those beyond the last whole batch are left out."""
    kinds = [train, fake] if held_out is None else [train, held_out, fake]
    size, count = batching(subject, min(sample_count(kind.samples) for kind in kinds))
    scored = [_scored(subject, kind, size, count) for kind in kinds]
    return Scores(scored[0], None if held_out is None else scored[1], scored[-1], count // size)


def batching(subject: Subject, available: int) -> tuple[int, int]:
    """Samples of a batch, a multiple of the critic's group, and of all whole batches of so many samples."""
    size = min(subject.batch, available)
    size = max(size // subject.group, 1) * subject.group
    return size, available // size * size


def _scored(subject: Subject, kind: Batch, size: int, count: int) -> Scored:
    import torch

    outputs, features = [], []
    for start in range(0, count, size):
        part = rows_of(kind, start, start + size)
        with torch.no_grad(), _last_layer(subject.critic, size) as found:
            output = subject.score(subject.critic, part.samples, part.labels)
        outputs.append(output._replace(patches=None, labels=part.labels))
        features += found[-1:]
    fields = [None if None in field else torch.cat(field) for field in zip(*outputs, strict=True)]
    shapes = {each.shape[1:] for each in features}
    same = len(features) == len(outputs) and len(shapes) == 1
    output = CriticOutput(**dict(zip(CriticOutput._fields, fields, strict=True)))  # type: ignore[arg-type]
    return Scored(output, torch.cat(features) if same else None)


@contextlib.contextmanager
def _last_layer(critic: nn.Module, count: int) -> Iterator[list[Tensor]]:
    """Collects what layers with weights get, as vectors [N, D], in the order of the pass; the last is the critic's
    features."""
    import torch

    found: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        first = inputs[0] if inputs else None
        if isinstance(first, torch.Tensor) and first.is_floating_point() and len(first) == count and first.dim() > 1:
            found[:] = [first.detach().flatten(1)[:, :_FEATURES].float()]

    parameters = dict(critic.named_parameters())
    layers = [module for _, module, names in layers_of(critic) if any(parameters[name].dim() > 1 for name in names)]
    handles = [module.register_forward_pre_hook(keep) for module in layers]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def of_scores(subject: Subject, scores: Scores) -> dict[str, float]:
    """How the scores of real and generated samples differ."""
    train, fake = scores.train.output.score, scores.fake.output.score
    apart = separation(train, fake, real_is_high=subject.real_is_high)
    found = {"accuracy": apart.accuracy, "area": apart.roc_area, **_gaps(subject, scores)}
    if subject.splits_at_zero:
        found["r_t"] = real_sign(train, splits_at_zero=True)
    return found


def _gaps(subject: Subject, scores: Scores) -> dict[str, float]:
    sign = 1.0 if subject.real_is_high else -1.0
    kinds = [scores.train, scores.train if scores.held_out is None else scores.held_out, scores.fake]
    gap = gap_of_scores(*(sign * kind.output.score.float().view(scores.batches, -1) for kind in kinds))
    found = {"gap": gap.separation}
    if subject.wasserstein:
        found["wasserstein"] = gap.separation
    if scores.held_out is not None:
        found |= {"gap_train": gap.separation, "gap_held_out": gap.separation - gap.gap}
        found |= {"gap_error": gap.gap_error, "r_v": gap.r_v}
    return found


def of_loss(subject: Subject, scores: Scores) -> dict[str, float]:
    """What the generator's loss makes of the scores."""
    loss = subject.generator_loss
    if loss is None:
        return {}
    real, fake = scores.train.output, scores.fake.output
    found = saturation(real.score, fake.score, lambda s: loss(real, fake._replace(score=s)), eps=END)
    shares = {"saturated": (found.real + found.fake) / 2} if subject.logits else {}
    return {**shares, "derivative": found.derivative}


class Slopes(NamedTuple):
    """Input gradients of the critic at samples of each kind."""

    real: Tensor
    """[N] norms; of a critic that scores packs of m samples, of N / m packs"""
    fake: Tensor
    between: Tensor
    scores: Tensor
    """[2N], of the real and the generated ones; of 2N / m packs"""


def slope_count(most: int) -> int:
    """At how many samples input gradients are taken in looks at so many samples."""
    return min(SLOPES, most // 4)


def slopes(subject: Subject, train: Batch, fake: Batch, seed: int, most: int = SLOPES) -> Slopes:
    """Norms at as many samples of each kind, ``most`` of them; fakes have the labels of the real ones."""
    import torch

    size, _ = batching(subject, min(most, sample_count(train.samples), sample_count(fake.samples)))
    real, fake = rows_of(train, 0, size), rows_of(fake, 0, size)
    points = (real.samples, fake.samples, points_between(real.samples, fake.samples, seed))
    found = [scores_and_slopes(lambda x: subject.score(subject.critic, x, real.labels), each) for each in points]
    packing = subject.packing
    (of_real, at_real), (of_fake, at_fake), (_, at_between) = found
    at_real, at_fake, at_between = (norms_of_packs(each, packing)[::packing] for each in (at_real, at_fake, at_between))
    return Slopes(at_real, at_fake, at_between, torch.cat([of_real, of_fake])[::packing])


def of_slopes(found: Slopes) -> dict[str, float]:
    """Means at each kind of points, and the upper quantile between."""
    high = found.between.quantile(0.95)
    numbers = read([found.real.mean(), found.fake.mean(), found.between.mean(), high])
    return dict(zip(("slope_real", "slope_fake", "slope_between", "slope_high"), numbers, strict=True))


def lipschitz(subject: Subject, found: Slopes, train: Batch, fake: Batch) -> dict[str, float]:
    """The steepest slope of pairs and of gradients; classes have critics of their own, whose pairs say nothing."""
    import torch

    size = len(found.real) * subject.packing
    largest = [torch.cat([found.real, found.fake]).amax()]
    if not subject.conditional:
        samples = join_samples(rows_of(train, 0, size).samples, rows_of(fake, 0, size).samples)
        largest.append(steepest_pair(_flat(samples).view(len(found.scores), -1).to(found.scores.dtype), found.scores))
    numbers = [number for number in read(largest) if not math.isnan(number)]
    return {"lipschitz": max(numbers)} if numbers else {}


def _flat(samples: Sample) -> Tensor:
    import torch

    return torch.cat([scale.detach().flatten(1) for scale in scales_of(samples)], 1)


def depth(subject: Subject, train: Batch, most: int = SLOPES) -> dict[str, float]:
    """How the gradient of the critic's activations grows towards the input."""
    size, _ = batching(subject, min(most, sample_count(train.samples)))
    part = rows_of(train, 0, size)
    found = layer_gradients(
        subject.critic, lambda: subject.score(subject.critic, part.samples, part.labels).score.float().mean()
    )
    return {"depth_slope": found.activation_slope}


def weights(subject: Subject) -> dict[str, float]:
    """Share of clipped weights at the bound."""
    if subject.clipping is None:
        return {}
    return {"clipped_share": clipped_share(subject.clipping.weights, subject.clipping.limit).total}


def sigmas(subject: Subject) -> dict[str, float]:
    """The largest singular value of a normalised layer."""
    if not has_spectral_norm(subject.critic):
        return {}
    return {"sigma_high": spectral_norms(subject.critic, normalised_only=True).largest}


def has_spectral_norm(network: nn.Module) -> bool:
    """True if a layer's weight is divided by its largest singular value."""
    parts = [*network.modules(), *(hook for part in network.modules() for hook in part._forward_pre_hooks.values())]
    return any(type(part).__name__.endswith("SpectralNorm") for part in parts)

"""Overfitting of the critic: the gap of its scores between training and held-out samples, and ADA's r_v and r_t.

A critic that has memorised its training samples scores held-out ones as it scores fakes (Karras et al. 2020).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.checks import true_or_false, whole_number
from steadygan.diagnostics.signals.critic_passes import CriticFunction, mean_scores, read, without_trace
from steadygan.diagnostics.signals.critic_passes import scores_of as _scored
from steadygan.errors import UsageError
from steadygan.types import Sample, at_each_scale, sample_count

if TYPE_CHECKING:
    from torch import Tensor


class HeldOutGap(NamedTuple):
    """Differences of mean scores, in units of score, each the median over batches; a constant added to D drops out."""

    gap: float
    """E D(train) - E D(held-out)"""
    gap_error: float
    """standard error of it; NaN for a single sample"""
    separation: float
    """E D(train) - E D(fake)"""
    r_v: float
    """gap / separation: 0 without overfitting, 1 where held-out samples are as fakes to it; NaN where the critic does
    not score training samples above fakes"""
    r_v_error: float
    """standard error of r_v, from that of the gap: r_v means something from three of these on"""
    batches: int
    """of each kind"""


def held_out_gap(
    critic: CriticFunction, train: Sample, held_out: Sample, fake: Sample, *, batch: int = 64
) -> HeldOutGap:
    """The gap of one critic's scores of training [N, ...], held-out [M, ...] and generated samples [L, ...].

    On equal footing: the same weights, the same mode, batches of one size, each of one kind, so that batch norm has the
    statistics of that kind. As many batches of each kind as the scarcest fills (``batch`` at most all of it). Training
    samples must be drawn at random, and augmented as the held-out ones are. One read of the device at the end.

    Known values [measured small-scale], r_v: healthy .005 to .03; .13 with 50 training images, .39 with 20. Target of
    adaptive augmentation by r_v: .5.

    Raises:
        UsageError: no samples of a kind, scores that are none.
    """
    whole_number("batch", batch)
    kinds = {"training samples": train, "held-out samples": held_out, "generated samples": fake}
    counts = {name: sample_count(samples) for name, samples in kinds.items()}
    scarcest = min(counts, key=lambda name: counts[name])
    if not counts[scarcest]:
        raise UsageError(f"there are no {scarcest}; needed: at least one of each kind")
    batch = min(batch, counts[scarcest])
    batches = counts[scarcest] // batch
    with without_trace(critic):
        scored = [_in_batches(critic, samples, batch, batches) for samples in kinds.values()]
    return gap_of_scores(*scored)


def gap_of_scores(train: Tensor, held_out: Tensor, fake: Tensor) -> HeldOutGap:
    """As ``held_out_gap``, of scores [B, n] of B batches of n samples of each kind, or [n] of one batch."""
    import torch

    of_batches = [each.detach()[None] if each.dim() == 1 else each.detach() for each in (train, held_out, fake)]
    shapes = [list(each.shape) for each in of_batches]
    if len(shapes[0]) != 2 or any(shape != shapes[0] for shape in shapes) or 0 in shapes[0]:
        raise UsageError(f"scores have shapes {shapes}; needed: one shape [B, n], of as many of each kind")
    on_train, on_held, on_fake = (each.float() if each.dtype != torch.float64 else each for each in of_batches)
    batches, n = on_train.shape
    gap = _median(on_train.mean(1) - on_held.mean(1))
    apart = _median(on_train.mean(1) - on_fake.mean(1))
    # a median of B normal numbers has up to sqrt(pi / 2) times the error of their mean
    spread = math.sqrt(math.pi / 2) if batches > 2 else 1.0
    within = [(each - each.mean()).square().sum() / max(1, batches * n - 1) for each in (on_train, on_held, on_fake)]
    errors = [spread * ((within[0] + each) / (batches * n)).sqrt() for each in within[1:]]
    found, between, error, unsure = read([gap, apart, *errors])
    error = error if batches * n > 1 else math.nan
    known = between > unsure
    r_v, r_v_error = (found / between, error / between) if known else (math.nan, math.nan)
    return HeldOutGap(found, error, between, r_v, r_v_error, batches)


def real_sign(real_scores: Any, *, splits_at_zero: bool) -> float:
    """r_t = E sign D(x) of training samples, -1 to 1: ADA's measure of overfitting, target .6 (Karras et al. 2020).

    Args:
        real_scores: [N] or [N, 1], of training samples
        splits_at_zero: True if the loss pushes scores of real samples above 0 and those of fakes below, as logistic and
            hinge losses do (``loss.splits_at_zero``)

    Raises:
        UsageError: for other losses. Scores of a Wasserstein critic may be shifted by any constant, which changes the
            sign, and relativistic ones compare differences alone; r_v has no such limit.
    """
    import torch

    true_or_false("splits_at_zero", splits_at_zero)
    if not splits_at_zero:
        raise UsageError("r_t is the sign of scores, which this loss gives no zero; take r_v of held_out_gap instead")
    scores = mean_scores(real_scores, len(real_scores), "real scores")
    return read([torch.where(scores.isnan().any(), torch.nan, scores.sign().mean())])[0]


def _in_batches(critic: CriticFunction, samples: Sample, batch: int, batches: int) -> Tensor:
    import torch

    rows = [slice(i * batch, (i + 1) * batch) for i in range(batches)]
    return torch.stack([_scored(critic, at_each_scale(lambda x, r=row: x[r], samples)) for row in rows])


def _median(values: Tensor) -> Tensor:
    return values.quantile(0.5)  # between the two middle ones, unlike median()

"""Separation of real from generated samples by scores (best threshold, area under the ROC curve), and saturation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.checks import within
from steadygan.diagnostics.signals.critic_passes import mean_scores, read
from steadygan.errors import UsageError
from steadygan.scores import score_in

if TYPE_CHECKING:
    from torch import Tensor


class Separation(NamedTuple):
    """How well one number, the score, tells both sides apart."""

    accuracy: float
    """of the best threshold: the mean of both sides' shares on their side of it, 0.5 to 1"""
    roc_area: float
    """P(D(x) > D(g)) + P(D(x) = D(g)) / 2 over pairs: 0.5 for equal distributions, 1 for separate ones"""


class Saturation(NamedTuple):
    """How far a sigmoid of the scores is at its ends, and what it leaves of the generator's gradient."""

    real: float
    """share of real samples whose sigmoid is within eps of 0 or 1"""
    fake: float
    """share of generated ones"""
    derivative: float
    """mean over generated samples of |d loss_i / d score_i| of the generator's loss"""
    derivative_saturated: float
    """the same over the saturated ones; NaN without any"""


def separation(real_scores: Any, fake_scores: Any, *, real_is_high: bool = True) -> Separation:
    """Exact, ties included, from scores of real [N] or [N, 1] and generated samples [M]; the numbers may differ.

    Both sides weigh the same, so chance is 0.5 for any N and M; the best of all thresholds lies above it by 0.44 /
    sqrt(N) for N samples a side of one distribution. Training and held-out samples can be compared in the same way. NaN
    in scores gives NaN.

    Args:
        real_is_high: False for critics whose score is an error, as BEGAN's

    Known values [measured small-scale], accuracy: healthy .65 to .98, but 1 is usual in the first quarter of WGAN-GP;
    1 for good with a saturated critic; .50 for one that learns too slowly. BigGAN: 98% of training samples and
    50 to 55% of held-out ones, though healthy.

    Raises:
        UsageError: scores of another form.
    """
    import torch

    real, fake = _scores(real_scores, "real scores"), _scores(fake_scores, "fake scores")
    dtype = torch.promote_types(real.dtype, fake.dtype)
    real, fake = real.to(dtype), fake.to(real.device, dtype)
    if not real_is_high:
        real, fake = -real, -fake
    return Separation(*read([_best_accuracy(real, fake), _roc_area(real, fake)]))


def saturation(
    real_scores: Any, fake_scores: Any, generator_loss: Callable[[Tensor], Tensor], *, eps: float = 0.01
) -> Saturation:
    """Saturation of scores that a logistic loss takes as logits.

    Args:
        real_scores: [N] or [N, 1]
        fake_scores: [M] or [M, 1]
        generator_loss: from fake scores [M] to the mean over samples, such as ``lambda s: softplus(-s).mean()``
        eps: distance of the sigmoid from 0 or 1

    The saturating loss keeps sigmoid(score) of a gradient, the non-saturating one sigmoid(-score): 1/2 for both at a
    score of 0. Known value [measured small-scale]: with the saturating loss at a score gap of 59, the mean gradient
    norm of the generator's weights was 4e-11.

    Raises:
        UsageError: scores of another form, eps outside of 0 to 0.5, a loss that does not depend on the scores.
    """
    import torch

    within("eps", eps, 0, 0.5, open_low=True, open_high=True)
    real, fake = _scores(real_scores, "real scores"), _scores(fake_scores, "fake scores")
    with torch.inference_mode(False), torch.enable_grad():
        scores = fake.clone().requires_grad_(True)
        loss = generator_loss(scores)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            raise UsageError("generator_loss must return a scalar that depends on the scores it is given")
        (gradient,) = torch.autograd.grad(loss.reshape(()), scores)
    derivative = gradient.abs() * len(scores)
    logit = math.log((1 - eps) / eps)
    of_fakes = (fake.abs() >= logit).to(derivative.dtype)
    at_ends = torch.where(of_fakes > 0, derivative, 0.0).sum() / of_fakes.sum()
    of_reals = (real.abs() >= logit).to(real.dtype).mean().to(fake.device)
    return Saturation(*read([of_reals, of_fakes.mean(), derivative.mean(), at_ends]))


def _scores(output: Any, what: str) -> Tensor:
    import torch

    score = score_in(output, what)
    first = score[0] if isinstance(score, list | tuple) and score else score
    count = len(first) if isinstance(first, torch.Tensor) and first.dim() else None
    return mean_scores(output, count or 0, what).detach()


def _best_accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Over all thresholds: everything from a value on counts as real; also nothing at all."""
    import torch

    scores, order = torch.cat([real, fake]).sort()
    is_real = order < len(real)
    reals_below, fakes_below = is_real.cumsum(0), (~is_real).cumsum(0)
    shares = fakes_below.to(scores.dtype) / len(fake) - reals_below.to(scores.dtype) / len(real)
    ends_a_tie = torch.ones_like(is_real)
    ends_a_tie[:-1] = scores[1:] != scores[:-1]
    best = torch.where(ends_a_tie, shares, 0.0).amax()
    return torch.where(scores.isnan().any(), torch.nan, 0.5 + 0.5 * best.clamp_min(0))


def _roc_area(real: Tensor, fake: Tensor) -> Tensor:
    import torch

    fakes = fake.sort().values
    below = torch.searchsorted(fakes, real) + torch.searchsorted(fakes, real, right=True)
    area = below.to(real.dtype).mean() / (2 * len(fake))
    return torch.where(real.isnan().any() | fake.isnan().any(), torch.nan, area)

"""Adversarial losses: pairs of pure functions of critic scores, and the frozen specs that name them in recipes.

Scores are raw critic outputs with no sigmoid, one a sample [N] or [N, 1]; a high score means real. Each
``NAME_critic_loss(real, fake)`` and ``NAME_generator_loss(fake, real=None)`` returns a scalar to be minimised.
A loss never calls a network and owns no optimizer. Relativistic generator losses need ``real``.

Patch maps [N, 1, h, w], lists of scales and (score, features) are taken too, as ``steadygan.scores`` says: a loss is
the mean over patches, and over scales the mean of their losses (pix2pixHD's code sums them). Half-precision scores are
reduced in float32. Real and fake batches may differ in size, but for ``relativistic_paired``; what does not fit is a
``ValueError`` of one line, and nothing is broadcast.

``sp`` is softplus, sp(v) = log(1 + exp(v)); E is the mean over the batch; D(x) are real and D(g) fake scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from steadygan.checks import within
from steadygan.scores import Scores, both_score_maps, finite_number, paired_score_maps, scale_mean, score_maps

if TYPE_CHECKING:
    from torch import Tensor


def _softplus(value: Tensor) -> Tensor:
    from torch.nn.functional import softplus  # here, so that recipes can name a loss without loading torch

    return softplus(value)


def _of_fakes(loss: Callable[[Tensor], Tensor], fake: Scores) -> Tensor:
    return scale_mean(loss, score_maps(fake, "fake scores"))


def _logistic_critic_loss(real: Scores, fake: Scores, real_label: float) -> Tensor:
    if finite_number(real_label, "real_label"):
        within("real_label", real_label, 0, 1, open_low=True)

    def loss(x: Tensor, g: Tensor) -> Tensor:
        on_real = _softplus(-x).mean()
        if real_label != 1.0:
            on_real = real_label * on_real + (1.0 - real_label) * _softplus(x).mean()
        return on_real + _softplus(g).mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def saturating_critic_loss(real: Scores, fake: Scores, real_label: float = 1.0) -> Tensor:
    """E sp(-D(x)) + E sp(D(g)), the binary cross-entropy of the minimax game (Goodfellow et al. 2014, eq. 1).

    ``real_label`` below 1 is one-sided label smoothing (Salimans et al. 2016, 3.4); fakes keep the label 0.
    """
    return _logistic_critic_loss(real, fake, real_label)


def saturating_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """-E sp(D(g)) = E log(1 - sigmoid(D(g))): its gradient vanishes where the critic is confident (Goodfellow
    et al. 2014)."""
    return _of_fakes(lambda g: -_softplus(g).mean(), fake)


def non_saturating_critic_loss(real: Scores, fake: Scores, real_label: float = 1.0) -> Tensor:
    """E sp(-D(x)) + E sp(D(g)), the same as ``saturating_critic_loss``; see there for ``real_label``."""
    return _logistic_critic_loss(real, fake, real_label)


def non_saturating_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """E sp(-D(g)) = -E log sigmoid(D(g)) (Goodfellow et al. 2014, section 3)."""
    return _of_fakes(lambda g: _softplus(-g).mean(), fake)


def least_squares_critic_loss(real: Scores, fake: Scores, fake_target: float = 0.0, real_target: float = 1.0) -> Tensor:
    """1/2 E (D(x) - b)^2 + 1/2 E (D(g) - a)^2 with a ``fake_target``, b ``real_target`` (Mao et al. 2017, eq. 2).

    Targets are numbers; labels of each sample go as ``scores - labels`` with targets of 0.
    """
    finite_number(fake_target, "fake_target")
    finite_number(real_target, "real_target")

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return 0.5 * (x - real_target).square().mean() + 0.5 * (g - fake_target).square().mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def least_squares_generator_loss(fake: Scores, real: Scores | None = None, generator_target: float = 1.0) -> Tensor:
    """1/2 E (D(g) - c)^2 with c ``generator_target`` (Mao et al. 2017, eq. 2)."""
    finite_number(generator_target, "generator_target")
    return _of_fakes(lambda g: 0.5 * (g - generator_target).square().mean(), fake)


def wasserstein_critic_loss(real: Scores, fake: Scores) -> Tensor:
    """E D(g) - E D(x), the negated estimate of the Wasserstein-1 distance (Arjovsky et al. 2017, eq. 2).

    The official WGAN code uses the opposite sign (a low score is real); ours is that of WGAN-GP.
    """
    return scale_mean(lambda x, g: g.mean() - x.mean(), *both_score_maps(real, fake))


def wasserstein_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """-E D(g) (Arjovsky et al. 2017; Gulrajani et al. 2017, Algorithm 1)."""
    return _of_fakes(lambda g: -g.mean(), fake)


def hinge_critic_loss(real: Scores, fake: Scores) -> Tensor:
    """E relu(1 - D(x)) + E relu(1 + D(g)) (Miyato et al. 2018, eq. 16)."""

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return (1.0 - x).relu().mean() + (1.0 + g).relu().mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def hinge_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """-E D(g) (Miyato et al. 2018, eq. 17)."""
    return _of_fakes(lambda g: -g.mean(), fake)


def _need_real(name: str, real: Scores | None) -> Scores:
    if real is None:
        raise TypeError(f"{name} compares fake with real scores: pass real=, the critic's scores of real samples")
    return real


def relativistic_paired_critic_loss(real: Scores, fake: Scores) -> Tensor:
    """E sp(-(D(x_i) - D(g_i))): each real score against the fake score of its row (RpGAN; R3GAN, eq. 2)."""
    return scale_mean(lambda x, g: _softplus(g - x).mean(), *paired_score_maps(real, fake))


def relativistic_paired_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """E sp(-(D(g_i) - D(x_i))); needs ``real`` scores of the same number.

    Raises:
        TypeError: without ``real``.
    """
    real = _need_real("relativistic_paired_generator_loss", real)
    return scale_mean(lambda x, g: _softplus(x - g).mean(), *paired_score_maps(real, fake))


def relativistic_average_critic_loss(real: Scores, fake: Scores) -> Tensor:
    """E sp(-(D(x) - E D(g))) + E sp(D(g) - E D(x)) (RaGAN, Jolicoeur-Martineau 2019)."""

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return _softplus(g.mean() - x).mean() + _softplus(g - x.mean()).mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def relativistic_average_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """E sp(-(D(g) - E D(x))) + E sp(D(x) - E D(g)): the critic's loss with the roles swapped; needs ``real``.

    Raises:
        TypeError: without ``real``.
    """
    real = _need_real("relativistic_average_generator_loss", real)

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return _softplus(x.mean() - g).mean() + _softplus(x - g.mean()).mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def relativistic_average_hinge_critic_loss(real: Scores, fake: Scores) -> Tensor:
    """E relu(1 - (D(x) - E D(g))) + E relu(1 + D(g) - E D(x)) (RaHinge, Jolicoeur-Martineau 2019; MSG-GAN's code)."""

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return (1.0 - (x - g.mean())).relu().mean() + (1.0 + (g - x.mean())).relu().mean()

    return scale_mean(loss, *both_score_maps(real, fake))


def relativistic_average_hinge_generator_loss(fake: Scores, real: Scores | None = None) -> Tensor:
    """E relu(1 - (D(g) - E D(x))) + E relu(1 + D(x) - E D(g)): the critic's loss with the roles swapped; needs
    ``real``.

    Raises:
        TypeError: without ``real``.
    """
    real = _need_real("relativistic_average_hinge_generator_loss", real)

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return (1.0 - (g - x.mean())).relu().mean() + (1.0 + (x - g.mean())).relu().mean()

    return scale_mean(loss, *both_score_maps(real, fake))


class LossLike(Protocol):
    """A pair of losses on scores, and the properties that a training step depends on."""

    needs_real: ClassVar[bool]
    """True if the generator loss uses real scores"""
    mixes_samples: ClassVar[bool]
    """True if a sample's loss depends on others in the batch, beyond the final mean"""
    has_labels: ClassVar[bool]
    """True if the critic loss has a label for real samples, which can be smoothed"""

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor: ...
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor: ...


@dataclass(frozen=True)
class _PlainLoss:
    needs_real: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False
    has_labels: ClassVar[bool] = False
    splits_at_zero: ClassVar[bool] = False
    """True if the critic loss pushes real scores above 0 and fake ones below; ADA uses their signs"""
    estimates_wasserstein: ClassVar[bool] = False
    """True if the gap of mean scores estimates a Wasserstein distance"""


@dataclass(frozen=True)
class Saturating(_PlainLoss):
    """Minimax loss of the original GAN; its generator gets little gradient from a confident critic."""

    has_labels: ClassVar[bool] = True
    splits_at_zero: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return saturating_critic_loss(real, fake, real_label)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return saturating_generator_loss(fake, real)


@dataclass(frozen=True)
class NonSaturating(_PlainLoss):
    """Non-saturating logistic loss, the usual one for GANs."""

    has_labels: ClassVar[bool] = True
    splits_at_zero: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return non_saturating_critic_loss(real, fake, real_label)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return non_saturating_generator_loss(fake, real)


@dataclass(frozen=True)
class LeastSquares(_PlainLoss):
    """Least-squares loss (LSGAN): squared distance of scores to the targets a, b, c."""

    fake_target: float = 0.0
    """a: the critic's target for fake scores"""
    real_target: float = 1.0
    """b: the critic's target for real scores"""
    generator_target: float = 1.0
    """c: the generator's target for fake scores"""
    has_labels: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        smoothed = self.fake_target + (self.real_target - self.fake_target) * real_label
        return least_squares_critic_loss(real, fake, self.fake_target, smoothed)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return least_squares_generator_loss(fake, real, self.generator_target)


@dataclass(frozen=True)
class Wasserstein(_PlainLoss):
    """Wasserstein loss: the difference of mean scores; needs a critic that a penalty or constraint keeps Lipschitz."""

    estimates_wasserstein: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return wasserstein_critic_loss(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return wasserstein_generator_loss(fake, real)


@dataclass(frozen=True)
class Hinge(_PlainLoss):
    """Hinge loss (SN-GAN, SAGAN, BigGAN)."""

    splits_at_zero: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return hinge_critic_loss(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return hinge_generator_loss(fake, real)


@dataclass(frozen=True)
class RelativisticPaired(_PlainLoss):
    """Relativistic logistic loss of pairs: each real score against the fake score of its row (RpGAN, R3GAN)."""

    needs_real: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return relativistic_paired_critic_loss(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return relativistic_paired_generator_loss(fake, real)


@dataclass(frozen=True)
class RelativisticAverage(_PlainLoss):
    """Relativistic average logistic loss: scores against the mean score of the other side (RaGAN)."""

    needs_real: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return relativistic_average_critic_loss(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return relativistic_average_generator_loss(fake, real)


@dataclass(frozen=True)
class RelativisticAverageHinge(_PlainLoss):
    """Relativistic average hinge loss: scores against the mean score of the other side, by a margin (RaHinge)."""

    needs_real: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = True

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return relativistic_average_hinge_critic_loss(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return relativistic_average_hinge_generator_loss(fake, real)


if TYPE_CHECKING:
    Loss: TypeAlias = LossLike
else:  # the closed set that files and the command line know
    Loss = (
        Saturating
        | NonSaturating
        | LeastSquares
        | Wasserstein
        | Hinge
        | RelativisticPaired
        | RelativisticAverage
        | RelativisticAverageHinge
    )

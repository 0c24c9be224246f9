"""SGAN: at each level an adversarial, a conditional and an entropy loss (Huang et al. 2017, Stacked GANs).

The critic's outputs are those of both levels (``levels``, ``recovered``), where its samples have levels; of images
alone they are one level's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from steadygan.checks import at_least
from steadygan.errors import UsageError
from steadygan.losses import Loss, Wasserstein
from steadygan.objectives.base import State
from steadygan.scores import widened
from steadygan.types import Batch, CriticOutput, scales_of

if TYPE_CHECKING:
    from torch import Tensor


class EncoderLike(Protocol):
    """A classifier with features, whose weights are fixed."""

    def features(self, images: Tensor) -> Tensor:
        """[N, C, H, W] to [N, F]"""

    def logits(self, features: Tensor) -> Tensor:
        """[N, F] to class logits [N, K]"""


def entropy_loss(recovered: Sequence[Tensor], latents: Tensor) -> Tensor:
    """The sum over levels of mean (Q(G(z)) - z)^2, over all numbers of a level; a scalar.

    Up to constants it bounds the conditional entropy of a level's samples from below, for a Gaussian Q of fixed
    variance: a generator that ignores its noise cannot have it recovered.

    Args:
        recovered: Q(G(z)) of each level, [N, z_i]
        latents: z, [N, sum of z_i], in the order of the levels

    Raises:
        UsageError: for latents of another size.
    """
    import torch

    sizes = [part.shape[1] for part in recovered]
    if sum(sizes) != latents.shape[1]:
        raise UsageError(
            f"a latent has {latents.shape[1]} numbers, but the critic recovers {' + '.join(map(str, sizes))}: the "
            "noise of both levels has to be that of the prior"
        )
    parts = torch.split(latents, sizes, dim=1)
    losses = [(widened(found) - z).square().mean() for found, z in zip(recovered, parts, strict=True)]
    return _sum(losses)


def conditional_loss(encoder: EncoderLike, fake: Batch) -> Tensor:
    """Of both levels: cross-entropy of the made features with the class, and mean (E(x) - h)^2 of the made images.

    Args:
        encoder: its weights are fixed; gradients pass through it
        fake: with samples of both levels, labels, and the features h that the images were made of
    """
    import torch.nn.functional as F

    if fake.labels is None or fake.condition is None:
        raise UsageError("the conditional loss needs labels, and the features that images were made of")
    features, images = scales_of(fake.samples)
    of_class = F.cross_entropy(widened(encoder.logits(features)), fake.labels)
    return of_class + (encoder.features(images) - fake.condition).square().mean()


class StackState(NamedTuple):
    """State of ``Stacked``: a reading of the last critic step."""

    adversarial_loss: Tensor
    """the critic's adversarial loss of images, with its weight"""


@dataclass(frozen=True)
class Stacked:
    """The losses of two stacked GANs, summed over their levels. The defaults are the weights of the authors' code.

    Huang et al. 2017, Stacked Generative Adversarial Networks. Q recovers the noise from the critic's last layer but
    one; the entropy loss is part of both players' losses.
    """

    loss: Loss = Wasserstein()
    """adversarial losses of critic and generator on the scores of each level"""
    critic_weight: float = 1.0
    """weight of the adversarial loss in the critic's; in the authors' code the mean over real and fake: 0.5"""
    generator_weight: float = 1.0
    """weight of the adversarial loss in the generator's"""
    conditional: float = 1.0
    """weight of the conditional loss"""
    entropy: float = 10.0
    """weight of the entropy loss, for noise in [0, 1]; a quarter of it is the same for noise in [-1, 1]"""
    class_weight: float = 1.0
    """weight of the critic's cross-entropy on real samples, of a critic with class logits"""

    def __post_init__(self) -> None:
        for name in ("critic_weight", "generator_weight", "conditional", "entropy", "class_weight"):
            at_least(f"Stacked.{name}", getattr(self, name), 0)
        if self.loss.needs_real or self.loss.mixes_samples:
            raise UsageError(
                f"Stacked.loss is {type(self.loss).__name__}, which compares real samples with fakes; allowed: "
                "Wasserstein, Saturating, NonSaturating, LeastSquares, Hinge"
            )

    @property
    def needs_real(self) -> bool:
        return False

    @property
    def mixes_samples(self) -> bool:
        return False

    @property
    def real_is_high(self) -> bool:
        return True

    def initial_state(self) -> StackState:
        import torch

        return StackState(torch.ones(()))

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        reals, fakes = _by_level(real), _by_level(fake)
        loss = self.critic_weight * _sum([self.loss.critic(x, g) for x, g in zip(reals, fakes, strict=True)])
        if real.class_logits is not None and self.class_weight:
            loss = loss + self.class_weight * _class_loss(real)
        return self._with_entropy(loss, fake)

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        loss = self.generator_weight * _sum([self.loss.generator(scores) for scores in _by_level(fake)])
        return self._with_entropy(loss, fake)

    def encoder_loss(self, encoder: EncoderLike, fake: Batch) -> Tensor:
        """The term of the generator's loss that needs the recipe's encoder."""
        return self.conditional * conditional_loss(encoder, fake)

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        loss = self.loss.critic(real.score, fake.score)
        return StackState((self.critic_weight * loss).to(state[0].dtype))

    def _with_entropy(self, loss: Tensor, fake: CriticOutput) -> Tensor:
        """Fakes without latents at hand, as in measurements of images alone, have no such term."""
        if not self.entropy or fake.recovered is None or fake.latents is None:
            return loss
        return loss + self.entropy * entropy_loss(fake.recovered, fake.latents)


def _by_level(output: CriticOutput) -> list[Tensor]:
    """The scores [N] of each level."""
    return [output.score] if output.levels is None else list(output.levels.unbind(dim=1))


def _class_loss(output: CriticOutput) -> Tensor:
    """Cross-entropy with the labels, summed over levels."""
    import torch.nn.functional as F

    if output.class_logits is None or output.labels is None:
        raise UsageError("Stacked.class_weight needs class logits and labels: take data that has them, or weight 0")
    logits = widened(output.class_logits)
    logits = logits[:, :, None] if logits.dim() == 2 else logits
    return _sum([F.cross_entropy(level, output.labels) for level in logits.unbind(dim=2)])


def _sum(losses: Sequence[Tensor]) -> Tensor:
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total

"""A generator and a critic of two levels: features of a class, and images of these features (SGAN, Huang et al. 2017).

The samples of both levels are ``Scales``: features [N, F], then images [N, C, H, W].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers.linear import linear
from steadygan.scores import widened
from steadygan.types import CriticOutput, Scales, register_scales

register_scales()


class FeatureGenerator(nn.Module):
    """Noise [N, z] and labels [N] to features [N, F], which are not negative, as the encoder's are."""

    classes: Tensor

    def __init__(self, paths: tuple[nn.Module | None, nn.Module | None], trunk: nn.Module, classes: int) -> None:
        """
        Args:
            paths: layers of the noise and of the one-hot label before they are joined; None: none
            trunk: of both together, to features
            classes: number of classes
        """
        super().__init__()
        of_noise, of_label = paths
        self.of_noise = of_noise or nn.Identity()
        self.of_label = of_label or nn.Identity()
        self.trunk = trunk
        self.register_buffer("classes", torch.arange(classes), persistent=False)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        one_hot = (labels[:, None] == self.classes).to(noise.dtype)
        made: Tensor = self.trunk(torch.cat([self.of_noise(noise), self.of_label(one_hot)], dim=1))
        return made if made.dtype == torch.float64 else made.float()


class ImageGenerator(nn.Module):
    """Features [N, F] and noise [N, z] to images: the noise passes layers of its own before both are joined."""

    def __init__(self, of_noise: nn.Module | None, network: nn.Module) -> None:
        super().__init__()
        self.of_noise = of_noise or nn.Identity()
        self.network = network

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        images: Tensor = self.network(torch.cat([features, self.of_noise(noise).to(features.dtype)], dim=1), None)
        return images


class StackedGenerator(nn.Module):
    """Latents [N, z1 + z0] and labels [N] to images [N, C, H, W] by way of features.

    ``levels`` is the pass of training: until the round ``joint_from`` the images are made of given features, those of
    real images, so that no gradient crosses the levels; then of the generator's own. The flag is a buffer: neither a
    recompilation nor a wait for the device follows it.
    """

    conditional = True
    of_levels = True
    joint: Tensor

    def __init__(
        self, top: nn.Module, bottom: nn.Module, noise: int, joint_from: int | None, joint_weight: float
    ) -> None:
        """
        Args:
            top: noise [N, z1] and labels to features
            bottom: features and noise [N, z0] to images
            noise: z1
            joint_from: round from which the levels are trained together; None: never
            joint_weight: factor of the lower level's gradient where it enters the upper one
        """
        super().__init__()
        self.top, self.bottom = top, bottom
        self.noise = noise
        self.joint_from, self.joint_weight = joint_from, joint_weight
        self.register_buffer("joint", torch.tensor(joint_from == 0))

    def set_round(self, round_: int) -> None:
        """Joins the levels from a round on, in place."""
        self.joint.fill_(self.joint_from is not None and round_ >= self.joint_from)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels."""
        images: Tensor = self.bottom(self._features(latents, labels), latents[:, self.noise :])
        return images

    def levels(self, latents: Tensor, labels: Tensor | None, given: Tensor) -> tuple[Scales, Tensor]:
        """The fakes of both levels, and the features [N, F] that the images were made of.

        Args:
            latents: [N, z1 + z0]
            labels: [N]
            given: [N, F], features of real images of these labels
        """
        features = self._features(latents, labels)
        still = features.detach()
        passed = still + self.joint_weight * (features - still)  # the same numbers; a weighted gradient
        condition = torch.where(self.joint, passed, given.to(passed.dtype))
        return Scales((features, self.bottom(condition, latents[:, self.noise :]))), condition

    def _features(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        if labels is None:
            raise UsageError("the generator is conditional, but got no labels: give the class of each sample")
        features: Tensor = self.top(latents[:, : self.noise], labels)
        return features


Squash = Literal["none", "tanh"]


class LevelCritic(nn.Module):
    """Samples of one level to a CriticOutput: scores, the noise that they were made of, and possibly class logits."""

    def __init__(
        self,
        trunk: nn.Module,
        pool: str,
        widths: tuple[int, int],
        noise: int,
        classes: int,
        *,
        squash: Squash,
        scheme: Literal["glorot", "normal_0.02"],
    ) -> None:
        """
        Args:
            trunk: samples to features [N, W] or maps [N, W, h, w]
            pool: of the features of the score: 'flatten', 'mean' or 'sum'; the noise is read from all of them
            widths: numbers of features after pooling, and without
            noise: numbers of noise to recover
            classes: K: the score is log sum exp of K class logits; 0: a score of its own
            squash: of the recovered noise: 'tanh' (of half the number) for noise in [-1, 1]
            scheme: of the heads' weights
        """
        super().__init__()
        self.trunk, self.pool, self.squash = trunk, pool, squash
        pooled, every = widths
        self.implicit = classes > 0
        self.score = linear(pooled, classes or 1, scheme, full_precision=True)
        self.recover = linear(every, noise, scheme, full_precision=True)

    def forward(self, samples: Tensor) -> CriticOutput:
        found: Tensor = self.trunk(samples)
        with torch.autocast(found.device.type, enabled=False):
            wide = found.to(self.score.weight.dtype)
            answers = self.score(self._pooled(wide))
            noise = self.recover(wide.flatten(1))
        noise = torch.tanh(0.5 * noise) if self.squash == "tanh" else noise
        if not self.implicit:
            return CriticOutput(score=answers.squeeze(1), recovered=(noise,))
        return CriticOutput(score=torch.logsumexp(answers, 1), class_logits=answers, recovered=(noise,))

    def _pooled(self, found: Tensor) -> Tensor:
        if self.pool == "flatten" or found.dim() == 2:
            return found.flatten(1)
        return found.mean(dim=(2, 3)) if self.pool == "mean" else found.sum(dim=(2, 3))


class StackedCritic(nn.Module):
    """Critics of both levels, whose outputs stand beside one another; images alone get those of their own critic.

    ``score`` is that of the images. ``levels`` [N, 2] has the scores of both levels, ``class_logits`` [N, K, 2] the
    logits, ``recovered`` the noise of each level.
    """

    of_levels = True

    def __init__(self, top: nn.Module, bottom: nn.Module) -> None:
        super().__init__()
        self.top, self.bottom = top, bottom

    def forward(self, samples: Tensor | Scales, labels: Tensor | None = None) -> CriticOutput:
        if not isinstance(samples, Scales):
            output: CriticOutput = self.bottom(samples)
            return output._replace(recovered=None)
        outputs: list[CriticOutput] = [self.top(samples.images[0]), self.bottom(samples.images[1])]
        logits = [output.class_logits for output in outputs if output.class_logits is not None]
        return CriticOutput(
            score=outputs[-1].score,
            class_logits=torch.stack(logits, dim=2) if logits else None,
            levels=torch.stack([output.score for output in outputs], dim=1),
            recovered=tuple(noise for output in outputs for noise in output.recovered or ()),
        )


class GaussianNoise(nn.Module):
    """x + deviation N(0, I) in training."""

    draws = True

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        return x + self.deviation * torch.randn_like(x) if self.training else x

    def extra_repr(self) -> str:
        return f"{self.deviation}"


class Dropout(nn.Dropout):
    """torch's dropout, marked as a layer that draws."""

    draws = True


def flat_width(trunk: nn.Module, shape: Sequence[int]) -> int:
    """Numbers that a trunk makes of one sample of a shape."""
    with torch.no_grad():
        trunk.eval()
        found = widened(trunk(torch.zeros(2, *shape)))
        trunk.train()
    return found.flatten(1).shape[1]

"""The losses of stacked GANs against closed forms and their gradients, in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from steadygan.errors import UsageError
from steadygan.losses import RelativisticPaired, Saturating, Wasserstein
from steadygan.objectives import Stacked, conditional_loss, entropy_loss
from steadygan.types import Batch, CriticOutput, Scales

N, WIDTH, CLASSES = 5, 4, 3


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values.requires_grad_()


class LinearEncoder:
    """E(x) = x A and logits h B."""

    def __init__(self) -> None:
        self.a, self.b = drawn(6, WIDTH, seed=7).detach(), drawn(WIDTH, CLASSES, seed=8).detach()

    def features(self, images):
        return images.flatten(1) @ self.a

    def logits(self, features):
        return features @ self.b


def test_entropy_loss_is_the_mean_square_of_each_level_and_so_is_its_gradient():
    upper, lower, latents = drawn(N, 2, seed=1), drawn(N, 3, seed=2), drawn(N, 5, seed=3)
    loss = entropy_loss((upper, lower), latents)
    errors = upper - latents[:, :2], lower - latents[:, 2:]
    want = sum((error**2).sum().item() / error.numel() for error in errors)
    assert loss.item() == pytest.approx(want, rel=1e-14)
    gradients = torch.autograd.grad(loss, (upper, lower))
    for gradient, error in zip(gradients, errors, strict=True):
        torch.testing.assert_close(gradient, 2 * error / error.numel(), rtol=1e-13, atol=1e-15)
    with pytest.raises(UsageError, match=r"6 numbers, but the critic recovers 2 \+ 3"):
        entropy_loss((upper, lower), drawn(N, 6))


def test_conditional_loss_is_cross_entropy_above_and_a_mean_square_below():
    encoder = LinearEncoder()
    features, images, condition = drawn(N, WIDTH, seed=1), drawn(N, 1, 2, 3, seed=2), drawn(N, WIDTH, seed=3)
    labels = torch.tensor([0, 1, 2, 0, 1])
    fake = Batch(Scales((features, images)), labels, condition=condition)
    loss = conditional_loss(encoder, fake)
    logits = features @ encoder.b
    of_class = (torch.logsumexp(logits, 1) - logits[torch.arange(N), labels]).mean()
    error = images.flatten(1) @ encoder.a - condition
    assert loss.item() == pytest.approx((of_class + error.square().sum() / (N * WIDTH)).item(), rel=1e-14)
    above, below, given = torch.autograd.grad(loss, (features, images, condition))
    shares = (logits.softmax(1) - F.one_hot(labels, CLASSES)) / N
    torch.testing.assert_close(above, shares @ encoder.b.T, rtol=1e-12, atol=1e-14)
    pulled = 2 * error / (N * WIDTH)
    torch.testing.assert_close(below.flatten(1), pulled @ encoder.a.T, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(given, -pulled, rtol=1e-12, atol=1e-14)


def outputs(seed: int) -> CriticOutput:
    logits = drawn(N, CLASSES, 2, seed=seed)
    levels = torch.logsumexp(logits, 1)
    recovered = (drawn(N, 2, seed=seed + 1), drawn(N, 3, seed=seed + 2))
    return CriticOutput(
        levels[:, 1],
        class_logits=logits,
        labels=torch.tensor([0, 1, 2, 0, 1]),
        levels=levels,
        recovered=recovered,
        latents=drawn(N, 5, seed=seed + 3),
    )


def test_the_losses_of_the_authors_cifar_code_are_written_out():
    """An implicit class for fakes: -log D = softplus(l) - l and -log(1 - D) = softplus(l) of l = log sum exp."""
    real, fake = outputs(10), outputs(20)
    objective = Stacked(Saturating(), critic_weight=0.5, entropy=10.0, conditional=0.0)
    entropy = 10 * entropy_loss(fake.recovered, fake.latents)
    adversarial, classes, saturating = 0.0, 0.0, 0.0
    for level in (0, 1):
        x, g = real.levels[:, level], fake.levels[:, level]
        adversarial = adversarial + 0.5 * (F.softplus(x) - x).mean() + 0.5 * F.softplus(g).mean()
        classes = classes + F.cross_entropy(real.class_logits[:, :, level], real.labels)
        saturating = saturating - F.softplus(g).mean()
    state = objective.initial_state()
    got = objective.critic_loss(real, fake, state), objective.generator_loss(None, fake, state)
    want = adversarial + classes + entropy, saturating + entropy
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14)
    after = objective.next_state(real, fake, state)
    x, g = real.score, fake.score
    assert after.adversarial_loss.item() == pytest.approx((0.5 * ((F.softplus(x) - x) + F.softplus(g)).mean()).item())


def test_images_alone_are_one_level_without_the_terms_that_need_latents():
    real, fake = CriticOutput(drawn(N, seed=1)), CriticOutput(drawn(N, seed=2))
    objective = Stacked(Wasserstein())
    assert objective.critic_loss(real, fake, ()).item() == pytest.approx((fake.score - real.score).mean().item())
    assert objective.generator_loss(None, fake, ()).item() == pytest.approx(-fake.score.mean().item())


def test_losses_that_compare_both_sides_and_wrong_weights_are_refused():
    with pytest.raises(UsageError, match=r"Stacked\.loss is RelativisticPaired.*allowed: Wasserstein"):
        Stacked(RelativisticPaired())
    for name in ("conditional", "entropy", "class_weight", "critic_weight", "generator_weight"):
        with pytest.raises(UsageError, match=f"Stacked.{name} is"):
            Stacked(**{name: -1.0})
        with pytest.raises(UsageError, match=f"Stacked.{name} is"):
            Stacked(**{name: math.nan})

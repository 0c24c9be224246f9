"""Adversarial objectives: a loss on the critic's scores, with label smoothing where it has labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.losses import (
    Hinge,
    LeastSquares,
    Loss,
    NonSaturating,
    RelativisticAverage,
    RelativisticAverageHinge,
    RelativisticPaired,
    Saturating,
    Wasserstein,
)
from steadygan.objectives import Adversarial
from steadygan.types import CriticOutput

LOSSES = [
    Saturating(),
    NonSaturating(),
    LeastSquares(),
    Wasserstein(),
    Hinge(),
    RelativisticPaired(),
    RelativisticAverage(),
    RelativisticAverageHinge(),
]


def outputs() -> tuple[CriticOutput, CriticOutput]:
    return CriticOutput(torch.randn(6)), CriticOutput(torch.randn(6))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_an_adversarial_objective_is_its_loss_on_the_scores(loss: Loss) -> None:
    objective, (real, fake) = Adversarial(loss), outputs()
    assert objective.critic_loss(real, fake, ()) == loss.critic(real.score, fake.score)
    assert objective.generator_loss(real, fake, ()) == loss.generator(fake.score, real.score)
    assert objective.needs_real == loss.needs_real and objective.mixes_samples == loss.mixes_samples
    assert objective.real_is_high


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if not loss.needs_real], ids=lambda loss: type(loss).__name__)
def test_the_generator_loss_needs_no_real_outputs_unless_declared(loss: Loss) -> None:
    _, fake = outputs()
    assert Adversarial(loss).generator_loss(None, fake, ()) == loss.generator(fake.score)


def test_an_adversarial_objective_has_no_state() -> None:
    objective, (real, fake) = Adversarial(), outputs()
    assert objective.initial_state() == () and objective.next_state(real, fake, ()) == ()


@pytest.mark.parametrize("loss", [Saturating(), NonSaturating()], ids=lambda loss: type(loss).__name__)
def test_label_smoothing_reaches_the_real_half_of_the_loss_only(loss: Loss) -> None:
    real, fake = outputs()
    x, g = real.score.double().numpy(), fake.score.double().numpy()
    expected = (0.9 * np.logaddexp(0, -x) + 0.1 * np.logaddexp(0, x)).mean() + np.logaddexp(0, g).mean()
    objective = Adversarial(loss, real_label=0.9)
    assert objective.critic_loss(real, fake, ()).item() == pytest.approx(expected, rel=1e-6)
    assert objective.generator_loss(None, fake, ()) == Adversarial(loss).generator_loss(None, fake, ())


@pytest.mark.parametrize(
    "loss",
    [Wasserstein(), Hinge(), RelativisticPaired(), RelativisticAverage()],
    ids=lambda loss: type(loss).__name__,
)
def test_label_smoothing_is_refused_where_there_is_no_label(loss: Loss) -> None:
    with pytest.raises(UsageError, match=type(loss).__name__) as error:
        Adversarial(loss, real_label=0.9)
    line = str(error.value)
    assert "real_label" in line and "0.9" in line and "NonSaturating" in line and "\n" not in line


@pytest.mark.parametrize("label", [0.0, -1.0, 1.1, float("nan")])
def test_a_label_that_is_no_share_is_refused(label: float) -> None:
    with pytest.raises(UsageError, match="real_label"):
        Adversarial(NonSaturating(), real_label=label)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("scale", [0.1, 30.0])
def test_a_scale_of_scores_is_a_critic_of_another_slope(loss: Loss, scale: float) -> None:
    objective, (real, fake) = Adversarial(loss, score_scale=scale), outputs()
    real.score.requires_grad_()
    fake.score.requires_grad_()
    steep = [CriticOutput(scale * output.score) for output in (real, fake)]
    plain = Adversarial(loss)
    torch.testing.assert_close(objective.critic_loss(real, fake, ()), plain.critic_loss(*steep, ()) / scale)
    given = real if loss.needs_real else None
    expected = plain.generator_loss(steep[0] if loss.needs_real else None, steep[1], ()) / scale
    torch.testing.assert_close(objective.generator_loss(given, fake, ()), expected)


def test_a_small_scale_of_scores_makes_losses_linear_and_a_linear_loss_has_none() -> None:
    real, fake = outputs()
    gap = real.score.double().mean() - fake.score.double().mean()
    wide = [CriticOutput(output.score.double()) for output in (real, fake)]
    for loss, slope in ((NonSaturating(), 0.5), (Hinge(), 1.0), (LeastSquares(-1.0, 1.0, 1.0), 1.0)):
        at_zero = loss.critic(torch.zeros(1).double(), torch.zeros(1).double())
        change = Adversarial(loss, score_scale=1e-4).critic_loss(*wide, ()) - at_zero / 1e-4
        assert change.item() == pytest.approx(-slope * gap.item(), rel=1e-2)
    exact = Adversarial(Wasserstein(), score_scale=100.0).critic_loss(*wide, ())
    torch.testing.assert_close(exact, -gap)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_of_scores_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="score_scale"):
        Adversarial(NonSaturating(), score_scale=scale)

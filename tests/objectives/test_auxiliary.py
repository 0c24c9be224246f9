"""AC-GAN: cross-entropy beside another objective, which is otherwise left as it is."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.losses import Hinge, RelativisticAverage, RelativisticPaired, Wasserstein
from steadygan.objectives import Adversarial, AuxiliaryClassifier, BoundaryEquilibrium
from steadygan.types import CriticOutput
from tests.objectives.outputs import CLASSES, pair


def cross_entropy(output: CriticOutput) -> float:
    assert output.class_logits is not None and output.labels is not None
    total = 0.0
    for logits, label in zip(output.class_logits.tolist(), output.labels.tolist(), strict=True):
        total += math.log(sum(math.exp(logit) for logit in logits)) - logits[label]
    return total / len(output.score)


def test_the_critic_classifies_real_samples_and_the_generator_is_asked_for_classes() -> None:
    real, fake = pair()
    objective = AuxiliaryClassifier(Adversarial(Hinge()), critic_weight=0.7, generator_weight=0.3)
    base = Adversarial(Hinge())
    critic = base.critic_loss(real, fake, ()).item() + 0.7 * cross_entropy(real)
    generator = base.generator_loss(None, fake, ()).item() + 0.3 * cross_entropy(fake)
    assert objective.critic_loss(real, fake, ()).item() == pytest.approx(critic, rel=1e-12)
    assert objective.generator_loss(None, fake, ()).item() == pytest.approx(generator, rel=1e-12)


def test_the_critic_can_learn_from_fakes_too() -> None:
    real, fake = pair()
    objective = AuxiliaryClassifier(classify_fakes=True, critic_weight=2.0)
    expected = Adversarial(Wasserstein()).critic_loss(real, fake, ()).item()
    expected += 2.0 * (cross_entropy(real) + cross_entropy(fake))
    assert objective.critic_loss(real, fake, ()).item() == pytest.approx(expected, rel=1e-12)


def test_the_defaults_are_the_weights_of_the_wgan_gp_code() -> None:
    objective = AuxiliaryClassifier()
    assert (objective.critic_weight, objective.generator_weight, objective.classify_fakes) == (1.0, 0.1, False)


def test_logits_that_know_nothing_cost_the_log_of_the_number_of_classes() -> None:
    real, fake = pair()
    real = real._replace(score=torch.zeros(6), class_logits=torch.zeros(6, CLASSES))
    fake = fake._replace(score=torch.zeros(6))
    assert AuxiliaryClassifier().critic_loss(real, fake, ()).item() == pytest.approx(math.log(CLASSES))


@pytest.mark.parametrize("loss", [Hinge(), RelativisticPaired(), RelativisticAverage()])
def test_the_needs_of_the_base_stay(loss: Hinge | RelativisticPaired | RelativisticAverage) -> None:
    base = Adversarial(loss)
    objective = AuxiliaryClassifier(base)
    for name in ("needs_real", "mixes_samples", "real_is_high"):
        assert getattr(objective, name) == getattr(base, name)


def test_the_bases_state_is_carried() -> None:
    base, (real, fake) = BoundaryEquilibrium(rate=0.1), pair(positive=True)
    objective = AuxiliaryClassifier(base)  # type: ignore[arg-type]
    state = objective.next_state(real, fake, objective.initial_state())
    assert state == base.next_state(real, fake, base.initial_state()) and not objective.real_is_high


@pytest.mark.parametrize(
    ("missing", "part"), [("class_logits", "set class_logits of the critic to true"), ("labels", "needs labels")]
)
def test_what_is_missing_is_one_line_with_the_remedy(missing: str, part: str) -> None:
    real, fake = pair()
    bare = real._replace(**{missing: None})
    for ask in (
        lambda: AuxiliaryClassifier().critic_loss(bare, fake, ()),
        lambda: AuxiliaryClassifier().generator_loss(None, bare, ()),
        lambda: AuxiliaryClassifier(classify_fakes=True).critic_loss(real, bare, ()),
    ):
        with pytest.raises(UsageError, match=part) as error:
            ask()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["critic_weight", "generator_weight"])
def test_weights_below_0_are_refused(field: str) -> None:
    with pytest.raises(UsageError, match=f"AuxiliaryClassifier.{field} is -1"):
        AuxiliaryClassifier(**{field: -1.0})  # type: ignore[arg-type]

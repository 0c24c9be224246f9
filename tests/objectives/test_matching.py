"""Feature matching: squared distance of mean features, in place of the generator's loss."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.losses import Hinge, NonSaturating
from steadygan.objectives import Adversarial, AuxiliaryClassifier, FeatureMatching, feature_matching_loss
from tests.objectives.outputs import WIDTH, pair


def test_the_loss_is_the_squared_distance_of_the_means() -> None:
    real, fake = torch.randn(6, WIDTH, dtype=torch.float64), torch.randn(9, WIDTH, dtype=torch.float64)
    expected = 0.0
    for column in range(WIDTH):
        difference = sum(real[:, column].tolist()) / 6 - sum(fake[:, column].tolist()) / 9
        expected += difference**2
    assert feature_matching_loss(real, fake).item() == pytest.approx(expected, rel=1e-12)


def test_a_shift_of_all_features_costs_its_squared_length() -> None:
    features, shift = torch.randn(7, 3, dtype=torch.float64), torch.tensor([1.0, -2.0, 2.0], dtype=torch.float64)
    assert feature_matching_loss(features, features + shift).item() == pytest.approx(9.0, rel=1e-12)
    assert feature_matching_loss(features, features.flip(0)).item() == pytest.approx(0.0, abs=1e-30)


def test_it_replaces_the_generators_loss_and_keeps_the_critics() -> None:
    real, fake = pair()
    base = Adversarial(Hinge())
    objective = FeatureMatching(base, weight=3.0)
    assert real.features is not None and fake.features is not None
    matched = feature_matching_loss(real.features, fake.features).item()
    assert objective.critic_loss(real, fake, ()) == base.critic_loss(real, fake, ())
    assert objective.generator_loss(real, fake, ()).item() == pytest.approx(3.0 * matched, rel=1e-12)


def test_the_bases_own_loss_can_be_added() -> None:
    real, fake = pair()
    base = AuxiliaryClassifier(Adversarial(NonSaturating()))
    both = FeatureMatching(base, weight=3.0, base_weight=0.5).generator_loss(real, fake, ())
    alone = FeatureMatching(base, weight=3.0).generator_loss(real, fake, ())
    expected = alone + 0.5 * base.generator_loss(real, fake, ())
    assert both.item() == pytest.approx(expected.item(), rel=1e-12)


def test_gradients_reach_fake_features_only() -> None:
    real, fake = pair(grad=True)
    FeatureMatching().generator_loss(real, fake, ()).backward()
    assert real.features is not None and fake.features is not None
    expected = 2 / 6 * (fake.features.mean(0) - real.features.mean(0)).expand(6, WIDTH)
    assert real.features.grad is None
    assert fake.features.grad is not None and torch.allclose(fake.features.grad, expected.detach(), atol=1e-15)


def test_it_declares_what_it_needs() -> None:
    objective = FeatureMatching(Adversarial(Hinge()))
    assert objective.needs_real and objective.mixes_samples and objective.real_is_high
    assert objective.initial_state() == () and objective.next_state(*pair(), ()) == ()


def test_missing_features_are_one_line_with_the_remedy() -> None:
    real, fake = pair()
    with pytest.raises(UsageError, match="set features of the critic to true") as error:
        FeatureMatching().generator_loss(real._replace(features=None), fake, ())
    assert "\n" not in str(error.value)


def test_missing_real_outputs_are_refused() -> None:
    with pytest.raises(TypeError, match="pass the critic's output on real samples"):
        FeatureMatching().generator_loss(None, pair()[1], ())


def test_a_generator_that_would_learn_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="both 0"):
        FeatureMatching(weight=0.0)
    with pytest.raises(UsageError, match=r"FeatureMatching\.weight is -1"):
        FeatureMatching(weight=-1.0)

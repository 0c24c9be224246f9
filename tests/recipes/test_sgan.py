"""SGAN's recipes: the weights, rates and stages of paper and code."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.balance import StepsByLoss
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating, Saturating, Wasserstein
from steadygan.objectives import Stacked
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Uniform
from steadygan.recipes import FAMILIES, find
from steadygan.types import SampleSpec

IMAGES, DIGITS = SampleSpec((3, 32, 32), 10), SampleSpec((1, 28, 28), 10)


def test_the_authors_runs_have_200_epochs_of_batches_of_100_and_joint_ones_at_the_end_of_cifar() -> None:
    for name, epoch, noise in (("sgan-cifar10", 500, (50, 16)), ("sgan-mnist", 600, (50, 50))):
        joint = 0.01 if name == "sgan-cifar10" else 0.0  # no loss of both in MNIST's script
        recipe = find(name)(IMAGES)
        assert recipe.name == name and recipe.data.source == name.removeprefix("sgan-")
        assert (recipe.batch, recipe.rounds, recipe.steps(0)) == (100, 200 * epoch, 1)
        assert recipe.generator.joint_from == 190 * epoch and recipe.generator.joint_weight == joint
        assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(1e-4, betas=(0.5, 0.999))
        assert (recipe.critic.noise, recipe.critic.lower_noise) == noise and recipe.prior == Uniform(sum(noise))
        assert recipe.objective.entropy == 10 / 4  # noise in [-1, 1], where errors are twice theirs in [0, 1]
    assert list(FAMILIES["sgan-SETTING"][1]) == ["sgan-cifar10", "sgan-mnist"]


def test_cifar_has_the_saturating_loss_on_implicit_classes_and_balanced_steps() -> None:
    recipe = find("sgan-cifar10")(IMAGES)
    assert recipe.objective == Stacked(Saturating(), critic_weight=0.5, entropy=2.5) and recipe.critic.implicit
    assert recipe.balance == StepsByLoss("adversarial_loss", (0.65, 0.5, 0.3), (1, 3, 5, 7))
    assert (recipe.critic.corruption, recipe.critic.images.corruption, recipe.critic.images.dropout) == (0.2, 0.05, 0.1)


def test_mnist_has_the_non_saturating_loss_and_steps_in_turn() -> None:
    recipe = find("sgan-mnist")(DIGITS)
    assert recipe.objective == Stacked(NonSaturating(), critic_weight=0.5, entropy=2.5) and not recipe.critic.implicit
    assert recipe.balance is None and recipe.critic.squash == "tanh"


def test_a_laptop_s_has_wgan_gp_s_losses_at_both_levels() -> None:
    recipe = recipes.sgan(DIGITS)
    assert recipe.objective == Stacked(Wasserstein(), entropy=2.5) and recipe.steps(0) == 5
    assert recipe.penalties == (GradientPenalty(10.0, target=1.0),)
    assert recipe.generator.joint_from == 0.9 * recipe.rounds


def test_a_setting_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(UsageError, match="setting is 'cifar'; allowed: cifar10, mnist"):
        recipes.sgan_setting("cifar")  # type: ignore[arg-type]

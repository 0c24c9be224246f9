"""ProGAN: the settings of its authors' code, by size and preset."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.growth import Growth
from steadygan.losses import Wasserstein
from steadygan.objectives import Adversarial
from steadygan.penalties import Drift, GradientPenalty
from steadygan.recipe import dumps, loads
from steadygan.types import SampleSpec


@pytest.mark.parametrize(
    ("side", "batches", "batch"),
    [(8, (128,), 128), (32, (128, 128, 128), 64), (64, (128, 128, 128, 64), 32),
     (256, (128, 128, 128, 64, 32, 16), 8), (1024, (128, 128, 128, 64, 32, 16, 8, 4), 4)],
)  # fmt: skip
def test_the_automatic_settings_go_by_the_size(side, batches, batch):
    recipe = recipes.progan_preset("auto", SampleSpec((3, side, side)))
    at_1024 = side == 1024
    assert recipe.growth == Growth(600_000, 600_000, batches, (2 / 3,) * 8 if at_1024 else ())
    assert recipe.batch == batch and recipe.critic.group == 4
    for optimizer in (recipe.generator_optimizer, recipe.critic_optimizer):
        assert (optimizer.lr, optimizer.betas) == (0.0015 if at_1024 else 0.001, (0.0, 0.99))
    assert recipe.objective == Adversarial(Wasserstein()) and recipe.critic_steps(0) == 1
    assert recipe.penalties == (GradientPenalty(10.0, target=1.0), Drift(1e-3))
    assert recipe.average.decay(batch, 10**9) == pytest.approx(0.999, abs=1e-6)
    assert recipe.growth.images_before(recipe.rounds, batch) == pytest.approx(12e6, abs=128)
    full = recipe.growth.starts(batch)[-1]
    assert recipe.growth.images_before(full, batch) == pytest.approx(1_200e3 * len(batches), abs=128)


def test_the_papers_presets():
    cifar = recipes.progan_preset("cifar")
    assert cifar.growth == Growth(400_000, 400_000, (16, 16, 16)) and cifar.batch == cifar.critic.group == 16
    assert cifar.penalties[0] == GradientPenalty(10 / 750**2, target=750.0)
    assert (cifar.generator.base, cifar.generator.most, cifar.prior.size) == (8192, 128, 128)
    lsun = recipes.progan_preset("256", SampleSpec((3, 256, 256)))
    assert lsun.growth == Growth(800_000, 800_000, (16,) * 6) and lsun.batch == 16
    celeba = recipes.progan_preset("1024", SampleSpec((3, 1024, 1024)))
    assert celeba.batch == 3 and celeba.growth.stable == 800_000
    assert celeba.growth.batches == (16, 16, 16, 16, 16, 16, 14, 6) and celeba.critic.group is None
    assert celeba.growth.images_before(celeba.rounds, 3) == pytest.approx(19e6, abs=16)
    with pytest.raises(UsageError, match="progan-"):
        recipes.find("progan-255")


def test_a_recipe_of_each_name_is_read_back():
    for name in ("progan", "progan-auto", "progan-cifar", "progan-256", "progan-1024"):
        recipe = recipes.find(name)(SampleSpec((1, 28, 28)))
        assert recipe.name == name and recipe.growth.levels == 3
        assert loads(dumps(recipe)) == recipe

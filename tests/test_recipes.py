"""Recipes: the papers' numbers, networks that fit, and their names."""

from __future__ import annotations

import dataclasses
import re

import pytest
import torch

from steadygan import recipes
from steadygan.constraints import WeightClip
from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.losses import Hinge, LeastSquares, NonSaturating, RelativisticPaired, Wasserstein
from steadygan.networks import LabelledGenerator, ResNetCritic, ResNetGenerator, TextCritic, TextGenerator
from steadygan.networks.layers.inspect import is_conditional
from steadygan.objectives import Adversarial, AuxiliaryClassifier, BoundaryEquilibrium, EnergyBased
from steadygan.optimizers import Adam, RMSprop, two_time_scale
from steadygan.penalties import R1, R2, Between, GradientPenalty, NearReal
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES, find, summary
from steadygan.representations import OneHot
from steadygan.schedules import LinearDecay
from steadygan.training.validate import check
from steadygan.types import SampleSpec, scales_of
from tests.networks.spectral import spectral_norms

POINTS = SampleSpec((2,))
IMAGES = SampleSpec((3, 32, 32))
WASSERSTEIN = ("wgan", "wgan-gp", "wgan-gp-one-sided", "wgan-gp-cifar10")
PENALISED = ("wgan-gp", "wgan-gp-one-sided", "wgan-gp-cifar10", "dragan", "acgan-wgan-gp")
TEXTUAL = ("text", "text-gan")
TEXT = SampleSpec((40, 16))
CONDITIONAL = ("acgan", "acgan-wgan-gp", "projection")
RESIDUAL = ("wgan-gp-cifar10", "sngan-cifar10", "sagan", "projection")
"""for pictures of 8 to 128 px but 28, and not for points"""
PICTURES = ("r3gan-cifar10", "photos")
RELATIVISTIC = ("r3gan", *PICTURES)


@pytest.mark.parametrize("sample", [POINTS, IMAGES], ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_called_what_the_command_line_calls_it(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    assert isinstance(recipe, Recipe) and recipe.name == name


@pytest.mark.parametrize("name", WASSERSTEIN)
def test_the_wasserstein_line_has_its_loss_and_five_critic_steps(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective.loss == Wasserstein() and recipe.objective.real_label == 1.0
    assert recipe.steps(30) == 5 and recipe.batch == 64


@pytest.mark.parametrize("name", ["gan", "dcgan", "lsgan", "ebgan", "ebgan-pt", "acgan"])
def test_the_others_take_one_critic_step(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert {recipe.steps(round_) for round_ in (0, 1, 500)} == {1}
    assert not recipe.penalties and recipe.constraint is None and recipe.batch == 64


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_dcgan_steps_with_adam_at_2e_4(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective.loss == NonSaturating()
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(2e-4, betas=(0.5, 0.999))


def test_lsgan_has_targets_0_1_1_and_rmsprop() -> None:
    recipe = recipes.lsgan(IMAGES)
    assert recipe.objective.loss == LeastSquares(0.0, 1.0, 1.0)
    assert isinstance(recipe.critic_optimizer, RMSprop) and recipe.critic_optimizer.lr == 1e-4
    assert recipe.generator_optimizer == recipe.critic_optimizer


def test_wgan_clips_at_a_hundredth_after_steps_of_rmsprop_and_warms_up() -> None:
    recipe = recipes.wgan(IMAGES)
    assert recipe.constraint == WeightClip(0.01, when="after", spare_norms=False) and not recipe.penalties
    for optimizer in (recipe.generator_optimizer, recipe.critic_optimizer):
        assert isinstance(optimizer, RMSprop) and (optimizer.lr, optimizer.momentum) == (5e-5, 0.0)
    assert [recipe.steps(round_) for round_ in (0, 24, 25, 499, 500, 501)] == [100, 100, 5, 5, 100, 5]


def test_wgan_gp_is_algorithm_1_of_its_paper() -> None:
    recipe = recipes.wgan_gp(IMAGES)
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, one_sided=False, at=Between()),)
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(1e-4, betas=(0.0, 0.9))
    assert recipe.constraint is None and recipe.prior.size == 128 and recipe.rounds == 200_000
    assert recipe.critic_optimizer.settings(10**6)["lr"] == pytest.approx(1e-4)  # no decay


def test_wgan_gp_on_points_is_the_authors_toy_code() -> None:
    recipe = recipes.wgan_gp(POINTS)
    assert recipe.penalties == (GradientPenalty(weight=0.1),)
    assert recipe.critic_optimizer == Adam(1e-4, betas=(0.5, 0.9))
    assert (recipe.batch, recipe.prior.size, recipe.rounds, recipe.steps(0)) == (256, 2, 100_000, 5)
    generator, critic = recipe.generator.build(POINTS, 2), recipe.critic.build(POINTS)
    assert sum(p.numel() for p in generator.parameters()) == 527_874
    assert sum(p.numel() for p in critic.parameters()) == 527_361


@pytest.mark.parametrize("sample", [POINTS, IMAGES], ids=str)
def test_one_sided_wgan_gp_differs_from_wgan_gp_in_its_name_and_one_flag(sample: SampleSpec) -> None:
    two, one = recipes.wgan_gp(sample), recipes.wgan_gp_one_sided(sample)
    changed = {f.name for f in dataclasses.fields(two) if getattr(two, f.name) != getattr(one, f.name)}
    assert changed == {"name", "penalties"}
    assert one.penalties == (dataclasses.replace(two.penalties[0], one_sided=True),)


def test_wgan_gp_cifar10_is_appendix_f() -> None:
    recipe = recipes.wgan_gp_cifar10()
    assert (recipe.batch, recipe.fakes, recipe.prior.size, recipe.rounds) == (64, 128, 128, 100_000)
    assert (
        recipe.generator_optimizer
        == recipe.critic_optimizer
        == Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000, 1.0, 0.0))
    )
    assert recipe.penalties == (GradientPenalty(weight=10.0),) and recipe.steps(0) == 5
    assert recipe.representation.dequantise == "paper" and recipe.data.source == "cifar10"
    generator, critic = recipe.generator.build(IMAGES, 128), recipe.critic.build(IMAGES)
    assert sum(p.numel() for p in generator.parameters()) == 1_204_483
    assert sum(p.numel() for p in critic.parameters()) == 1_053_825


def test_dragan_penalises_gradient_norms_off_1_around_the_real_samples() -> None:
    recipe = recipes.dragan(IMAGES)
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, at=NearReal(0.5)),)
    assert recipe.objective == Adversarial(NonSaturating()) and recipe.steps(0) == 1


@pytest.mark.parametrize(("size", "width"), [(8, 64), (64, 64), (128, 128)])
def test_began_paper_has_the_papers_numbers(size: int, width: int) -> None:
    recipe = recipes.began_paper(SampleSpec((3, size, size)))
    assert recipe.generator.width == recipe.critic.width == width
    assert recipe.critic.code == recipe.prior.size == 64 and recipe.critic.exponent == 1
    assert recipe.objective == BoundaryEquilibrium(gamma=0.5, rate=0.001)
    assert (recipe.batch, recipe.critic_optimizer.lr, recipe.counts(0)) == (16, 1e-4, (1, 1))
    assert recipe.generator.carry == recipe.critic.carry == LinearDecay(16_000)
    assert recipe.plateau is not None and (recipe.plateau.of, recipe.plateau.factor) == ("convergence_mean", 0.5)


@pytest.mark.parametrize("size", [64, 128])
def test_began_is_the_papers_at_64_px_and_above(size: int) -> None:
    sample = SampleSpec((3, size, size))
    assert recipes.began(sample) == dataclasses.replace(recipes.began_paper(sample), name="began")


@pytest.mark.parametrize(("channels", "gamma"), [(1, 1.0), (3, 0.7)])
@pytest.mark.parametrize("size", [8, 16, 28, 32])
def test_began_is_small_and_quick_to_balance_at_32_px_and_below(size: int, channels: int, gamma: float) -> None:
    recipe = recipes.began(SampleSpec((channels, size, size)))
    assert recipe.objective == BoundaryEquilibrium(gamma=gamma, rate=0.1, least=0.05)
    assert recipe.critic.code == recipe.prior.size == recipe.generator.width == 16
    assert recipe.generator_optimizer.lr > recipe.critic_optimizer.lr and recipe.generator.carry is None


def test_ebgan_pt_differs_from_ebgan_in_its_name_and_the_pulling_away_term() -> None:
    plain, spread = recipes.ebgan(IMAGES), recipes.ebgan_pt(IMAGES)
    assert plain.objective == EnergyBased() and spread.objective == EnergyBased(pulling_away=0.1)
    assert dataclasses.replace(plain, name="ebgan-pt", objective=spread.objective) == spread


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_r3gan_pairs_scores_and_has_both_penalties_in_each_step(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective == Adversarial(RelativisticPaired()) and recipe.steps(0) == 1
    first, second = recipe.penalties
    assert isinstance(first, R1) and isinstance(second, R2) and first.gamma == second.gamma
    assert recipe.generator_optimizer.betas[0] == recipe.critic_optimizer.betas[0] == 0.0


@pytest.mark.parametrize("classes", [0, 10])
def test_r3gan_cifar10_is_the_papers_preset(classes: int) -> None:
    recipe = recipes.r3gan_cifar10(SampleSpec((3, 32, 32), classes))
    assert recipe.batch * recipe.rounds == pytest.approx(20e6, rel=1e-4) and recipe.batch == 512
    assert recipe.generator.conditional is recipe.critic.conditional is (classes > 0)
    assert recipe.data == DataOptions(source="cifar10", flip=True) and recipe.prior.size == 64

    def at(round_: int) -> list[float]:
        settings = recipe.critic_optimizer.settings(round_)
        return [
            settings["lr"],
            settings["betas"][1],
            recipe.penalties[0].gamma(round_),
            recipe.perturbation.strength(round_),
            recipe.average.half_life(round_),
        ]

    assert at(0) == pytest.approx([2e-4, 0.9, 0.05, 0.0, 0.0])
    assert at(recipe.rounds) == pytest.approx([5e-5, 0.99, 0.005, 0.55, 5e6])
    assert recipe.generator_optimizer == recipe.critic_optimizer


@pytest.mark.parametrize(("size", "width"), [(32, 16), (64, 16), (128, 8)])
def test_photos_is_narrower_where_rounds_are_few(size: int, width: int) -> None:
    recipe = recipes.photos(SampleSpec((3, size, size)))
    assert recipe.generator.width == recipe.critic.width == width


def test_photos_refuses_other_samples_than_pictures() -> None:
    with pytest.raises(UsageError, match="is for images, but a sample is 2: use MLPGenerator"):
        recipes.photos(POINTS).critic.build(POINTS)


def test_acgan_has_the_weights_of_its_paper_and_on_wgan_gp_those_of_its_code() -> None:
    expected = AuxiliaryClassifier(Adversarial(NonSaturating()), 1.0, 1.0, classify_fakes=True)
    assert recipes.acgan(IMAGES).objective == expected
    recipe, base = recipes.acgan_wgan_gp(IMAGES), recipes.wgan_gp(IMAGES)
    assert recipe.objective == AuxiliaryClassifier(Adversarial(Wasserstein()), 1.0, 0.1, classify_fakes=False)
    assert recipe.penalties == base.penalties and recipe.steps(0) == 5


def test_acgan_on_wgan_gp_has_the_authors_networks_at_32_px_and_labelled_latents_elsewhere() -> None:
    recipe, base = recipes.acgan_wgan_gp(IMAGES), recipes.wgan_gp_cifar10(IMAGES)
    assert recipe.generator == dataclasses.replace(base.generator, conditional=True)
    assert recipe.critic == dataclasses.replace(base.critic, class_logits=True)
    assert (recipe.generator_optimizer, recipe.fakes) == (base.generator_optimizer, 128)
    assert recipe.representation == base.representation and recipe.data.source == "digits"
    for sample in (POINTS, SampleSpec((1, 8, 8)), SampleSpec((3, 64, 64))):
        assert isinstance(recipes.acgan_wgan_gp(sample).generator, LabelledGenerator)


@pytest.mark.parametrize(
    ("name", "lr", "betas", "steps"),
    [
        ("sngan-a", 1e-4, (0.5, 0.9), 5),
        ("sngan-b", 1e-4, (0.5, 0.999), 1),
        ("sngan-c", 2e-4, (0.5, 0.999), 1),
        ("sngan-d", 1e-3, (0.5, 0.9), 5),
        ("sngan-e", 1e-3, (0.5, 0.999), 5),
        ("sngan-f", 1e-3, (0.9, 0.999), 5),
    ],
)
def test_sngan_at_a_setting_is_sngan_with_the_papers_adam_and_critic_steps(name, lr, betas, steps) -> None:
    recipe, base = find(name)(IMAGES), recipes.sngan(IMAGES)
    assert recipe.name == name and recipe == recipes.sngan_setting(name[-1], IMAGES)
    changes = {f.name for f in dataclasses.fields(base) if getattr(base, f.name) != getattr(recipe, f.name)}
    assert changes <= {"name", "critic_steps", "generator_optimizer", "critic_optimizer"}
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(lr, betas)
    assert recipe.steps(0) == recipe.steps(500) == steps
    assert f"{lr:.0e}".replace("e-0", "e-") in summary("sngan-SETTING")[1]


def test_another_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown setting of SN-GAN 'g'.*a, b, c, d, e, f"):
        recipes.sngan_setting("g")
    with pytest.raises(UsageError, match=r"unknown recipe 'sngan-g'.*sngan-SETTING"):
        find("sngan-g")


@pytest.mark.parametrize("name", ["sngan", "sngan-d", "sngan-cifar10", "sagan", "projection"])
def test_every_layer_of_a_spectral_recipes_critic_is_normalised(name: str) -> None:
    recipe = find(name)(SampleSpec((3, 32, 32), 10))
    assert recipe.objective == Adversarial(Hinge()) and not recipe.penalties
    critic = recipe.critic.build(SampleSpec((3, 32, 32), 10))
    layers = [m for m in critic.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear | torch.nn.Embedding)]
    assert len(spectral_norms(critic)) == len(layers)


def test_sngan_cifar10_has_the_papers_networks() -> None:
    recipe = recipes.sngan_cifar10()
    assert recipe.critic_optimizer == Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000, 1.0, 0.0))
    generator, critic = recipe.generator.build(IMAGES, 128), recipe.critic.build(IMAGES)
    assert sum(p.numel() for p in generator.parameters()) == 4_276_739
    assert sum(p.numel() for p in critic.parameters()) == 1_053_825


def test_sagan_has_two_rates_attention_and_classes_where_the_data_has_labels() -> None:
    recipe = recipes.sagan(SampleSpec((3, 32, 32), 10))
    assert (recipe.generator_optimizer, recipe.critic_optimizer) == two_time_scale()
    assert (recipe.generator_optimizer.lr, recipe.critic_optimizer.lr, recipe.steps(0)) == (1e-4, 4e-4, 1)
    assert recipe.generator == ResNetGenerator(64, conditional=True, spectral=True, attention=16)
    assert recipe.critic == ResNetCritic(64, pool="sum", spectral=True, projection=True, attention=16)
    plain = recipes.sagan(SampleSpec((3, 32, 32)))
    assert plain.generator == dataclasses.replace(recipe.generator, conditional=False)
    assert plain.critic == dataclasses.replace(recipe.critic, projection=False)
    assert [recipes.sagan(SampleSpec((3, size, size))).critic.attention for size in (8, 64, 128)] == [4, 32, 32]


@pytest.mark.parametrize("name", CONDITIONAL)
@pytest.mark.parametrize("sample", [POINTS, SampleSpec((3, 8, 8)), SampleSpec((3, 32, 32))], ids=str)
def test_conditional_recipes_follow_the_class_in_both_networks_and_refuse_data_without_labels(name, sample) -> None:
    if sample == POINTS and name in RESIDUAL:
        pytest.skip("residual networks are for images")
    recipe = RECIPES[name](sample)
    assert recipe.generator.conditional
    assert recipe.critic.class_logits or recipe.critic.projection
    assert is_conditional(recipe.generator.build(dataclasses.replace(sample, classes=3), 4))
    for build in (lambda: recipe.generator.build(sample, 4), lambda: recipe.critic.build(sample)):
        with pytest.raises(UsageError, match="needs data with labels"):
            build()


def test_text_has_the_numbers_of_the_language_model() -> None:
    recipe, optimizer = recipes.text(TEXT), Adam(1e-4, betas=(0.5, 0.9))
    assert (recipe.generator, recipe.critic) == (TextGenerator(512, 5, 5, 0.3), TextCritic(512, 5, 5, 0.3))
    assert recipe.objective == Adversarial(Wasserstein()) and recipe.penalties == (GradientPenalty(10.0, at=Between()),)
    assert (recipe.batch, recipe.steps(0), recipe.rounds, recipe.prior.size) == (64, 10, 200_000, 128)
    assert recipe.generator_optimizer == recipe.critic_optimizer == optimizer
    assert recipe.representation == OneHot(40) and recipes.text(IMAGES).representation == OneHot()


def test_text_gan_differs_in_its_loss_and_its_penalty_only() -> None:
    changed = dataclasses.replace(
        recipes.text(TEXT), name="text-gan", objective=Adversarial(NonSaturating()), penalties=()
    )
    assert recipes.text_gan(TEXT) == changed


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_without_a_network_for_text_name_the_one_that_has(name: str) -> None:
    representation = RECIPES[name](TEXT).representation
    if name in TEXTUAL:
        assert representation.fitted(TEXT) == OneHot(40)
        return
    with pytest.raises(UsageError) as error:
        representation.fitted(TEXT)
    assert "recipes for text are text and text-gan" in str(error.value) and "\n" not in str(error.value)


ODD = SampleSpec((1, 28, 28))
FIXED = {"resnet101": (8, 32, 64), **dict.fromkeys(RESIDUAL, (8, 32, 64))}
"""Pixels, of those below, that recipes of images only are for."""

GROUPS = {"minibatch-discrimination": 16}
"""Samples that a critic sees together."""

FITTING = [
    (name, SampleSpec(sample.shape, 10) if name in CONDITIONAL else sample)
    for name in RECIPES
    for sample in (POINTS, SampleSpec((1, 8, 8), 10), ODD, IMAGES, SampleSpec((3, 64, 64)))
    if name not in TEXTUAL
    and (name not in FIXED or sample.shape[-1] in FIXED[name])
    and (name not in ("msg-gan", *PICTURES) or sample != POINTS)
    and (name != "r3gan-cifar10" or sample.shape[-1] <= 28)  # 20 million parameters a network
]
FITTING += [(name, TEXT) for name in TEXTUAL]


@pytest.mark.parametrize(("name", "sample"), FITTING, ids=str)
def test_networks_fit_the_samples_and_the_guard_lets_them_pass(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    generator = recipe.generator.build(sample, recipe.prior.size)
    critic = recipe.critic.build(sample)
    check(recipe, generator, critic)
    count = GROUPS.get(name, 4)
    labels = torch.arange(count) % 2 if sample.classes else None
    with torch.no_grad():
        fake = generator(torch.randn(count, recipe.prior.size), labels)
        score = critic(fake, labels).score
    finest = scales_of(fake)[-1]
    assert finest.shape == (count, *sample.shape) and finest.dtype == torch.float32
    assert score.shape == (count,) and score.dtype == torch.float32


@pytest.mark.parametrize("name", RESIDUAL)
@pytest.mark.parametrize("sample", [POINTS, ODD], ids=str)
def test_residual_recipes_refuse_other_sizes_in_one_line(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    for build in (lambda: recipe.generator.build(sample, 4), lambda: recipe.critic.build(sample)):
        with pytest.raises(UsageError, match=r"use MLPGenerator and MLPCritic|bring them to 16 or 32 px"):
            build()


@pytest.mark.parametrize("name", [name for name in PENALISED if name != "wgan-gp-cifar10"])
@pytest.mark.parametrize("sample", [SampleSpec((1, 16, 16), 10), SampleSpec((3, 64, 64), 10)], ids=str)
def test_no_penalised_critic_has_batch_norm(name: str, sample: SampleSpec) -> None:
    critic = RECIPES[name](sample).critic.build(sample)
    assert not any(isinstance(part, torch.nn.modules.batchnorm._BatchNorm) for part in critic.modules())


def test_a_recipe_for_other_images_names_the_sizes_that_fit() -> None:
    sample = SampleSpec((3, 48, 48))
    with pytest.raises(UsageError) as error:
        recipes.wgan_gp_cifar10(sample).critic.build(sample)
    assert "48" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("asked", "name"), [("wgan-gp", "wgan-gp"), ("wgan_gp", "wgan-gp"), ("WGAN-GP", "wgan-gp")])
def test_names_are_found_in_the_spellings_people_use(asked: str, name: str) -> None:
    assert find(asked) is RECIPES[name]


@pytest.mark.parametrize(("asked", "nearest"), [("wgan-pg", "wgan-gp"), ("dcgn", "dcgan"), ("ls-gan", "lsgan")])
def test_unknown_names_get_the_nearest_one_and_the_known_ones(asked: str, nearest: str) -> None:
    with pytest.raises(UsageError) as error:
        find(asked)
    line = str(error.value)
    assert asked in line and f"did you mean '{nearest}'?" in line and "\n" not in line
    assert all(name in line for name in RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_has_a_line_and_a_paper(name: str) -> None:
    line, paper = summary(name)
    assert 10 < len(line) <= 120 and line.endswith(".")
    assert re.search(r"(et al\.|& \w+) 20", paper)


def test_all_recipe_functions_are_public_and_listed() -> None:
    for name, function in RECIPES.items():
        assert getattr(recipes, function.__name__) is function and function.__name__ in recipes.__all__
        assert function.__name__.replace("_", "-") == name

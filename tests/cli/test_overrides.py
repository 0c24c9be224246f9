"""Fields of a recipe from the command line."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan import codec
from steadygan.cli import overrides
from steadygan.cli.fields import Field, field_docs, help_lines, value_words, walk
from steadygan.constraints import WeightClip
from steadygan.errors import UsageError
from steadygan.kinds import kebab
from steadygan.networks import DCGANCritic, MLPCritic, ResNetCritic
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import R1, Drift, GradientPenalty, NearReal
from steadygan.perturbations import Adaptive, DiffAugment, InstanceNoise
from steadygan.priors import Normal, Uniform
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES, acgan, stylegan2_ada, wgan, wgan_gp
from steadygan.schedules import Constant, Cosine, CriticWarmUp, LinearDecay
from steadygan.types import SampleSpec

FIXED = {"--out": True, "--help": False, "-h": False}


def of_all_kinds() -> Iterator[Any]:
    """Recipes that together have every kind of value that any recipe has at any path."""
    seen: set[tuple[str, type]] = set()
    for name, make in RECIPES.items():
        for sample in (SampleSpec((3, 32, 32)), SampleSpec((2,))):
            recipe = make(sample)
            kinds = {(field.path, type(field.value)) for field in walk(recipe)}
            if kinds - seen:
                yield pytest.param(recipe, id=f"{name}-{sample}")
            seen |= kinds


ALL = list(of_all_kinds())


def changed(line: str, recipe: Recipe | None = None) -> Recipe:
    rest, changes = overrides.split(shlex.split(line), FIXED)
    assert rest == []
    return overrides.apply(recipe or wgan_gp(), changes)


def replaced(**fields: Any) -> Recipe:
    return dataclasses.replace(wgan_gp(), **fields)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--batch 32", {"batch": 32}),
        ("--batch=32", {"batch": 32}),
        ("--batch 1e3", {"batch": 1000}),
        ("--generator-batch 128", {"generator_batch": 128}),
        ("--generator_batch 128", {"generator_batch": 128}),
        ("--critic-optimizer.lr 3e-4", {"critic_optimizer": Adam(3e-4)}),
        ("--critic-optimizer.lr=3e-4", {"critic_optimizer": Adam(3e-4)}),
        ("--critic_optimizer.lr=3e-4", {"critic_optimizer": Adam(3e-4)}),
        ("--critic-optimizer.betas 0.5 0.99", {"critic_optimizer": Adam(1e-4, betas=(0.5, 0.99))}),
        ("--critic-optimizer.betas 0.5,0.99", {"critic_optimizer": Adam(1e-4, betas=(0.5, 0.99))}),
        ("--critic-optimizer.betas=[0.5,0.99]", {"critic_optimizer": Adam(1e-4, betas=(0.5, 0.99))}),
        ("--critic-optimizer.betas.1 0.99", {"critic_optimizer": Adam(1e-4, betas=(0.0, 0.99))}),
        ("critic-optimizer:rmsprop", {"critic_optimizer": RMSprop()}),
        ("--critic-optimizer.lr 1e-3 critic-optimizer:rms-prop", {"critic_optimizer": RMSprop(1e-3)}),
        ("critic-optimizer.lr-factor:linear-decay --critic-optimizer.lr-factor.rounds 9",
         {"critic_optimizer": Adam(1e-4, lr_factor=LinearDecay(9))}),
        ("critic:resnet-critic", {"critic": ResNetCritic()}),
        ("critic:ResNetCritic", {"critic": ResNetCritic()}),
        ("--critic resnet-critic", {"critic": ResNetCritic()}),
        ("critic:resnet-critic --critic.width 64", {"critic": ResNetCritic(width=64)}),
        ("--critic.width 64 critic:resnet-critic", {"critic": ResNetCritic(width=64)}),
        ("--critic '{kind: MLPCritic, width: 64}'", {"critic": MLPCritic(width=64)}),
        ("--critic-steps 3", {"critic_steps": Constant(3.0)}),
        ("--critic-steps.value 3", {"critic_steps": Constant(3.0)}),
        ("critic-steps:critic-warm-up --critic-steps.every 0", {"critic_steps": CriticWarmUp(every=0)}),
        ("--prior 64", {"prior": Normal(64)}),
        ("prior:uniform --prior 32", {"prior": Uniform(32)}),
        ("constraint:weight-clip", {"constraint": WeightClip()}),
        ("--constraint.limit 0.1", {"constraint": WeightClip(0.1)}),
        ("--perturbation diff-augment", {"perturbation": DiffAugment()}),
        ("perturbation:diff-augment --perturbation.policy color,cutout",
         {"perturbation": DiffAugment(("color", "cutout"))}),
        ("perturbation:instance-noise --perturbation.deviation.start 0.2",
         {"perturbation": InstanceNoise(LinearDecay(start=0.2))}),
        ("perturbation:adaptive perturbation.perturbation:instance-noise", {"perturbation": Adaptive(InstanceNoise())}),
        ("--penalties.0.weight 5", {"penalties": (GradientPenalty(5.0),)}),
        ("--penalties.0.one-sided", {"penalties": (GradientPenalty(one_sided=True),)}),
        ("--penalties.0.one-sided true", {"penalties": (GradientPenalty(one_sided=True),)}),
        ("penalties.0.at:near-real --penalties.0.at.scale 1", {"penalties": (GradientPenalty(at=NearReal(1.0)),)}),
        ("penalties.0:r1 --penalties.0.gamma 5", {"penalties": (R1(5.0),)}),
        ("penalties.1:drift --penalties.1.weight 0.1", {"penalties": (GradientPenalty(), Drift(0.1))}),
        ("penalties.1:gradient-penalty --penalties.1.at near-real --penalties.1.at.scale 1 --penalties.1.weight 2",
         {"penalties": (GradientPenalty(), GradientPenalty(2.0, at=NearReal(1.0)))}),
        ("penalties:r1", {"penalties": (R1(),)}),
        ("--penalties none", {"penalties": ()}),
        ("--average.ramp none", {"average": dataclasses.replace(wgan_gp().average, ramp=None)}),
        ("--representation.high 3 --representation.low 2",
         {"representation": dataclasses.replace(wgan_gp().representation, low=2.0, high=3.0)}),
        ("--representation.low 2 --representation.high 3",
         {"representation": dataclasses.replace(wgan_gp().representation, low=2.0, high=3.0)}),
        ("critic-optimizer.beta2:cosine --critic-optimizer.beta2.start 0.9 --critic-optimizer.beta2.end 0.99",
         {"critic_optimizer": Adam(1e-4, beta2=Cosine(start=0.9, end=0.99))}),
        ("--seed -0", {"seed": 0}),
    ],
)  # fmt: skip
def test_a_line_sets_the_fields_that_it_names(line: str, expected: dict[str, Any]) -> None:
    assert changed(line) == replaced(**expected)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("penalties=[{kind: R1, gamma: 5}]", {"penalties": (R1(5.0),)}),
        ("penalties=[{kind: r1, gamma: 5}, {kind: gradient-penalty}]", {"penalties": (R1(5.0), GradientPenalty())}),
        ("penalties.0.weight=5", {"penalties": (GradientPenalty(5.0),)}),
        ("critic=resnet-critic", {"critic": ResNetCritic()}),
        ("critic-steps=3", {"critic_steps": Constant(3.0)}),
        ("critic_optimizer.betas=[0.5, 0.99]", {"critic_optimizer": Adam(1e-4, betas=(0.5, 0.99))}),
        ("critic_optimizer.lr=3e-4", {"critic_optimizer": Adam(3e-4)}),
        ("data.flip=true", {"data": dataclasses.replace(wgan_gp().data, flip=True)}),
        ("name='5'", {"name": "5"}),
        ("generator_batch=null", {"generator_batch": None}),
    ],
)
def test_set_takes_yaml_for_any_path(setting: str, expected: dict[str, Any]) -> None:
    assert overrides.apply(wgan_gp(), [overrides.setting(setting)]) == replaced(**expected)


def test_inner_fields_are_set_on_what_an_outer_setting_made() -> None:
    changes = [*overrides.split(["--penalties.1.gamma", "2"], FIXED)[1], overrides.setting("penalties=[Drift, R1]")]
    assert overrides.apply(wgan_gp(), changes).penalties == (Drift(), R1(2.0))


def test_a_kind_that_is_there_already_keeps_its_values() -> None:
    recipe = replaced(critic=DCGANCritic(width=7))
    assert changed("critic:dcgan-critic", recipe) == recipe
    assert changed("critic-steps:critic-warm-up", wgan()) == wgan()


@pytest.mark.parametrize(
    "line",
    [
        "penalties.0.weight:cosine --penalties.0.weight.start 4 --penalties.0.weight.rounds 50",
        "--penalties.0.weight.start 4 --penalties.0.weight cosine --penalties.0.weight.rounds 50",
        "--penalties.0.weight '{kind: cosine, start: 4, rounds: 50}'",
    ],
)
def test_a_number_can_become_a_schedule_and_a_number_again(line: str) -> None:
    recipe = changed(line)
    assert recipe.penalties == (GradientPenalty(Cosine(50, 4.0)),)
    assert changed("--penalties.0.weight 3e-1", recipe).penalties == (GradientPenalty(0.3),)
    assert overrides.apply(recipe, [overrides.setting("penalties.0.weight=3")]).penalties == (GradientPenalty(3.0),)
    whole = overrides.setting("penalties.0.weight={kind: Cosine, start: 4, rounds: 50}")
    assert overrides.apply(wgan_gp(), [whole]) == recipe
    assert changed("--penalties.0.weight 3").penalties == (GradientPenalty(3.0),)


def test_options_of_the_command_and_fields_may_stand_in_any_order() -> None:
    words = shlex.split("wgan-gp --batch 8 --out here critic:mlp-critic --help --critic-optimizer.betas 0.5 0.9 more")
    rest, changes = overrides.split(words, FIXED)
    assert rest == ["wgan-gp", "--out", "here", "--help", "more"]
    assert [change.text for change in changes] == ["8", "mlp-critic", "0.5 0.9"]


def test_a_path_and_a_hub_name_are_no_kinds() -> None:
    rest, changes = overrides.split(["C:\\mine.yaml", "--out", "a:b", "./x:y/z"], FIXED)
    assert rest == ["C:\\mine.yaml", "--out", "a:b", "./x:y/z"]
    assert changes == []


@pytest.mark.parametrize("recipe", ALL)
def test_every_value_as_help_shows_it_can_be_typed_back(recipe: Recipe) -> None:
    words = [
        f"--{field.path}={value_words(field.value)}"
        for field in walk(recipe)
        if not field.is_part or field.value is None or field.value == ()
    ]
    assert overrides.apply(recipe, overrides.split(words, FIXED)[1]) == recipe


GROWING = {"growth", "balance", "critic-steps"}


@pytest.mark.parametrize("recipe", ALL)
def test_every_kind_can_be_chosen_for_every_part(recipe: Recipe) -> None:
    for field in walk(recipe):
        for kind in codec.kinds_of(field.annotation):
            words = [f"{field.path}:{kebab(kind)}"]
            if field.path.endswith(("beta2", "carry", "probability")):  # whose kinds have no default that is a share
                continue
            if field.path.endswith("loss") and recipe.name == "sgan":  # some compare real samples with fakes
                continue
            if GROWING & {field.path, f"{field.path}:{kebab(kind)}"} and recipe.name in ("wgan", "progan"):
                continue  # growth goes with steps that stay the same, and with no balance
            if field.path.endswith("loss"):  # smoothed labels go with some losses only
                words.append(f"--{field.path.removesuffix('loss')}real-label=1")
            made = overrides.apply(recipe, overrides.split(words, FIXED)[1])
            assert type(at(made, field)) is kind


def at(recipe: Recipe, field: Field) -> Any:
    value: Any = recipe
    for name in field.path.replace("-", "_").split("."):
        value = value[int(name)] if name.isdigit() else getattr(value, name)
    return value


@given(lr=st.floats(1e-12, 1e6), batch=st.integers(1, 10**9), flip=st.booleans())
def test_any_number_arrives_unchanged(lr: float, batch: int, flip: bool) -> None:
    line = f"--generator-optimizer.lr {lr!r} --batch {batch} --data.flip {str(flip).lower()}"
    recipe = changed(line)
    assert recipe.generator_optimizer.lr == lr
    assert recipe.batch == batch
    assert recipe.data.flip is flip


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("--constraint.limt 1", "unknown option '--constraint.limt'; did you mean --constraint.limit?"),
        ("--critic-optimizer.beta2.rounds 5", "critic-optimizer.beta2 is none; choose its kind first: "),
        ("--critic-optimizer.betas.2 5", "critic-optimizer.betas has the items 0, 1"),
        ("--nothing-like-it 5", "unknown option '--nothing-like-it'; --help lists all"),
        ("--gradient-penalty.weight 5", "; did you mean --penalties.0.weight?"),
        ("--gradient-penalty.lambda 5", "; GradientPenalty is penalties.0 here and has: weight, target, "),
        ("--adam.lr 5", "; did you mean --generator-optimizer.lr or --critic-optimizer.lr?"),
        ("--adam.beta1 5", "; Adam is generator-optimizer and critic-optimizer here and has: lr, betas, "),
        ("--wasserstein", "; Wasserstein is objective.loss here and has: no fields"),
        ("--r1.weight 5", "; this recipe has no r1; choose it with penalties.1:r1"),
        ("--resnet-critic.width 5", "; this recipe has no resnet-critic; choose it with critic:resnet-critic"),
        ("--critic none", "critic: got nothing; a value is needed"),
        ("--critic 5", "unknown kind '5' for critic"),
        ("--critic.width", "--critic.width needs a value"),
        ("--critic '{width: 5}' --critic.width 5", "critic: 'kind' is missing"),
        ("--critic '[5]' --critic.width 5", "critic: got [5]; one of DCGANCritic"),
        ("--penalties '[5]' --penalties.0.weight 5", "unknown kind '5' for penalties"),
        (
            "--penalties.0.weight.end 5",
            "penalties.0.weight is 10.0; choose its kind first: penalties.0.weight:constant",
        ),
        ("--penalties.0.weight fast", "unknown kind 'fast' for penalties.0.weight"),
        ("--penalties.0.weight [1]", "penalties[0].weight: got [1]; one of Constant, LinearDecay, Cosine"),
        ("--penalties.0.weight -1", "GradientPenalty.weight is -1"),
        ("--penalties.0.weight '{kind: cosine, end: -1}'", "GradientPenalty.weight at its end is -1"),
        ("--average.half-life '{kind: cosine, end: -1}'", "Average.half_life at its end is -1"),
    ],
)
def test_what_cannot_be_is_answered_with_what_can(line: str, answer: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed(line)
    assert answer in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("recipe", ALL)
def test_help_names_each_field_with_its_documentation(recipe: Recipe) -> None:
    text = "\n".join(help_lines(recipe, 100))
    assert all(len(line) <= 100 for line in text.splitlines())
    for field in walk(recipe):
        assert f"--{field.path} " in text or f"{field.path}: " in text
    assert "n_critic" in text


def test_documentation_is_the_string_below_a_field() -> None:
    assert field_docs(WeightClip)["limit"] == "c: bound of each parameter"
    assert field_docs(Adam)["betas"] == "beta_1, beta_2"
    assert field_docs(Constant) == {"value": "the number"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(ResNetCritic, "resnet-critic"), (DCGANCritic, "dcgan-critic"), (RMSprop, "rmsprop"), (R1, "r1"),
     (CriticWarmUp, "critic-warm-up"), (GradientPenalty, "gradient-penalty"), (MLPCritic, "mlp-critic")],
)  # fmt: skip
def test_kinds_have_short_names(kind: type, name: str) -> None:
    assert kebab(kind) == name


def test_a_field_that_a_part_lacks_is_that_of_the_part_inside_it() -> None:
    assert changed("--generator.width 8", acgan()) == changed("--generator.network.width 8", acgan())
    assert changed("generator.network:mlp-generator --generator.depth 2", acgan()).generator.network.depth == 2
    assert changed("--perturbation.groups [blit]", stylegan2_ada()).perturbation.perturbation.groups == ("blit",)
    both = "--generator.width 8 --generator.network.width"
    assert changed(f"{both} 8", acgan()) == changed("--generator.width 8", acgan())
    with pytest.raises(UsageError, match=r"--generator.width is --generator.network.width here"):
        changed(f"{both} 16", acgan())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--generator.wdth 8", "did you mean --generator.network.width?"),
        ("--generator.width.x 8", "generator.network.width is a single value"),
        ("--objective.margin 1", "Adversarial has: loss"),
        ("--half-life 100", "did you mean --average.half-life"),
    ],
)
def test_what_no_part_inside_has_is_an_unknown_option(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        changed(line, acgan() if "generator" in line else wgan_gp())

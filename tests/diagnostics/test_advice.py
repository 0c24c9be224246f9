"""Advice: each command is taken by steadygan's own parser, and changes what it says."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from steadygan.cli import overrides, resume, train
from steadygan.constraints import WeightClip
from steadygan.diagnostics.advice import FIELDS, MOST, Change, changes, command
from steadygan.diagnostics.advisors import ADVISORS
from steadygan.diagnostics.findings import NO_FAULTS, VERDICTS, Finding, VerdictName
from steadygan.diagnostics.typed import typed_words
from steadygan.diagnostics.unusual import unusual
from steadygan.losses import NonSaturating, Saturating
from steadygan.networks import (
    ConvCritic,
    ConvGenerator,
    DCGANGenerator,
    LabelledGenerator,
    MLPCritic,
    MLPGenerator,
    SubpixelGenerator,
)
from steadygan.objectives import Adversarial, BoundaryEquilibrium, EnergyBased, LeCam
from steadygan.optimizers import SGD, Adam, AdamW
from steadygan.penalties import R1, GradientPenalty
from steadygan.perturbations import InstanceNoise
from steadygan.priors import Normal
from steadygan.recipe import Recipe, dumps, loads
from steadygan.recipes import RECIPES, find, gan, lsgan, wgan, wgan_gp
from steadygan.run import layout
from steadygan.run.history import differences
from steadygan.schedules import Constant
from steadygan.training.resumption import check_changes
from steadygan.training.validate import check
from steadygan.types import SampleSpec

IMAGES, POINTS, TEXT = SampleSpec((3, 32, 32), 10), SampleSpec((2,), 10), SampleSpec((64, 32))


def of(verdict: VerdictName) -> Finding:
    return Finding(verdict, 1, 0.9, ())


def recipes() -> Iterator[tuple[Recipe, SampleSpec]]:
    """A real recipe of each kind, and their data."""
    for name in RECIPES:
        for sample in (IMAGES, POINTS):
            yield find(name)(sample), sample
    yield find("text")(TEXT), TEXT


@cache
def advised() -> list[tuple[Recipe, SampleSpec, VerdictName, Change]]:
    return [
        (recipe, sample, verdict, change)
        for recipe, sample in recipes()
        for verdict in VERDICTS
        for change in changes(of(verdict), recipe, sample)
    ]


def parsed(words: list[str], recipe: Recipe) -> Recipe:
    """The recipe that ``steadygan train`` or ``resume`` makes of a command's words."""
    parser = {"train": train, "resume": resume}[words[1]]._parser()
    rest, fields = overrides.split(words[2:], parser.options)
    parser.parse(rest)
    return overrides.apply(recipe, fields, parser.options)


@pytest.mark.slow
def test_every_command_parses_and_changes_exactly_its_fields(tmp_path: Path) -> None:
    seen: set[str] = set()
    read_back = {}
    for recipe, _, verdict, change in advised():
        key = f"{type(recipe.critic).__name__} {type(recipe.objective).__name__} {sorted(change.fields)}"
        if key in seen:
            continue
        seen.add(key)
        text = dumps(recipe)
        read = read_back[text] = read_back.get(text) or loads(text)
        changed = parsed(shlex.split(command(change, tmp_path)), read)
        fields = [overrides.setting(f"{name.removeprefix('--')}={value}") for name, value in change.fields.items()]
        if not any("betas" in name for name in change.fields):
            assert changed == overrides.apply(read, fields), (recipe.name, change)
        found = {difference.field for difference in differences(read, changed, 0)}
        wanted = {name.removeprefix("--").replace("-", "_") for name in change.fields}
        assert found, (recipe.name, verdict, change)
        assert all(any(same(field, path) for path in wanted) for field in found), (recipe.name, change, found)
        assert all(any(same(field, path) for field in found) for path in wanted), (recipe.name, change, found)


def same(field: str, path: str) -> bool:
    """True if a field is a path or around it or in it."""
    return field == path or field.startswith(f"{path}.") or path.startswith(f"{field}.")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--penalties.0", "{kind: R1, gamma: 0.1}", "--penalties.0 r1 --penalties.0.gamma 0.1"),
        ("--penalties.0", "{kind: GradientPenalty, weight: 10.0}", "--penalties.0 gradient-penalty"),
        ("--generator-optimizer.betas", "0 0.9", "--generator-optimizer.betas 0 0.9"),
        ("--critic-optimizer.lr", "5e-05", "--critic-optimizer.lr 5e-05"),
        (
            "--objective",
            "{kind: LeCam, base: {kind: AuxiliaryClassifier, classify_fakes: true, base: {kind: Adversarial, loss: "
            "{kind: Hinge}}}}",
            "--objective le-cam --objective.base auxiliary-classifier --objective.base.base.loss hinge "
            "--objective.base.classify-fakes true",
        ),
        (
            "--perturbation",
            "{kind: InstanceNoise, deviation: {kind: Constant, value: 0.2}}",
            "--perturbation instance-noise --perturbation.deviation constant --perturbation.deviation.value 0.2",
        ),
        (
            "--perturbation",
            "{kind: DiffAugment, policy: [color]}",  # a list has no words of its own
            "--perturbation '{kind: DiffAugment, policy: [color]}'",
        ),
        ("--critic", "{kind: Theirs, width: 3}", "--critic '{kind: Theirs, width: 3}'"),
    ],
)
def test_a_part_is_typed_by_its_kind_and_what_is_not_its_default(option: str, value: str, words: str) -> None:
    found = typed_words(option, value)
    assert sorted(" ".join(found).split(" --")) == sorted(words.split(" --"))
    if "Theirs" not in value:
        wanted = overrides.apply(gan(IMAGES), [overrides.setting(f"{option[2:]}={value}")]) if "{" in value else None
        made = overrides.apply(gan(IMAGES), overrides.split(shlex.split(" ".join(found)), {})[1])
        assert wanted is None or made == wanted


def test_there_are_at_most_three_changes_of_two_fields_that_differ() -> None:
    for recipe, sample in recipes():
        for verdict in VERDICTS:
            found = changes(of(verdict), recipe, sample)
            assert len(found) <= MOST
            assert all(1 <= len(change.fields) <= FIELDS for change in found)
            assert len({tuple(sorted(change.fields.items())) for change in found}) == len(found)


def test_every_fault_but_that_of_the_data_has_a_change_for_every_recipe() -> None:
    assert set(VERDICTS) - NO_FAULTS - {"data_fault"} == set(ADVISORS)
    for recipe, sample in recipes():
        for verdict in ADVISORS:
            assert changes(of(verdict), recipe, sample), (recipe.name, sample.shape, verdict)


@pytest.mark.slow
def test_networks_of_every_advised_recipe_build_and_pass_the_checks_before_training() -> None:
    seen: set[str] = set()
    for recipe, sample, _, change in advised():
        if sample.is_text or not set(change.fields) & {"--critic.norm", "--critic.spectral", "--generator.activation"}:
            continue
        changed = parsed(["steadygan", "train", "x.yaml", *(w for pair in change.fields.items() for w in pair)], recipe)
        key = f"{type(changed.critic).__name__} {type(changed.generator).__name__} {sorted(change.fields)} {sample}"
        if key in seen:
            continue
        seen.add(key)
        check(changed, changed.generator.build(sample, changed.prior.size), changed.critic.build(sample))


def test_a_penalty_takes_batch_norm_out_of_the_critic() -> None:
    norm = dataclasses.replace(find("dcgan")(IMAGES).critic, norm="batch")
    recipe = dataclasses.replace(find("dcgan")(IMAGES), critic=norm)
    first = changes(of("full_collapse"), recipe, IMAGES)[0]
    assert set(first.fields) == {"--penalties.0", "--critic.norm"}


def mlp(**fields: object) -> Recipe:
    base = Recipe(generator=MLPGenerator(), critic=MLPCritic(), objective=Adversarial(NonSaturating()))
    return dataclasses.replace(base, critic_steps=Constant(1), **fields)  # type: ignore[arg-type]


def firsts(verdict: VerdictName, recipe: Recipe, sample: SampleSpec | None = None) -> list[dict[str, str]]:
    return [change.fields for change in changes(of(verdict), recipe, sample)]


def test_what_a_recipe_itself_makes_suspicious_comes_first() -> None:
    outrun = mlp(generator_optimizer=Adam(1e-3), critic_optimizer=Adam(1e-5))
    assert firsts("critic_too_weak", outrun)[0] == {"--critic-optimizer.lr": "0.001"}
    faster = mlp(generator_optimizer=Adam(8e-4), critic_optimizer=Adam(5e-5))
    assert firsts("critic_too_weak", faster)[0] == {
        "--generator-optimizer.lr": "0.0001",
        "--critic-optimizer.lr": "0.0004",
    }
    hot = mlp(generator_optimizer=Adam(3e-2), critic_optimizer=Adam(3e-2))
    assert firsts("full_collapse", hot)[0] == {"--generator-optimizer.lr": "0.0002", "--critic-optimizer.lr": "0.0002"}
    slow = mlp(generator_optimizer=Adam(1e-7), critic_optimizer=Adam(2e-4))
    assert firsts("generator_stalled", slow)[0] == {"--generator-optimizer.lr": "0.0001"}
    many = mlp(generator_steps=5, generator_optimizer=Adam(1e-3), critic_optimizer=Adam(1e-5))
    assert firsts("critic_too_weak", many)[0] == {"--generator-steps": "1", "--critic-optimizer.lr": "0.001"}
    flat = mlp(penalties=(R1(1000.0),))
    assert firsts("vanishing_gradient", flat)[0] == {"--penalties.0.gamma": "1"}


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((5e-3, 1e-5), (2e-4, 2e-4)),
        ((1e-2, 2e-3), (2e-4, 2e-3)),
        ((2e-2, 1e-4), (1e-4, 1e-4)),
        ((3e-2, 3e-2), (2e-4, 2e-4)),
        ((1e-3, 1e-6), (1e-3, 1e-3)),
        ((1e-4, 1e-2), (1e-4, 2e-4)),
        ((1e-8, 1e-3), (2e-4, 1e-3)),
    ],
)
def test_a_rate_that_no_paper_has_becomes_a_usual_one_and_the_other_stays(
    rates: tuple[float, float], expected: tuple[float, float]
) -> None:
    recipe = dataclasses.replace(
        gan(IMAGES), rounds=100_000, generator_optimizer=Adam(rates[0]), critic_optimizer=Adam(rates[1])
    )
    first = changes(of("full_collapse"), recipe, IMAGES)[0]
    made = [
        float(first.fields.get(f"--{player}-optimizer.lr", rate))
        for player, rate in zip(("generator", "critic"), rates, strict=True)
    ]
    assert made == pytest.approx(expected)


def test_a_pattern_is_met_by_other_upsampling_where_the_generator_can_have_it() -> None:
    pictures, older = find("pictures")(IMAGES), SubpixelGenerator(width=8)
    assert firsts("checkerboard", dataclasses.replace(pictures, generator=older), IMAGES)[:2] == [
        {"--generator.upsampling": "nearest"},
        {"--generator.smooth": "true"},
    ]
    labelled = dataclasses.replace(pictures, generator=LabelledGenerator(older))
    assert firsts("checkerboard", labelled)[0] == {"--generator.network.upsampling": "nearest"}
    assert firsts("checkerboard", pictures, IMAGES) == [{"--rounds": str(2 * pictures.rounds)}]
    dcgan = dataclasses.replace(find("dcgan")(IMAGES), generator=DCGANGenerator(width=16))
    assert firsts("checkerboard", dcgan, IMAGES)[:2] == [
        {"--generator.kernel": "4"},
        {"--generator": "{kind: ResNetGenerator, width: 16}"},
    ]
    for odd in (SampleSpec((3, 28, 28)), SampleSpec((3, 256, 256))):  # which ResNetGenerator does not make
        assert firsts("checkerboard", dcgan, odd) == [{"--generator.kernel": "4"}, {"--rounds": str(2 * dcgan.rounds)}]
    for _, _, _, change in advised():
        if "--generator" in change.fields:
            assert typed_words("--generator", change.fields["--generator"])[:2] == ["--generator", "resnet-generator"]


def test_kernels_of_convolutions_that_no_recipe_names_are_odd_for_pictures_alone() -> None:
    for sample, odd in ((SampleSpec((3, 30, 48)), True), (SampleSpec((1, 16, 16, 16)), False)):
        recipe = mlp(generator=ConvGenerator(), critic=ConvCritic())
        edit, rounds = {"--generator.kernel": "4"}, {"--rounds": str(2 * recipe.rounds)}
        assert firsts("checkerboard", recipe, sample) == [edit, rounds][1 - odd :]


def test_nothing_is_advised_that_changes_the_images_of_a_critic_that_sees_features_too() -> None:
    stacked = find("sgan")(IMAGES)
    for verdict in ADVISORS:
        assert not any("perturbation" in option for fields in firsts(verdict, stacked, IMAGES) for option in fields)


@pytest.mark.parametrize(("rounds", "rate"), [(100, 5e-4), (3_000, 1 / 3_000), (50_000, 2e-4)])
def test_short_runs_get_higher_rates(rounds: int, rate: float) -> None:
    recipe = mlp(rounds=rounds, generator_optimizer=Adam(0.1), critic_optimizer=Adam(0.1))
    assert float(firsts("diverged", recipe)[0]["--critic-optimizer.lr"]) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"generator_optimizer": Adam(2e-4, (0.95, 0.999))}, {"--generator-optimizer.betas": "0.5 0.999"}),
        ({"critic_optimizer": Adam(2e-4, (0.0, 0.1))}, {"--critic-optimizer.betas": "0 0.99"}),
        ({"generator_optimizer": Adam(2e-4, eps=10.0)}, {"--generator-optimizer.eps": "1e-08"}),
        ({"critic_optimizer": AdamW(2e-4, weight_decay=200.0)}, {"--critic-optimizer.weight-decay": "0"}),
        ({"critic_optimizer": SGD(0.3, 0.9)}, {"--critic-optimizer": "adam"}),
        ({"batch": 2}, {"--batch": "64"}),
        ({"prior": Normal(1)}, {"--prior.size": "64"}),
        ({"critic": MLPCritic(width=2, depth=1)}, {"--critic.width": "512", "--critic.depth": "3"}),
        ({"generator": MLPGenerator(width=64)}, {"--generator.width": "512"}),
        ({"generator": MLPGenerator(output="sigmoid")}, {"--generator.output": "tanh"}),
        ({"perturbation": InstanceNoise(20.0)}, {"--perturbation.deviation": "0.1"}),
        ({"penalties": (R1(1e4),)}, {"--penalties.0.gamma": "1"}),
        ({"penalties": (GradientPenalty(1e-6),)}, {"--penalties.0.weight": "10"}),
        ({"generator_steps": 5}, {"--generator-steps": "1"}),
        ({"critic": MLPCritic(depth=10)}, {"--critic.depth": "3"}),
        ({"objective": BoundaryEquilibrium(0.05)}, {"--objective.gamma": "0.5"}),
        ({"objective": EnergyBased(1e-4)}, {"--objective.margin": "1"}),
        ({"batch": 2, "prior": Normal(1)}, {"--prior.size": "64", "--batch": "64"}),
    ],
)
def test_a_setting_that_no_paper_has_is_the_first_suspect(changed: dict[str, object], expected: dict[str, str]) -> None:
    for verdict in ("full_collapse", "partial_collapse", "critic_too_weak", "oscillation", "diverged"):
        found = firsts(verdict, mlp(**changed), IMAGES)  # type: ignore[arg-type]
        assert found[0] == expected or {**found[0], "--critic-optimizer.lr": ""} == {
            **expected,
            "--critic-optimizer.lr": "",
        }


@pytest.mark.parametrize(("gamma", "flat"), [(0.005, False), (150.0, False), (1e3, True), (1e-5, True)])
def test_published_weights_of_r1_are_usual_ones(gamma: float, flat: bool) -> None:
    assert any("penalties.0.gamma" in edit for _, edit, _ in unusual(mlp(penalties=(R1(gamma),)), IMAGES)) is flat


def test_no_recipe_of_the_library_has_an_unusual_setting_on_its_own_kind_of_data() -> None:
    for name in RECIPES:
        data = TEXT if name.startswith("text") else IMAGES
        assert not list(unusual(find(name)(data), data)), name


def test_a_wasserstein_loss_without_a_bound_comes_before_all_else() -> None:
    bare = mlp(objective=Adversarial(), critic_optimizer=Adam(1e-2))
    for verdict in ("full_collapse", "exploding_gradient", "critic_too_weak"):
        assert firsts(verdict, bare, IMAGES)[0] == {"--penalties.0": "{kind: GradientPenalty, weight: 10.0}"}


def test_a_plain_loss_gets_r1_and_a_wasserstein_loss_its_penalty() -> None:
    assert firsts("full_collapse", mlp())[0] == {"--penalties.0": "{kind: R1, gamma: 1.0}"}
    assert firsts("full_collapse", mlp(), POINTS)[0] == {"--penalties.0": "{kind: R1, gamma: 0.1}"}
    bare = dataclasses.replace(wgan_gp(IMAGES), penalties=())
    assert firsts("exploding_gradient", bare)[0] == {"--penalties.0": "{kind: GradientPenalty, weight: 10.0}"}


def test_clipping_gives_way_to_a_penalty_or_to_another_bound() -> None:
    clipped = mlp(objective=Adversarial(), constraint=WeightClip(0.01))
    assert set(firsts("clipping", clipped)[0]) == {"--constraint", "--penalties.0"}
    assert firsts("vanishing_gradient", clipped)[1] == {"--constraint.limit": "0.1"}
    assert all(len(fields) <= 2 for fields in firsts("clipping", wgan(IMAGES), IMAGES))


def test_a_saturating_loss_gives_way_to_the_other_one_wherever_it_stands() -> None:
    plain = mlp(objective=Adversarial(Saturating()))
    strong = mlp(objective=Adversarial(Saturating()), critic_optimizer=Adam(2e-3))
    assert firsts("critic_too_strong", strong)[0] == {
        "--objective.loss": "non-saturating",
        "--critic-optimizer.lr": "0.0002",
    }
    assert firsts("critic_too_strong", plain)[0] == {"--objective.loss": "non-saturating"}
    inside = mlp(objective=LeCam(Adversarial(Saturating())))
    assert firsts("critic_too_strong", inside)[0] == {"--objective.base.loss": "non-saturating"}


def test_little_data_is_augmented_where_it_is_pictures() -> None:
    assert firsts("too_little_data", gan(IMAGES), IMAGES)[0] == {"--perturbation": "diff-augment"}
    assert "--objective" in firsts("too_little_data", gan(POINTS), POINTS)[0]
    assert "--objective" in firsts("critic_overfitting", gan(TEXT), TEXT)[0]


def test_a_heavier_penalty_is_advised_where_there_is_one() -> None:
    light = mlp(objective=Adversarial(), penalties=(GradientPenalty(0.1),))
    assert firsts("lipschitz_not_held", light)[0] == {"--penalties.0.weight": "1"}


def test_health_and_faults_of_the_data_have_no_change() -> None:
    for verdict in (*NO_FAULTS, "data_fault"):
        assert changes(of(verdict), gan(IMAGES)) == ()


def test_a_run_goes_on_where_it_can_and_begins_anew_where_it_is_done(tmp_path: Path) -> None:
    recipe = dataclasses.replace(lsgan(IMAGES), rounds=100)
    change = changes(of("diverged"), recipe)[0]
    assert command(change, tmp_path).startswith("steadygan train ")
    for round_ in (40, 100):
        saved = tmp_path / layout.CHECKPOINTS / layout.folder_name(round_)
        saved.mkdir(parents=True)
        (saved / layout.STATE).write_text("{}")
        goes_on = command(change, tmp_path).startswith("steadygan resume ")
        assert goes_on == (round_ < 100)
    assert command(changes(of("full_collapse"), recipe)[0], tmp_path).startswith("steadygan train ")


@pytest.mark.slow
def test_what_a_resumed_run_is_asked_to_change_it_can_change(tmp_path: Path) -> None:
    for recipe, _, _, change in advised():
        if change.resumes:
            words = [word for pair in change.fields.items() for word in pair]
            check_changes(recipe, parsed(["steadygan", "resume", "x", *words], recipe), tmp_path)


def test_paths_with_blanks_are_quoted(tmp_path: Path) -> None:
    change = changes(of("full_collapse"), gan(IMAGES))[0]
    words = shlex.split(command(change, tmp_path / "a run"))
    assert words[2] == str(tmp_path / "a run" / layout.RECIPE)

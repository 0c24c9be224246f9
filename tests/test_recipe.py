"""A recipe as a value: to YAML and back, as an expression, stretched over other lengths, and its own checks."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from steadygan import codec
from steadygan.codec import DURATION
from steadygan.constraints import Constraint, WeightClip
from steadygan.data.options import DataOptions
from steadygan.ema import Average
from steadygan.errors import UsageError
from steadygan.losses import Hinge, LeastSquares, Loss, NonSaturating, RelativisticAverage, Wasserstein
from steadygan.networks import BEGANGenerator, CriticNetwork, GeneratorNetwork, MLPCritic, MLPGenerator
from steadygan.objectives import Adversarial, BoundaryEquilibrium, Objective
from steadygan.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from steadygan.penalties import R1, R2, Between, Drift, GradientPenalty, Location, NearReal, OnFake, OnReal, Penalty
from steadygan.perturbations import Adaptive, DiffAugment, InstanceNoise
from steadygan.perturbations.diffaugment import ALL
from steadygan.plateau import Plateau
from steadygan.priors import Normal, Prior, Uniform
from steadygan.recipe import Recipe, RunOptions, dumps, load, loads, names, stretched
from steadygan.recipes import RECIPES, by_name
from steadygan.representations import Plain, Pyramid
from steadygan.schedules import Constant, Cosine, CriticWarmUp, LinearDecay, Schedule
from steadygan.system.yaml_text import read_yaml
from steadygan.training.planning.plan import decays
from steadygan.types import SampleSpec

SAMPLES = [
    SampleSpec((2,)),
    SampleSpec((1, 8, 8), 10),
    SampleSpec((1, 28, 28)),
    SampleSpec((3, 32, 32)),
    SampleSpec((3, 64, 64)),
]


def refused(text: str) -> str:
    """The one line that reading a YAML text ends in."""
    with pytest.raises(UsageError) as error:
        loads(text)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- round trips


DIFFERENT = {RECIPES[name](sample): f"{name}-{sample}" for name in RECIPES for sample in SAMPLES}
"""recipes that differ by the sample, once each"""


@pytest.mark.parametrize("recipe", DIFFERENT, ids=DIFFERENT.values())
def test_every_recipe_survives_yaml_json_and_its_own_expression(recipe: Recipe) -> None:
    text = dumps(recipe)
    read = loads(text)
    assert read == recipe
    assert codec.from_plain(json.loads(json.dumps(codec.to_plain(recipe))), Recipe) == recipe
    assert eval(repr(recipe), names()) == recipe
    assert dumps(read) == text
    assert hash(recipe) == hash(read)


shares = st.floats(0, 1, exclude_max=True)
rates = st.floats(1e-12, 1e3)
positive = st.integers(1, 10**9)
lengths = st.integers(1, 10**9)
factors = st.floats(0, 10)
# PyYAML itself does not bring these line ends of Unicode back
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), min_size=1, max_size=60
)
trap_texts = st.sampled_from(
    [
        "1e-4",
        "5E3",
        ".5e3",
        "+1e2",
        "null",
        "~",
        "true",
        "no",
        "1:30",
        "010",
        "0x1f",
        "2024-01-01",
        "=",
        "<<",
        "- a",
        "a: b",
    ]
)
schedules = st.one_of(
    st.builds(Constant, st.floats(1, 1e6)),
    st.builds(LinearDecay, lengths, factors, factors),
    st.builds(Cosine, lengths, factors, factors),
    st.builds(CriticWarmUp, positive, positive, st.integers(0, 10**6), st.integers(0, 10**6)),
)
step_counts = schedules.filter(lambda schedule: schedule(0) >= 1)
optimizers = st.one_of(
    st.builds(
        Adam,
        rates,
        st.tuples(shares, shares),
        factors,
        factors,
        schedules,
        st.none() | st.builds(Cosine, lengths, shares, shares),
    ),
    st.builds(AdamW, rates, st.tuples(shares, shares), factors, factors, schedules),
    st.builds(RMSprop, rates, shares, factors, shares, schedules),
    st.builds(SGD, rates, shares, schedules),
)
PLAIN = st.builds(Plain, st.floats(-9, -1), st.floats(1, 9), st.sampled_from(["none", "paper"]))
places = st.one_of(*(st.just(place) for place in (Between(), OnReal(), OnFake())), st.builds(NearReal, factors))
penalties = st.one_of(
    st.builds(GradientPenalty, factors, factors, st.booleans(), places),
    st.builds(R1, factors),
    st.builds(R2, factors),
    st.builds(Drift, factors),
)
objectives = st.one_of(
    st.builds(Adversarial, st.sampled_from([Wasserstein(), Hinge(), RelativisticAverage()])),
    st.builds(Adversarial, st.builds(LeastSquares, factors, factors, factors), st.floats(0.1, 1)),
    st.builds(Adversarial, st.just(NonSaturating()), st.floats(0.1, 1)),
)
policies = st.lists(st.sampled_from(ALL), min_size=1, unique=True).map(tuple)
fixed_perturbations = st.one_of(
    st.builds(InstanceNoise, st.builds(LinearDecay, positive, st.floats(0, 9), st.floats(0, 9))),
    st.builds(DiffAugment, policies, st.builds(Constant, st.floats(0, 1))),
)
perturbations = st.one_of(
    st.none(),
    fixed_perturbations,
    st.builds(Adaptive, fixed_perturbations, st.floats(-0.9, 0.9), positive, positive, st.floats(0, 1)),
)
folder_names = (texts | trap_texts).filter(
    lambda text: text.isprintable() and not set(text) & set('/\\:*?"<>|') and text.strip(". ")
)
recipes = st.builds(
    Recipe,
    name=folder_names,
    generator=st.builds(MLPGenerator, st.integers(1, 512), st.integers(1, 5)),
    critic=st.builds(MLPCritic, st.integers(1, 512), st.integers(1, 5)),
    objective=objectives,
    penalties=st.lists(penalties, max_size=3).map(tuple),
    constraint=st.none() | st.builds(WeightClip, rates, st.sampled_from(["after", "before"]), st.booleans()),
    perturbation=perturbations,
    critic_steps=step_counts,
    prior=st.one_of(st.builds(Normal, positive), st.builds(Uniform, positive)),
    generator_optimizer=optimizers,
    critic_optimizer=optimizers,
    batch=positive,
    generator_batch=st.none() | positive,
    average=st.builds(Average, st.floats(0, 1e9), st.none() | factors),
    representation=st.one_of(PLAIN, st.builds(Pyramid, st.integers(1, 64), PLAIN)),
    data=st.builds(
        DataOptions,
        source=(texts | trap_texts).filter(str.strip),
        size=st.none() | st.integers(1, 1024),
        flip=st.booleans(),
        held_out=st.floats(0.001, 0.5),
        cache=st.none() | (texts | trap_texts).filter(lambda text: text.strip() and text != "null"),
    ),
    rounds=positive,
    seed=st.integers(0, 2**63 - 1),
    run=st.builds(RunOptions, st.sampled_from(["auto", "fp32", "tf32", "bf16"]), st.none() | positive),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(recipe=recipes)
def test_any_recipe_survives_yaml_and_its_own_expression(recipe: Recipe) -> None:
    read = loads(dumps(recipe))
    assert read == recipe
    assert eval(repr(recipe), names()) == recipe
    assert repr(read) == repr(recipe)


@pytest.mark.parametrize("text", ["1e-4", "5E3", ".5e3", "null", "true", "010", "2024-01-01", "1_000", "été", "写真"])
def test_names_that_look_like_something_else_stay_names(text: str) -> None:
    recipe = Recipe(name=text, data=DataOptions(source=text))
    assert loads(dumps(recipe)) == recipe


ALTERNATIVES: dict[str, Any] = {
    "generator": GeneratorNetwork,
    "critic": CriticNetwork,
    "objective": Objective,
    "critic_steps": Schedule,
    "prior": Prior,
    "generator_optimizer": Optimizer,
    "critic_optimizer": Optimizer,
}


@pytest.mark.parametrize(
    ("field", "kind"), [(field, kind) for field, union in ALTERNATIVES.items() for kind in get_args(union)]
)
def test_each_member_of_each_union_stays_what_it_is(field: str, kind: type) -> None:
    recipe = Recipe(**{field: kind()})
    again = loads(dumps(recipe))
    assert type(getattr(again, field)) is kind and again == recipe


@pytest.mark.parametrize(
    "kind", [*get_args(Penalty), *get_args(Location), *get_args(Loss), Constraint], ids=lambda k: k.__name__
)
def test_inner_members_of_unions_stay_what_they_are(kind: type) -> None:
    if kind in get_args(Penalty):
        recipe = Recipe(penalties=(kind(),))
    elif kind in get_args(Location):
        recipe = Recipe(penalties=(GradientPenalty(at=kind()),))
    elif kind in get_args(Loss):
        recipe = Recipe(objective=Adversarial(kind()))
    else:
        recipe = Recipe(constraint=kind())
    again = loads(dumps(recipe))
    assert again == recipe and repr(again) == repr(recipe) and kind.__name__ in repr(again)


def test_spec_names_are_unique_so_that_a_tag_names_one_type() -> None:
    seen: dict[str, type] = {}

    def visit(annotation: Any) -> None:
        for inner in get_args(annotation):
            visit(inner)
        for kind in codec.kinds_of(annotation):
            assert seen.setdefault(kind.__name__, kind) is kind
            for field in codec.field_types(kind).values():
                visit(field)

    visit(Recipe)
    assert seen == names() and "Recipe" in seen and "GradientPenalty" in seen


def test_the_yaml_of_a_recipe_is_read_by_any_yaml_reader_and_by_people() -> None:
    text = dumps(RECIPES["wgan-gp"](SampleSpec((3, 32, 32))))
    plain = yaml.safe_load(text)
    assert plain["format"] == 1 and plain["batch"] == 64 and plain["generator_optimizer"]["lr"] == 1e-4
    assert plain["penalties"] == [codec.to_plain(GradientPenalty(), omit_defaults=True)]
    assert list(plain)[:4] == ["format", "name", "generator", "critic"]


# --- reading what people write


def test_fields_that_are_left_out_have_their_defaults() -> None:
    assert loads("name: mine\n") == Recipe(name="mine")


def test_1e_4_is_a_number() -> None:
    for spelt in ("1e-4", "1E-4", "1.e-4", "0.0001", "'1e-4'", "+1e-4", ".1e-3"):
        recipe = loads(f"critic_optimizer: {{kind: Adam, lr: {spelt}}}")
        assert recipe.critic_optimizer == Adam(lr=1e-4), spelt
    assert loads("rounds: 1e5").rounds == 100_000


def test_the_loader_leaves_pyyaml_as_it_was() -> None:
    assert yaml.safe_load("a: 1e-4") == {"a": "1e-4"}
    assert yaml.safe_load("a: 1\na: 2") == {"a": 2}
    assert read_yaml("a: 1e-4", "x") == {"a": 1e-4}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("batch: 2.7", ["batch: got 2.7", "whole number"]),
        ("batch: true", ["batch: got True", "whole number"]),
        ("batch: 0", ["batch is 0", "whole numbers from 1"]),
        ("batch: many", ["batch: got 'many'", "whole number"]),
        ("generator_batch: -1", ["generator_batch is -1"]),
        ("rounds: 0", ["rounds is 0"]),
        ("seed: -1", ["seed is -1"]),
        (f"seed: {2**63}", ["seed is 9223372036854775808", "2^63"]),
        ("critic_steps: {kind: Constant, value: 0}", ["critic_steps at its start is 0", "from 1"]),
        ("critic_steps: {kind: LinearDecay, start: 0.2}", ["critic_steps at its start is 0", "from 1"]),
        ("critic_steps: 5", ["critic_steps: got 5", "Constant"]),
        ("critic_optimzer: {kind: Adam}", ["'critic_optimzer'", "did you mean 'critic_optimizer'?"]),
        ("critic_optimizer: {kind: Adm}", ["critic_optimizer: unknown kind 'Adm'", "did you mean 'Adam'?"]),
        ("critic_optimizer: {kind: Adam, lr: -1}", ["critic_optimizer: Adam.lr is -1"]),
        ("critic_optimizer: {kind: Adam, lr: fast}", ["critic_optimizer.lr: got 'fast'", "number"]),
        ("critic_optimizer: {kind: Adam, betas: 0.5}", ["critic_optimizer.betas", "list"]),
        ("critic_optimizer: {kind: Adam, betas: [0.5, 1.0]}", ["Adam.betas", "below 1"]),
        ("critic_optimizer: {lr: 1e-4}", ["critic_optimizer: 'kind' is missing", "Adam, AdamW, RMSprop, SGD"]),
        ("penalties: {kind: R1}", ["penalties", "a list is needed"]),
        ("penalties: [{kind: R1, gama: 2}]", ["penalties[0]: R1 has no field 'gama'", "did you mean 'gamma'?"]),
        ("penalties: [{kind: GradientPenalty, at: Betwen}]", ["penalties[0].at", "did you mean 'Between'?"]),
        ("penalties: [{kind: GradientPenalty, weight: -1}]", ["penalties[0]: GradientPenalty.weight is -1"]),
        ("constraint: {kind: WeightClip, when: aftr}", ["constraint.when: got 'aftr'", "did you mean 'after'?"]),
        (
            "objective: {kind: Adversarial, loss: Hinge, real_label: 0.9}",
            ["objective: real_label is 0.9", "Hinge", "NonSaturating"],
        ),
        ("objective: {loss: Hinge}", ["objective: 'kind' is missing", "Adversarial, EnergyBased"]),
        ("data: {flip: 1}", ["data.flip: got 1", "true, false"]),
        ("data: {size: 7.5}", ["data.size: got 7.5"]),
        ("run: {precision: fp16}", ["run.precision: got 'fp16'", "bf16"]),
        ("run: {keep_last: 0}", ["keep_last is 0"]),
        ("run: {checkpoint_every: 0}", ["checkpoint_every is 0"]),
        ("run: {pictured: 0}", ["pictured is 0"]),
        ("average: {half_life: -1}", ["Average.half_life is -1"]),
        ("name: ''", ["name is ''"]),
        ("name: ../elsewhere", ["name is '../elsewhere'"]),
        ('name: "two\\nlines"', ["name is 'two\\nlines'"]),
        ("name: 5", ["name: got 5", "text"]),
        ("format: 2", ["format 2", "reads format 1"]),
        ("format: '1'", ["format '1'"]),
        ("kind: Adam", ["unknown kind 'Adam'"]),
        ("1: 2", ["no field '1'"]),
    ],
)
def test_what_cannot_be_a_recipe_gets_one_line_that_names_it(text: str, parts: list[str]) -> None:
    line = refused(text)
    for part in parts:
        assert part in line


@pytest.mark.parametrize("text", ["", "hello", "- a\n- b", "3", "null", "# only a comment"])
def test_a_text_without_fields_is_no_recipe(text: str) -> None:
    assert refused(text).startswith("the recipe holds no recipe")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: [1\n", 1),
        ("batch: 64\nname: a: b", 2),
        ("batch: 64\n\t- x", 2),
        ('batch: "a\nb', 2),
        ("batch: *unknown", 1),
        ("batch: !special 3", 1),
        ("batch: 1\n---\nbatch: 2", 2),
        ("? [a]\n: b", 1),
        ("batch: 64\nrounds: 5\nbatch: 32", 3),
        ("data: {size: 8, size: 16}", 1),
        ("name: !!python/object/apply:os.system ['echo harm']", 1),
    ],
)
def test_yaml_errors_are_one_line_that_names_the_line(text: str, line: int) -> None:
    assert refused(text).startswith(f"the recipe is no valid YAML in line {line}: ")


@pytest.mark.parametrize(
    "text",
    [
        *("name: 2024-13-45", "batch: 0b_", "batch: 0x_", "batch: " + "9" * 5000, "name: \x07", "name: \x00"),
        *("name: \ud800", "[" * 200_000, "- " * 100_000, "{a: " * 50_000, "? " * 100_000),
        "\n".join(" " * depth + "a:" for depth in range(500)),
    ],
    ids=[
        *("date", "binary", "hexadecimal", "digits", "bell", "nul", "surrogate"),
        *("brackets", "lists", "braces", "keys", "mappings"),
    ],
)
def test_texts_that_trip_the_yaml_reader_itself_are_one_line_too(text: str) -> None:
    assert refused(text).startswith("the recipe is no valid YAML")


def test_numbers_beyond_all_bounds_are_one_line() -> None:
    refused("batch: 1e999")
    refused("critic_optimizer: {kind: Adam, lr: 1e999}")
    refused("critic_optimizer: {kind: Adam, lr: " + "9" * 400 + "}")
    refused("seed: " + "9" * 400)


def test_a_small_file_cannot_grow_without_bounds() -> None:
    layers = ["&a [x, x, x, x, x, x, x, x, x]"]
    layers += [f"&{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(12)]
    for field in ("batch", "name", "penalties", "critic", "constraint", "data"):
        line = refused(f"{field}: [{', '.join(layers)}]")
        assert len(line) < 500


@given(text=st.text(max_size=60) | st.text(alphabet="ab: -[]{}'\"\n\t&*!|>%@`#,?0123456789e.", max_size=40))
def test_any_text_is_a_recipe_or_one_line(text: str) -> None:
    line = ""
    try:
        loads(text)
    except UsageError as error:
        line = str(error)
    assert "\n" not in line


def test_files_are_read_with_their_name_in_front_of_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    recipe = RECIPES["wgan-gp"](SampleSpec((2,)))
    path.write_text(dumps(dataclasses.replace(recipe, name="été")), encoding="utf-8")
    assert load(path) == load(str(path)) == dataclasses.replace(recipe, name="été")
    for text, part in (
        ("batch: 2.7", "batch: got 2.7"),
        ("a: [", "no valid YAML"),
        ("", "no recipe"),
        ("format: 9", "9"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError) as error:
            load(path)
        line = str(error.value)
        assert line.startswith(str(path)) and part in line and "\n" not in line
        assert line.count(str(path)) == 1


def test_files_of_windows_editors_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: mine\r\nbatch: 32\r\n")
    assert load(path) == Recipe(name="mine", batch=32)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00\x01", b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_missing_or_no_text_get_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot be read|no text file") as error:
        load(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_folder_is_no_recipe_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)


@dataclass(frozen=True)
class Sine:
    """A loss of a user's own."""

    period: float = 1.0
    needs_real = mixes_samples = has_labels = False

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return (fake / self.period).sin().mean() - (real / self.period).sin().mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -(fake / self.period).sin().mean()


def test_own_kinds_are_read_where_they_are_handed_in() -> None:
    recipe = Recipe(objective=Adversarial(Sine(2.0)))  # type: ignore[arg-type]
    assert loads(dumps(recipe), extra=(Sine,)) == recipe
    assert "unknown kind 'Sine'" in refused(dumps(recipe))


# --- stretched


def test_stretching_moves_every_decay_in_proportion() -> None:
    recipe = RECIPES["wgan-gp-cifar10"](SampleSpec((3, 32, 32)))
    short = stretched(recipe, 500)
    assert short.rounds == 500
    for optimizer in (short.generator_optimizer, short.critic_optimizer):
        assert optimizer.lr_factor == LinearDecay(500)
    for share in (0.0, 0.25, 0.5, 1.0):
        before = recipe.critic_optimizer.settings(round(share * 100_000))["lr"]
        assert short.critic_optimizer.settings(round(share * 500))["lr"] == pytest.approx(before)


def test_stretching_changes_durations_and_nothing_else() -> None:
    recipe = Recipe(
        rounds=1000,
        penalties=(GradientPenalty(), R1(Cosine(800, 1.0, 0.1), every=16)),
        generator=BEGANGenerator(carry=LinearDecay(160)),
        perturbation=Adaptive(DiffAugment(probability=Cosine(1000, 0.0, 0.5)), images=500, every=4),
        plateau=Plateau("convergence_mean", every=100, patience=3),
        objective=BoundaryEquilibrium(),
        average=Average(half_life=Cosine(1000, 0.0, 5e3), ramp=None),
        critic_steps=CriticWarmUp(),
        critic_optimizer=Adam(lr_factor=Cosine(500), beta2=LinearDecay(250, 0.9, 0.99)),
        run=RunOptions(log_every=10),
    )
    long = stretched(recipe, 3000)
    expected = dataclasses.replace(
        recipe,
        rounds=3000,
        penalties=(GradientPenalty(), R1(Cosine(2400, 1.0, 0.1), every=16)),
        generator=BEGANGenerator(carry=LinearDecay(480)),
        perturbation=Adaptive(DiffAugment(probability=Cosine(3000, 0.0, 0.5)), images=500, every=4),
        plateau=Plateau("convergence_mean", every=300, patience=3),
        average=Average(half_life=Cosine(3000, 0.0, 15e3), ramp=None),
        critic_steps=CriticWarmUp(warm_rounds=75),
        critic_optimizer=Adam(lr_factor=Cosine(1500), beta2=LinearDecay(750, 0.9, 0.99)),
    )
    assert long == expected
    assert stretched(recipe, 1000) == recipe
    assert stretched(long, 1000) == recipe


@dataclass(frozen=True)
class Stepped:
    """A schedule of a user's own: ``after`` is a duration, ``rounds`` is not."""

    after: int = dataclasses.field(default=100, metadata=DURATION)
    rounds: int = 7
    off: int = dataclasses.field(default=0, metadata=DURATION)

    def __call__(self, round_: int) -> float:
        return 1.0 if round_ < self.after else 0.1


def test_a_duration_is_what_a_field_says_not_what_it_is_called() -> None:
    recipe = Recipe(rounds=1000, critic_optimizer=Adam(lr_factor=Stepped()))  # type: ignore[arg-type]
    assert stretched(recipe, 500).critic_optimizer.lr_factor == Stepped(50, 7, 0)  # type: ignore[comparison-overlap]


def test_every_schedule_inside_every_recipe_ends_at_the_same_share_of_a_run_of_any_length() -> None:
    for name, make in by_name().items():
        recipe = make(SampleSpec((64, 32)) if name.startswith("text") else SampleSpec((3, 64, 64), 10))
        for rounds in (recipe.rounds // 10, 3 * recipe.rounds):
            pairs = zip(decays(recipe), decays(stretched(recipe, rounds)), strict=True)
            for (path, before), (same, after) in pairs:
                assert path == same
                assert after / rounds == pytest.approx(before / recipe.rounds, rel=1e-3)


def test_a_decay_keeps_a_round_at_least() -> None:
    recipe = Recipe(rounds=100_000, critic_optimizer=Adam(lr_factor=LinearDecay(10)))
    short = stretched(recipe, 7)
    assert short.rounds == 7 and short.critic_optimizer == Adam(lr_factor=LinearDecay(1))


# --- small things


def test_a_generator_step_has_as_many_fakes_as_a_critic_step_by_default() -> None:
    assert Recipe(batch=32).fakes == 32 and Recipe(batch=32, generator_batch=64).fakes == 64


def test_critic_steps_are_whole_and_at_least_one() -> None:
    recipe = Recipe(critic_steps=LinearDecay(10, start=5.0, end=0.0))
    assert [recipe.steps(round_) for round_ in (0, 2, 9, 10, 50)] == [5, 4, 1, 1, 1]
    assert all(type(recipe.steps(round_)) is int for round_ in range(12))
    assert Recipe(critic_steps=CriticWarmUp()).steps(0) == 100


def test_a_recipe_is_frozen() -> None:
    recipe = Recipe()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.batch = 3  # type: ignore[misc]


HEAVY = ("torch", "sklearn", "scipy", "pyarrow", "PIL", "matplotlib", "tensorboard", "safetensors")


@pytest.mark.parametrize(
    "statement",
    [
        "import steadygan",
        "import steadygan.recipe",
        "import steadygan.recipes",
        "from steadygan import losses, penalties, objectives, optimizers, priors, representations, schedules",
        "from steadygan import ema, constraints, networks, perturbations",
        "import steadygan as sg; sg.recipes.wgan_gp()",
        "import steadygan.recipes as r, steadygan.recipe as q; [q.loads(q.dumps(f())) for f in r.RECIPES.values()]",
    ],
)
def test_recipes_are_read_and_written_without_loading_torch(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"

"""A recipe: everything that decides a training, as one frozen, printable value; to YAML and back.

``eval(repr(recipe), names()) == recipe``, and ``loads(dumps(recipe)) == recipe``. No torch at import.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from steadygan import codec
from steadygan.balance import LossRatio, Steps
from steadygan.checks import at_least, whole_number
from steadygan.constraints import Constraint
from steadygan.data.options import DataOptions
from steadygan.ema import Average
from steadygan.errors import SteadyganError, UsageError
from steadygan.networks import CriticNetwork, DCGANCritic, DCGANGenerator, GeneratorNetwork
from steadygan.objectives import Adversarial, Objective
from steadygan.optimizers import Adam, Optimizer
from steadygan.penalties import Penalty
from steadygan.perturbations import Perturbation
from steadygan.phases import Phase, phases_of
from steadygan.plateau import Plateau
from steadygan.priors import Normal, Prior
from steadygan.representations import Plain, Representation
from steadygan.schedules import Constant, CriticWarmUp, Schedule

FORMAT = 1
"""Version of the YAML form."""


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; only precision, micro_batch and threads change any digit of what is learned."""

    precision: Literal["auto", "fp32", "tf32", "bf16"] = "auto"
    """auto: bf16 where the processor or GPU computes in it, else fp32; scores, norms and penalties stay in fp32"""
    micro_batch: int | None = None
    """samples that go through the networks at once; gradients are summed over the batch. None: the whole batch"""
    engine: Literal["auto", "eager", "compiled", "graph", "compiled-graph"] = "auto"
    """how steps are carried out: as written, compiled, or recorded on a GPU; auto: eager, or what is measured faster"""
    threads: int | None = None
    """CPU threads; None: all where they gain a quarter here, else one (small networks, or a busy machine)"""
    log_every: int | None = None
    """rounds between logged rows; None: about every two seconds, chosen from the measured speed"""
    picture_every: int | None = None
    """rounds between pictures; None: about 40 in a run, the first within a minute"""
    checkpoint_every: int | None = None
    """rounds between checkpoints; None: about every half minute"""
    evaluate_every: int | None = None
    """rounds between evaluations of samples; None: so that they take about a twentieth of the time"""
    evaluate: Literal["auto", "patches", "pixels", "classifier", "inception", "none"] = "auto"
    """features by which samples are judged while training, and the best checkpoint kept; auto: patches for pictures;
    points and text are judged without features"""
    keep_best: str | None = None
    """keep the checkpoint where this number of the objective's state (BEGAN: convergence_mean) is lowest; None: the one
    whose samples were judged best"""
    keep_last: int = 2
    """checkpoints that are kept besides the best one and those of keep_every"""
    keep_every: int | None = None
    """each checkpoint whose round is divisible by this is kept for good; None: only the last ones"""
    pictured: int = 64
    """samples in a picture"""

    def __post_init__(self) -> None:
        for name in (
            "micro_batch",
            "threads",
            "log_every",
            "picture_every",
            "checkpoint_every",
            "evaluate_every",
            "keep_every",
        ):
            whole_number(f"run.{name}", getattr(self, name), or_none=True)
        whole_number("run.keep_last", self.keep_last)
        whole_number("run.pictured", self.pictured)


@dataclass(frozen=True)
class Recipe:
    """One way to train a pair of networks, whole."""

    name: str = "custom"
    """what the run is called"""
    generator: GeneratorNetwork = DCGANGenerator()
    """the generator's network"""
    critic: CriticNetwork = DCGANCritic()
    """the critic's network"""
    objective: Objective = Adversarial()
    """what both want of the critic's outputs"""
    penalties: tuple[Penalty, ...] = ()
    """what the critic's slope or scores are held to"""
    constraint: Constraint | None = None
    """what is done to the critic's weights at each step"""
    perturbation: Perturbation | None = None
    """what real and fake samples pass through on their way into the critic"""
    critic_steps: Schedule = Constant(1)
    """critic steps in a round, before its generator steps (n_critic)"""
    generator_steps: int = 1
    """generator steps in a round (n_generator)"""
    balance: LossRatio | None = None
    """more steps for the player that the losses say is behind; None, and better left so"""
    prior: Prior = Normal()
    """what latents are drawn from"""
    generator_optimizer: Optimizer = Adam()
    """how the generator steps"""
    critic_optimizer: Optimizer = Adam()
    """how the critic steps"""
    plateau: Plateau | None = None
    """lowers both rates when a measured number no longer falls"""
    batch: int = 64
    """real samples, and as many fakes, in a critic step"""
    generator_batch: int | None = None
    """fakes in a generator step; None: as many as in a critic step"""
    average: Average = Average()
    """running average of the generator's weights, which samples are drawn from"""
    representation: Representation = Plain()
    """how stored data becomes what the networks see"""
    data: DataOptions = DataOptions()
    """what is learned"""
    rounds: int = 100_000
    """rounds of critic steps and generator steps"""
    seed: int = 0
    """decides weights, order of data, latents and every other random number"""
    run: RunOptions = field(default_factory=RunOptions)
    """how the run is carried out and watched"""

    def __post_init__(self) -> None:
        if not self.name.strip(". ") or not self.name.isprintable() or set(self.name) & set('/\\:*?"<>|'):
            raise UsageError(
                f'name is {self.name!r}; it names a folder: letters and digits, none of / \\ : * ? " < > |'
            )
        object.__setattr__(self, "penalties", tuple(self.penalties))  # a list is as good, and reads back as a tuple
        for name in ("generator_steps", "batch", "rounds"):
            whole_number(name, getattr(self, name))
        whole_number("generator_batch", self.generator_batch, or_none=True)
        whole_number("seed", self.seed, 0, 2**63 - 1, note="below 2^63")
        at_least("critic_steps at its start", self.critic_steps(0), 1)

    @property
    def fakes(self) -> int:
        """Fakes in a generator step."""
        return self.batch if self.generator_batch is None else self.generator_batch

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The optimizer steps of a round: each player's main phase, and its lazy ones."""
        return phases_of(self.penalties)

    def steps(self, round_: int) -> int:
        """Critic steps of a round."""
        return max(1, round(self.critic_steps(round_)))

    def counts(self, round_: int) -> Steps:
        """Steps of both players in a round, as long as no losses decide."""
        return Steps(self.steps(round_), self.generator_steps)


def stretched(recipe: Recipe, rounds: int) -> Recipe:
    """The recipe over another number of rounds, with every decay and the looks of a plateau stretched in proportion."""
    factor = rounds / recipe.rounds

    def visit(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(visit(item) for item in value)
        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        changes = {f.name: visit(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if "rounds" in changes and isinstance(changes["rounds"], int):
            changes["rounds"] = max(1, round(changes["rounds"] * factor))
        return dataclasses.replace(value, **changes)

    whole: Recipe = visit(recipe)
    plateau = whole.plateau
    if plateau is not None:
        plateau = dataclasses.replace(plateau, every=max(1, round(plateau.every * factor)))
    return dataclasses.replace(whole, rounds=rounds, plateau=plateau)


def fitted(recipe: Recipe, rounds: int) -> Recipe:
    """The recipe stretched to a number of rounds that time allows, with a warm-up of the critic that leaves most of it
    to ordinary rounds."""
    whole = stretched(recipe, rounds)
    if isinstance(whole.critic_steps, CriticWarmUp):
        whole = dataclasses.replace(whole, critic_steps=whole.critic_steps.within(rounds))
    return whole


def names() -> dict[str, type]:
    """Every spec type that a recipe can hold, by name: what ``eval(repr(recipe), names())`` needs."""
    return codec.all_kinds(Recipe)


class _Loader(yaml.SafeLoader):
    """YAML 1.1 reads 1e-4 as text, and the last of two equal keys; this loader reads the number that everyone means,
    and refuses the keys."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that the loader would read as numbers."""


for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


def read_yaml(text: str, where: str) -> Any:
    """Plain data from YAML; a syntax error is one line."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "cannot be read"
        raise UsageError(f"{where} is no valid YAML{line}: {problem}") from None
    except RecursionError:
        raise UsageError(f"{where} is no valid YAML: it is nested too deeply") from None
    except ValueError as error:  # what looks like a date or a number and is none
        raise UsageError(f"{where} is no valid YAML: {error}") from None


def dumps(recipe: Recipe) -> str:
    """The recipe as YAML."""
    plain = codec.to_plain(recipe)
    plain.pop("kind")
    content = {"format": FORMAT, **plain}
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def loads(text: str, *, where: str = "the recipe", extra: Iterable[type] = ()) -> Recipe:
    """The recipe of a YAML text; fields that are left out have their defaults.

    Args:
        text: what ``dumps`` wrote, or a person
        where: what error lines call the text
        extra: a user's own spec types that the text may name

    Raises:
        UsageError: one line that names the field.
    """
    plain = read_yaml(text, where)
    if not isinstance(plain, Mapping):
        raise UsageError(f"{where} holds no recipe; fields such as 'generator:' are needed")
    fields = dict(plain)
    version = fields.pop("format", FORMAT)
    if version != FORMAT:
        raise UsageError(f"{where} has format {version!r}; this version of steadygan reads format {FORMAT}")
    return codec.from_plain(fields, Recipe, extra=extra)


def load(path: str | Path, *, extra: Iterable[type] = ()) -> Recipe:
    """The recipe in a YAML file."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text file; a recipe is YAML") from None
    try:
        return loads(text, where=str(path), extra=extra)
    except SteadyganError as error:
        line = str(error)
        raise UsageError(line if line.startswith(str(path)) else f"{path}: {line}") from None

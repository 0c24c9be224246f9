"""Recipes: all settings of a training run as one frozen dataclass, read from and written to YAML.

``eval(repr(recipe), names()) == recipe``, and ``loads(dumps(recipe)) == recipe``. Imports no torch.
"""

from __future__ import annotations

import dataclasses
import html
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

import yaml

from steadygan import codec
from steadygan.balance import LossRatio, Steps, StepsByLoss
from steadygan.checks import at_least, one_of, true_or_false, whole_number
from steadygan.constraints import Constraint
from steadygan.data.options import DataOptions
from steadygan.ema import Average
from steadygan.errors import SteadyganError, UsageError
from steadygan.growth import Growth, Stage
from steadygan.kinds import Kind, bound, check_frozen, check_names, kinds_in, spec_types
from steadygan.networks import ClassifierEncoder, CriticNetwork, DCGANCritic, DCGANGenerator, GeneratorNetwork
from steadygan.networks.own import as_network
from steadygan.objectives import Adversarial, Objective
from steadygan.optimizers import Adam, Optimizer
from steadygan.penalties import Penalty
from steadygan.perturbations import Perturbation
from steadygan.phases import Phase, phases_of
from steadygan.plateau import Plateau
from steadygan.priors import Normal, Prior
from steadygan.recipe_parts import check_parts
from steadygan.representations import Plain, Representation
from steadygan.schedules import Constant, CriticWarmUp, Schedule, as_schedule, value_at
from steadygan.system import notebook
from steadygan.system.files import describe
from steadygan.system.regular import read_regular
from steadygan.system.yaml_text import CHARACTERS, Dumper, read_yaml
from steadygan.timeline import Replan, check_replans, pace, position

_WHOLE = Stage(0, 0.0)
FORMAT = 1
"""Version of the YAML format."""


@dataclass(frozen=True)
class RunOptions:
    """Execution options of a run; only precision, micro_batch and threads change the trained weights."""

    precision: Literal["auto", "fp32", "tf32", "bf16"] = "auto"
    """precision; auto: bf16 where the hardware computes in it, else fp32; scores, norms and penalties stay fp32"""
    micro_batch: int | None = None
    """samples per forward pass, to save memory; gradients accumulate over the batch. None: the full batch"""
    engine: Literal["auto", "eager", "compiled", "graph", "compiled-graph"] = "auto"
    """how steps run: eager, torch.compile, CUDA graphs, or both; auto: eager, or compiled where it measures faster"""
    threads: int | None = None
    """CPU threads; None: all if they are at least 25% faster than one, else one (small networks, or a busy machine)"""
    log_every: int | None = None
    """rounds between logged rows; None: about every two seconds"""
    picture_every: int | None = None
    """rounds between sample pictures; None: about 40 in a run, the first within a minute"""
    checkpoint_every: int | None = None
    """rounds between checkpoints; None: about every half minute"""
    evaluate_every: int | None = None
    """rounds between evaluations of samples; None: as often as 5% of the time allows"""
    evaluate: Literal["auto", "patches", "pixels", "classifier", "inception", "none"] = "auto"
    """features for evaluating samples during training, which selects the best checkpoint; auto: patches for images;
    points and text need no features"""
    keep_best: str | None = None
    """number of the objective's state whose minimum selects the best checkpoint (BEGAN: convergence_mean); None: the
    evaluation of samples"""
    keep_last: int = 2
    """latest checkpoints to keep, besides the best one and those of keep_every"""
    keep_every: int | None = None
    """also keep each checkpoint whose round is a multiple of this; None: none"""
    pictured: int = 64
    """samples per picture"""
    on_trouble: Literal["advise", "rollback", "restart"] = field(default="advise", metadata=codec.OMIT_DEFAULT)
    """what follows trouble: a line of advice; going back to a healthy checkpoint at half the rates, or to the best one
    where the critic overfits; or, after a collapse, also a new run at half the rates"""
    diagnose: bool = field(default=True, metadata=codec.OMIT_DEFAULT)
    """measures now and then how healthy the training is, in less than 5% of its time (signals.jsonl)"""
    remedies: int = field(default=3, metadata=codec.OMIT_DEFAULT)
    """times that rollback and restart are tried"""

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
        whole_number("run.remedies", self.remedies)
        true_or_false("run.diagnose", self.diagnose)


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training run."""

    name: str = "custom"
    """name of the run"""
    generator: GeneratorNetwork = DCGANGenerator()
    """generator network"""
    critic: CriticNetwork = DCGANCritic()
    """critic (discriminator) network"""
    objective: Objective = Adversarial()
    """losses of both players on the critic's outputs"""
    penalties: tuple[Penalty, ...] = ()
    """penalty terms added to a player's loss, such as a gradient penalty"""
    constraint: Constraint | None = None
    """constraint on the critic's weights at each step, such as weight clipping"""
    perturbation: Perturbation | None = None
    """noise or augmentation applied to real and fake samples before the critic"""
    critic_steps: Schedule = Constant(1)
    """critic steps per round (n_critic)"""
    generator_steps: int = 1
    """generator steps per round (n_generator)"""
    balance: LossRatio | StepsByLoss | None = None
    """extra steps for a player whose loss is high relative to the other's, or for the generator where the critic's is
    low; None (recommended): none"""
    prior: Prior = Normal()
    """distribution of the latents"""
    generator_optimizer: Optimizer = Adam()
    """optimizer of the generator"""
    critic_optimizer: Optimizer = Adam()
    """optimizer of the critic"""
    plateau: Plateau | None = None
    """reduces both learning rates when a number of the objective's state stops falling"""
    batch: int = 64
    """real samples, and as many fakes, per critic step"""
    generator_batch: int | None = None
    """fakes per generator step; None: as in a critic step"""
    average: Average = Average()
    """exponential moving average of the generator's weights; samples come from it"""
    representation: Representation = Plain()
    """conversion of stored data to network inputs"""
    data: DataOptions = DataOptions()
    """training data"""
    rounds: int = field(default=100_000, metadata=codec.DURATION)
    """length of the run; a round is critic_steps and then generator_steps"""
    seed: int = 0
    """seed of all random numbers: initial weights, order of the data, latents"""
    run: RunOptions = field(default_factory=RunOptions)
    """execution, logging and checkpoints"""
    frozen: int = field(default=0, metadata=codec.OMIT_DEFAULT)
    """parts of the critic, from its input on, whose weights stay as they begin (Freeze-D, Mo et al. 2020)"""
    fake_labels: Literal["uniform", "data"] = field(default="uniform", metadata=codec.OMIT_DEFAULT)
    """classes of the fakes of generator steps that take no real samples: equally often, or as often as in the data"""
    encoder: ClassifierEncoder | None = field(default=None, metadata=codec.OMIT_DEFAULT)
    """classifier that is trained on the labelled data before the first round, and then frozen: it makes the features
    of stacked networks; None: none"""
    replans: tuple[Replan, ...] = field(default=(), metadata=codec.OMIT_DEFAULT)
    """new ends that a run with a time limit got while it trained; its schedules follow"""
    growth: Growth | None = field(default=None, metadata=codec.OMIT_DEFAULT)
    """progressive growing of networks that can grow, by images shown; None: they have their full size all along"""

    def __post_init__(self) -> None:
        for field_name in (each.name for each in dataclasses.fields(self)):
            value = getattr(self, field_name)
            plain = codec.with_plain_numbers(value)
            if plain is not value:
                object.__setattr__(self, field_name, plain)
        if not isinstance(self.name, str):
            raise UsageError(f"name is {self.name!r}; it names a folder: text is needed")
        if not self.name.strip(". ") or not self.name.isprintable() or set(self.name) & set('/\\:*?"<>|'):
            raise UsageError(
                f'name is {self.name!r}; it names a folder: letters and digits, none of / \\ : * ? " < > |'
            )
        if not isinstance(self.penalties, tuple | list):
            raise UsageError(f"penalties is {self.penalties!r}; a list of penalties is needed")
        object.__setattr__(self, "penalties", tuple(self.penalties))  # lists are accepted
        check_parts(self)
        for player in ("generator", "critic"):  # and functions that make a network
            object.__setattr__(self, player, as_network(getattr(self, player), player))
        for name in ("generator_steps", "batch", "rounds"):
            whole_number(name, getattr(self, name))
        object.__setattr__(self, "replans", tuple(self.replans))
        check_replans(self.replans)
        whole_number("frozen", self.frozen, 0)
        one_of("fake_labels", self.fake_labels, ("uniform", "data"))
        whole_number("generator_batch", self.generator_batch, or_none=True)
        whole_number("seed", self.seed, 0, 2**63 - 1, note="below 2^63")
        object.__setattr__(self, "critic_steps", as_schedule("critic_steps", self.critic_steps))
        at_least("critic_steps at its start", value_at(self.critic_steps, 0), 1)
        if self.growth is not None and (self.balance is not None or not isinstance(self.critic_steps, Constant)):
            raise UsageError("growth goes by the images of a round: it needs constant critic_steps, and no balance")

    @property
    def fakes(self) -> int:
        """Fakes per generator step."""
        return self.batch if self.generator_batch is None else self.generator_batch

    @property
    def generator_takes_real(self) -> bool:
        """True if generator steps take real samples from the data: for the objective, or for the generator itself."""
        return self.objective.needs_real or bool(getattr(self.generator, "needs_real", False))

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Phases of a round: each player's main phase, and its lazy ones."""
        return phases_of(self.penalties)

    def steps(self, round_: int) -> int:
        """Number of critic steps in a round."""
        at = self.position(round_)
        schedule = self.critic_steps
        return max(1, round(schedule.at(at, round_) if isinstance(schedule, CriticWarmUp) else value_at(schedule, at)))

    def position(self, round_: int) -> int:
        """The round at which the schedules are in a round of the run: another one after a re-plan."""
        return position(self.replans, round_) if self.replans else round_

    def pace(self, round_: int) -> float:
        """Rounds of the schedules that a round of the run stands for: another number than 1 after a re-plan."""
        return pace(self.replans, round_) if self.replans else 1.0

    def stage(self, round_: int) -> Stage:
        """The stage of a round of a recipe that grows; without growth the only one there is."""
        return _WHOLE if self.growth is None else self.growth.at(self.position(round_), self.batch, self.steps(0))

    def stage_rounds(self, start: int, end: int) -> tuple[int, ...]:
        """How many of the rounds from ``start`` up to ``end`` are of each level."""
        if self.growth is None:
            return (end - start,)
        begins = self.growth.starts(self.batch, self.steps(0))[1::2]
        edges = [start, *(min(end, max(start, self._round_at(begin))) for begin in begins), end]
        return tuple(after - before for before, after in pairwise(edges))

    def _round_at(self, position_: int) -> int:
        """The first round at which the schedules are in a round of the first plan, or beyond it."""
        if not self.replans:
            return position_
        return bisect_left(range(self.rounds), position_, key=self.position)

    @property
    def typical_rounds(self) -> tuple[int, ...]:
        """A round of each level, in the middle of its fade where it has one; without growth round 0."""
        if self.growth is None:
            return (0,)
        starts = self.growth.starts(self.batch, self.steps(0))
        middles = ((begin + end) // 2 for begin, end in zip(starts[1::2], starts[2::2], strict=True))
        return (0, *(self._round_at(middle) for middle in middles))

    def samples(self, round_: int) -> tuple[int, int]:
        """Real samples of a critic step and fakes of a generator step in a round."""
        level = 0 if self.growth is None else self.stage(round_).level
        if self.growth is None or level == self.growth.levels - 1:
            return self.batch, self.fakes
        return self.growth.batches[level], self.growth.batches[level]

    def counts(self, round_: int) -> Steps:
        """Steps of both players in a round, before any balancing by losses."""
        return Steps(self.steps(round_), self.generator_steps)

    def _repr_html_(self) -> str:
        return f"<strong>{html.escape(self.name)}</strong>{notebook.text(dumps(self).splitlines())}"


def stretched(recipe: Recipe, rounds: int) -> Recipe:
    """The recipe over another number of rounds, with every duration in it (``codec.DURATION``) scaled in proportion.

    Of a run that was planned anew, the first plan is stretched.
    """
    if recipe.replans:
        recipe = dataclasses.replace(recipe, rounds=recipe.replans[0].before, replans=())
    return dataclasses.replace(codec.stretched(recipe, rounds / recipe.rounds), rounds=rounds)


def fitted(recipe: Recipe, rounds: int) -> Recipe:
    """The recipe scaled to another number of rounds, with the critic's warm-up shortened to leave most of them."""
    scaled = stretched(recipe, rounds)
    if isinstance(scaled.critic_steps, CriticWarmUp):
        scaled = dataclasses.replace(scaled, critic_steps=scaled.critic_steps.within(rounds))
    return scaled


def names() -> dict[str, type]:
    """All spec types of a recipe by name: the namespace for ``eval(repr(recipe), names())``."""
    return codec.all_kinds(Recipe)


def own_kinds(recipe: Recipe) -> tuple[Kind, ...]:
    """The classes and functions of the user's own in a recipe, which reading it back needs."""
    return kinds_in(recipe, names().values())


def dumps(recipe: Recipe) -> str:
    """Serialises a recipe to YAML."""
    plain = codec.to_plain(recipe, omit_defaults=True)
    plain.pop("kind")
    content = {"format": FORMAT, **plain}
    text: str = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def check_readable(recipe: Recipe) -> None:
    """Refuses a recipe that could not be read back: its run could be trained, and then neither opened nor resumed.

    Raises:
        UsageError: one line that names the field.
    """
    check_frozen(own_kinds(recipe))
    try:
        loads(dumps(recipe), extra=own_kinds(recipe))
    except TypeError as error:
        raise UsageError(f"the recipe cannot be written to a file: {error}") from None


def loads(text: str, *, where: str = "the recipe", extra: Iterable[Kind] = (), leave_own: bool = False) -> Recipe:
    """Reads a recipe from YAML; missing fields take their defaults.

    Args:
        text: YAML, from ``dumps`` or hand-written
        where: its source, for error messages
        extra: spec types and functions of your own that the text may name
        leave_own: takes the defaults, too, in place of fields that name spec types of your own which are not in
            ``extra``: for readers that need name, data and length alone

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
    extra = tuple(extra)
    check_names(extra, names())
    if leave_own:
        known = {*names(), *(kind.__name__ for kind in spec_types(extra))}
        fields = {name: value for name, value in fields.items() if codec.kinds_named(value) <= known}
    return bound(codec.from_plain(fields, Recipe, extra=spec_types(extra)), extra)


def load(path: str | Path, *, extra: Iterable[Kind] = (), leave_own: bool = False) -> Recipe:
    """Reads a recipe from a YAML file; see ``loads``."""
    path = Path(path)
    try:
        text = read_regular(path, limit=4 * CHARACTERS).decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {describe(error)}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text file; a recipe is YAML") from None
    try:
        return loads(text, where=str(path), extra=extra, leave_own=leave_own)
    except SteadyganError as error:
        line = str(error)
        raise UsageError(line if line.startswith(str(path)) else f"{path}: {line}") from None

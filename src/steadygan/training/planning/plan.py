"""The plan of a run: its expected time, rounds for a time limit, and intervals of logging, pictures and checkpoints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from steadygan.errors import UsageError
from steadygan.networks.building import spec_name
from steadygan.recipe import fitted
from steadygan.schedules import Cosine, LinearDecay
from steadygan.system.device import device_name
from steadygan.system.words import byte_size, counted, duration
from steadygan.training.planning import outlook
from steadygan.training.planning.costs import expected_costs
from steadygan.training.planning.speed import USUAL_ROUND, Speed

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.observers import Evaluator
    from steadygan.training.step.game import Game

_LOG_SECONDS = 2.0
_CHECKPOINT_SECONDS = 30.0
_FIRST_PICTURE_SECONDS = 45.0
_PICTURES = 40
_PICTURE_SHARE = 0.015  # of the time, at most, except at the start and in short runs
_MIN_PICTURES = 4
_EVALUATION_SHARE = 0.05  # of the time, at most
_MAX_EVALUATIONS = 20
_LONG_WARM_UP = 1 / 3  # of a run's time
_OVERHEAD = 1.1  # of logging, pictures, checkpoints and evaluations, for --minutes


def fit_minutes(recipe: Recipe, speed: Speed, minutes: float, closing: float = 0.0) -> Recipe:
    """The recipe with rounds, decays and the critic's warm-up fitted to a time limit.

    Args:
        recipe: to fit
        speed: measured
        minutes: for its rounds, and for what comes after them
        closing: seconds of what comes after the last round

    Raises:
        UsageError: unless ``minutes`` is above 0.
    """
    if not minutes > 0:
        raise UsageError(f"--minutes is {minutes}; it has to be above 0")
    seconds = max(0.0, minutes * 60 - closing) / _OVERHEAD

    def fits(rounds: int) -> bool:
        return speed.rounds(fitted(recipe, rounds), 0, rounds) < seconds

    low, high = 1, 2
    while fits(high) and high < 2**31:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return fitted(recipe, low)


def _rounded(number: float) -> int:
    """A round number near ``number``, at least 1: 1, 2, 5, 10, 20, 50, …"""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= number * 0.75:
                return step * factor
        step *= 10


def choose_intervals(
    recipe: Recipe,
    speed: Speed,
    threads: int | None = None,
    evaluator: Evaluator | None = None,
) -> Recipe:
    """The recipe with the intervals that it leaves open chosen from its speed, and the number of threads.

    Args:
        recipe: may leave intervals None
        speed: measured
        threads: for ``run.threads`` if that is None
        evaluator: of samples during training
    """
    run, round_seconds = recipe.run, max(1e-9, speed.rounds(recipe, 0, recipe.rounds) / recipe.rounds)
    total = round_seconds * recipe.rounds
    picture_seconds = min(max(total / _PICTURES, 2.0), 600.0)
    if speed.rounds(recipe, 0, min(recipe.rounds, 64)) < _FIRST_PICTURE_SECONDS:
        picture_seconds = min(picture_seconds, max(_FIRST_PICTURE_SECONDS, total / 200))
    costs = expected_costs(recipe, speed, evaluator)
    picture_seconds = max(picture_seconds, min(costs["picture"] / _PICTURE_SHARE, total / _MIN_PICTURES))
    evaluation_seconds = max(costs["evaluation"] / _EVALUATION_SHARE, total / _MAX_EVALUATIONS)

    def rounds_in(seconds: float) -> int:
        return min(recipe.rounds, _rounded(seconds / round_seconds))

    chosen = dataclasses.replace(
        run,
        threads=threads if run.threads is None else run.threads,
        log_every=run.log_every or rounds_in(_LOG_SECONDS),
        picture_every=run.picture_every or rounds_in(picture_seconds),
        checkpoint_every=run.checkpoint_every or rounds_in(_CHECKPOINT_SECONDS),
        evaluate_every=run.evaluate_every or rounds_in(evaluation_seconds),
    )
    return dataclasses.replace(recipe, run=chosen)


def plan_lines(recipe: Recipe, game: Game, speed: Speed, dataset: Dataset) -> tuple[str, ...]:
    """The plan in a few lines to print: network sizes, rounds, expected time and disk space, notes on decays."""
    generator, critic = (sum(p.numel() for p in module.parameters()) for module in (game.generator, game.critic))
    seconds = speed.rounds(recipe, 0, recipe.rounds) * _OVERHEAD
    checkpoint = 4 * (4 * generator + 3 * critic)  # bytes: float32 weights, the average, two moments of each
    critic_steps, generator_steps = recipe.steps(USUAL_ROUND), recipe.generator_steps
    audit = dataset.audit
    decoded = f", decoded pictures {byte_size(audit.cache_bytes)} in {audit.cache}" if audit and audit.cache else ""
    lines = [
        f"generator {spec_name(recipe.generator)}, {generator:,} parameters; "
        f"critic {spec_name(recipe.critic)}, {critic:,} parameters; samples {game.sample}",
        f"{counted(recipe.rounds, 'round')} of {counted(critic_steps, 'critic step')} and "
        f"{'one' if generator_steps == 1 else generator_steps} generator step{'s' * (generator_steps > 1)}, "
        f"batch {recipe.batch}: about {duration(seconds)} on {device_name(game.device)} in {game.precision}, "
        f"{recipe.run.engine} steps",
        *_growth_words(recipe, speed, game),
        *_range_words(dataset),
        f"disk: about {byte_size(checkpoint * (recipe.run.keep_last + 2))} of checkpoints{decoded}",
        f"picture every {counted(recipe.run.picture_every or 1, 'round')}, checkpoint every "
        f"{recipe.run.checkpoint_every:,}",
    ]
    share = warm_up_share(recipe, speed)
    if share > _LONG_WARM_UP:
        lines.append(
            f"note: {share:.0%} of the time goes into critic steps beyond {critic_steps} a round, the critic's "
            f"warm-up: take more rounds, or --critic-steps {critic_steps} to leave it out"
        )
    ends = {end for _, end in decays(recipe) if end != recipe.rounds}
    if ends:
        lines.append(
            f"note: a decay ends at round {min(ends):,}, the run at {recipe.rounds:,} "
            "(--rounds and --minutes move both; --keep-schedules leaves decays where they are)"
        )
    lines += [f"warning: {line}" for line in outlook.warnings(recipe, dataset, seconds)]
    return tuple(lines)


def _growth_words(recipe: Recipe, speed: Speed, game: Game) -> tuple[str, ...]:
    """What each level of a recipe that grows takes: rounds, images and time."""
    growth = recipe.growth
    if growth is None:
        return ()
    rounds, costs = recipe.stage_rounds(0, recipe.rounds), speed.level_costs(recipe)
    whole = sum(count * cost for count, cost in zip(rounds, costs, strict=True)) or 1.0
    side = min(game.sample.shape[1:])
    words = (
        f"{side >> (growth.levels - 1 - level)} px {counted(count, 'round')} of batch "
        f"{growth.batch(level, recipe.batch)} ({count * cost / whole:.0%} of the time)"
        for level, (count, cost) in enumerate(zip(rounds, costs, strict=True))
    )
    return (f"grows: {', '.join(words)}",)


def _range_words(dataset: Dataset) -> tuple[str, ...]:
    """The stored numbers that become black and white, unless all are as stored, and warnings of the audit."""
    audit = dataset.audit
    if audit is None:
        return ()
    changed = any((each["low"], each["high"]) != (0, 255) for _, each in audit.ranges)
    ranges = (f"data: {words}" for words in audit.range_words if changed)
    return (*ranges, *(f"warning: {text}" for text in audit.warnings))


def warm_up_share(recipe: Recipe, speed: Speed) -> float:
    """Fraction of a run's time in critic steps beyond the usual ones."""
    total = speed.rounds(recipe, 0, recipe.rounds)
    usual = recipe.rounds * speed.typical(recipe)
    return max(0.0, 1 - usual / total) if total else 0.0


def decays(recipe: Recipe) -> list[tuple[str, int]]:
    """All schedules of a recipe that end at a round: (path of the field, round)."""
    ends: list[tuple[str, int]] = []

    def visit(value: object, where: str) -> None:
        if isinstance(value, tuple):
            for i, item in enumerate(value):
                visit(item, f"{where}[{i}]")
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            if isinstance(value, LinearDecay | Cosine):
                ends.append((where, value.rounds))
            for f in dataclasses.fields(value):
                visit(getattr(value, f.name), f"{where}.{f.name}".lstrip("."))

    visit(recipe, "")
    return ends

"""Before a run starts: how fast this device is, how long it will take, how often to log, picture and save."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from steadygan.errors import UsageError
from steadygan.recipe import fitted
from steadygan.system.device import device_name
from steadygan.system.words import byte_size, duration
from steadygan.training.speed import USUAL_ROUND, Speed

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.observers import Evaluator
    from steadygan.training.step.game import Game

_LOG_SECONDS = 2.0
_CHECKPOINT_SECONDS = 30.0
_FIRST_PICTURE_SECONDS = 45.0
_PICTURES = 40
_PICTURE_SECONDS = 0.15  # that a picture costs, about, to be written in all its forms
_PICTURE_STEPS = 2  # generator steps that it costs besides: statistics of the average, and samples
_PICTURE_SHARE = 0.015  # of the time, at most, but for those at the start and a few in a short run
_LEAST_PICTURES = 4
_EVALUATION_SHARE = 0.05  # of the time, at most
_EVALUATIONS = 20  # in a run, at most
_LONG_WARM_UP = 1 / 3  # of a run's time
_OVERHEAD = 1.1  # of logging, pictures, checkpoints and evaluations, for --minutes


def fit_minutes(recipe: Recipe, speed: Speed, minutes: float) -> Recipe:
    """The recipe with its rounds, decays and the critic's warm-up fitted to a time.

    Raises:
        UsageError: for a time that is no positive number.
    """
    if not minutes > 0:
        raise UsageError(f"--minutes is {minutes}; it has to be above 0")
    seconds = minutes * 60 / _OVERHEAD

    def fits(rounds: int) -> bool:
        return speed.rounds(fitted(recipe, rounds), 0, rounds) < seconds

    low, high = 1, 2
    while fits(high) and high < 2**31:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return fitted(recipe, low)


def _tidy(number: float) -> int:
    """A round number near ``number``, at least 1: 1, 2, 5, 10, 20, 50, …"""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= number * 0.75:
                return step * factor
        step *= 10


def settle(recipe: Recipe, speed: Speed, threads: int | None = None, evaluator: Evaluator | None = None) -> Recipe:
    """The recipe with the intervals and threads that were left open chosen from the speed."""
    run, each = recipe.run, max(1e-9, speed.rounds(recipe, 0, recipe.rounds) / recipe.rounds)
    whole = each * recipe.rounds
    picture_seconds = min(max(whole / _PICTURES, 2.0), 600.0)
    if speed.rounds(recipe, 0, min(recipe.rounds, 64)) < _FIRST_PICTURE_SECONDS:
        picture_seconds = min(picture_seconds, max(_FIRST_PICTURE_SECONDS, whole / 200))
    cost = _PICTURE_SECONDS + _PICTURE_STEPS * speed.generator_step
    picture_seconds = max(picture_seconds, min(cost / _PICTURE_SHARE, whole / _LEAST_PICTURES))
    checkpoint_every = run.checkpoint_every or min(recipe.rounds, _tidy(_CHECKPOINT_SECONDS / each))
    evaluation = 0.0
    if evaluator is not None:
        evaluation = evaluator.seconds + evaluator.count / recipe.fakes * speed.generator_step
    between = max(evaluation / _EVALUATION_SHARE, whole / _EVALUATIONS)  # seconds
    chosen = dataclasses.replace(
        run,
        threads=threads if run.threads is None else run.threads,
        log_every=run.log_every or min(recipe.rounds, _tidy(_LOG_SECONDS / each)),
        picture_every=run.picture_every or min(recipe.rounds, _tidy(picture_seconds / each)),
        checkpoint_every=checkpoint_every,
        evaluate_every=run.evaluate_every or min(recipe.rounds, _tidy(between / each)),
    )
    return dataclasses.replace(recipe, run=chosen)


def plan_lines(recipe: Recipe, game: Game, speed: Speed, dataset: Dataset) -> tuple[str, ...]:
    """What will happen, in a few lines for people."""
    weights = [sum(p.numel() for p in module.parameters()) for module in (game.generator, game.critic)]
    seconds = speed.rounds(recipe, 0, recipe.rounds) * _OVERHEAD
    checkpoint = 4 * (weights[0] * 4 + weights[1] * 3)
    steps, made = recipe.steps(USUAL_ROUND), recipe.generator_steps
    audit = dataset.audit
    decoded = f", decoded pictures {byte_size(audit.cache_bytes)} in {audit.cache}" if audit and audit.cache else ""
    lines = [
        f"generator {type(recipe.generator).__name__}, {weights[0]:,} parameters; "
        f"critic {type(recipe.critic).__name__}, {weights[1]:,} parameters; samples {game.sample}",
        f"{recipe.rounds:,} rounds of {steps} critic step{'s' * (steps > 1)} and "
        f"{'one' if made == 1 else made} generator step{'s' * (made > 1)}, "
        f"batch {recipe.batch}: about {duration(seconds)} on {device_name(game.device)} in {game.precision}, "
        f"{recipe.run.engine} steps",
        f"disk: about {byte_size(checkpoint * (recipe.run.keep_last + 2))} of checkpoints{decoded}",
        f"picture every {recipe.run.picture_every:,} rounds, checkpoint every {recipe.run.checkpoint_every:,}",
    ]
    share = warm_up_share(recipe, speed)
    if share > _LONG_WARM_UP:
        lines.append(
            f"note: {share:.0%} of the time goes into critic steps beyond {steps} a round, the critic's warm-up: "
            f"take more rounds, or --critic-steps {steps} to leave it out"
        )
    ends = {end for _, end in decays(recipe) if end != recipe.rounds}
    if ends:
        lines.append(
            f"note: a decay ends at round {min(ends):,}, the run at {recipe.rounds:,} "
            "(--minutes fits both; --rounds only cuts)"
        )
    return tuple(lines)


def warm_up_share(recipe: Recipe, speed: Speed) -> float:
    """The share of a run's time that critic steps beyond the usual ones take."""
    whole = speed.rounds(recipe, 0, recipe.rounds)
    usual = recipe.rounds * speed.round(recipe, USUAL_ROUND)
    return max(0.0, 1 - usual / whole) if whole else 0.0


def decays(recipe: Recipe) -> list[tuple[str, int]]:
    """Each schedule below the recipe that ends at a round, with that round."""
    found: list[tuple[str, int]] = []

    def visit(value: object, where: str) -> None:
        if isinstance(value, tuple):
            for i, item in enumerate(value):
                visit(item, f"{where}[{i}]")
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            for f in dataclasses.fields(value):
                inner = getattr(value, f.name)
                if f.name == "rounds" and where and isinstance(inner, int):
                    found.append((where, inner))
                visit(inner, f"{where}.{f.name}".lstrip("."))

    visit(recipe, "")
    return found

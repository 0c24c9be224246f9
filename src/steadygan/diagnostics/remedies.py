"""Remedies: what a run does about trouble where ``run.on_trouble`` lets it, and its sessions until it ends.

'rollback' goes back to the last healthy checkpoint, at half the rates, when a training diverged, and to the best
checkpoint, where it ends, when the critic overfits. 'restart' also begins again, in another folder and at half the
rates, when the samples collapsed (a lower rate is the lessons' first advice there). Each is recorded before it is
carried out, so that a run that is killed in between resumes as it would have gone on.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import STABLE, in_order, judge
from steadygan.diagnostics.words import NAMES
from steadygan.run import layout
from steadygan.run.checkpoints import newest_whole, read_state
from steadygan.run.environment import Environment
from steadygan.run.find import is_run
from steadygan.run.history import Change, now, read_history
from steadygan.run.occupied import occupied
from steadygan.run.records import best_round, evaluation_rows
from steadygan.run.remedies import Remedy, read_remedies, write_remedies
from steadygan.system.yaml_text import read_yaml

if TYPE_CHECKING:
    from steadygan.diagnostics.fields import Row
    from steadygan.recipe import Recipe
    from steadygan.training.trouble import Trouble

SLOWER = 0.5
"""factor of both rates for each remedy; a choice: the lessons say 'lower' alone"""
SURE = 0.7
"""confidence of a verdict from which a run acts on it"""
DIVERGED = frozenset({"diverged"})
OVERFITTED = frozenset({"critic_overfitting", "memorisation"})
COLLAPSED = frozenset({"full_collapse"})


def trouble_in(rows: Iterable[Row]) -> Trouble | None:
    """Why a run should not go on by its log: a fault with a remedy, sure enough and the main one in the last looks."""
    from steadygan.training.trouble import Trouble

    history = History(in_order(rows))
    said = [judge(history.up_to(look)).main for look in range(max(1, history.looks - STABLE + 1), history.looks + 1)]
    last = said[-1] if said else None
    if last is None or len(said) < STABLE or {finding.verdict for finding in said} != {last.verdict}:
        return None
    if last.confidence < SURE or last.verdict not in DIVERGED | OVERFITTED | COLLAPSED:
        return None
    evidence = "; ".join(each.text for each in last.evidence)
    line = f"{NAMES[last.verdict]} since round {last.since:,}: {evidence}"
    return Trouble(line, last.verdict, history.round, last.since, evidence)


def next_remedy(folder: Path, recipe: Recipe, trouble: Trouble, earlier: int = 0) -> Remedy | None:
    """What is done about a trouble; None: nothing, so that the run ends with its error.

    Args:
        folder: of the run
        recipe: as it was when it stopped
        trouble: why it stopped
        earlier: remedies in other folders, of which this run is a restart
    """
    done, earlier = read_remedies(folder), max(earlier, _before_restart(folder))
    if recipe.run.on_trouble == "advise" or earlier + len(done) >= recipe.run.remedies:
        return None
    new = Remedy(earlier + len(done) + 1, trouble.verdict, trouble.evidence, trouble.round, "rollback", time=now())
    if trouble.verdict in DIVERGED:
        return _rolled_back(new, folder, trouble, done)
    if trouble.verdict in OVERFITTED:
        best = best_round(evaluation_rows(folder / layout.EVALUATIONS))
        kept = [int(path.name) for path in layout.list_checkpoints(folder / layout.CHECKPOINTS)]
        return dataclasses.replace(new, action="stop", to_round=best) if best and best in kept else None
    if trouble.verdict in COLLAPSED and recipe.run.on_trouble == "restart":
        other = _free_beside(folder, recipe, new.number)
        return dataclasses.replace(new, action="restart", factor=SLOWER, folder=str(other))
    return None


def _free_beside(folder: Path, recipe: Recipe, number: int) -> Path:
    """A folder for a restart, with the first number from its own on that no other run has."""
    beside = folder if folder.name not in ("", "..") else folder.resolve()
    name = beside.name.partition("-restart-")[0]
    others = (beside.with_name(f"{name}-restart-{each}") for each in itertools.count(number))
    return next(
        other
        for other in others
        if not os.path.lexists(other)
        or (other.is_dir() and not is_run(other) and occupied(other, recipe.data.source) is None)
    )


def _before_restart(folder: Path, after: frozenset[Path] = frozenset()) -> int:
    """Remedies of the runs beside a folder that it is a restart of, when it is resumed alone."""
    for beside in folder.parent.glob(f"*/{layout.REMEDIES}"):
        done = read_remedies(beside.parent)
        if beside.parent not in after | {folder} and done and Path(done[-1].folder).name == folder.name:
            return len(done) + _before_restart(beside.parent, after | {folder})
    return 0


def _rolled_back(new: Remedy, folder: Path, trouble: Trouble, done: Sequence[Remedy]) -> Remedy | None:
    """Back to the last checkpoint before the trouble; where the last remedy led there too, to the one before it."""
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    healthy = [path for path in saved if int(path.name) < trouble.since]
    if done and done[-1].action == "rollback":
        healthy = [path for path in healthy if int(path.name) < done[-1].to_round] or healthy
    whole = newest_whole(healthy)
    if whole is None and Environment.read(folder).weights_from is not None:
        return None  # it did not begin at its seed's weights
    to_round = 0 if whole is None else int(whole.name)
    gone = sum(remedy.to_round > to_round for remedy in done)  # of which going back undoes the rates
    return dataclasses.replace(new, to_round=to_round, factor=SLOWER ** (1 + gone))


def applied(remedy: Remedy, recipe: Recipe) -> Recipe:
    """The recipe that a remedy goes on with, from the recipe as it was at its checkpoint."""
    if remedy.action == "stop":
        return dataclasses.replace(recipe, rounds=remedy.to_round)
    factor = remedy.factor
    return _with_rates(recipe, factor * recipe.critic_optimizer.lr, factor * recipe.generator_optimizer.lr)


def at_rates_of(other: Recipe, recipe: Recipe) -> Recipe:
    """The recipe with both rates of another one."""
    return _with_rates(recipe, other.critic_optimizer.lr, other.generator_optimizer.lr)


def _with_rates(recipe: Recipe, critic: float, generator: float) -> Recipe:
    return dataclasses.replace(
        recipe,
        critic_optimizer=dataclasses.replace(recipe.critic_optimizer, lr=critic),  # type: ignore[type-var]
        generator_optimizer=dataclasses.replace(recipe.generator_optimizer, lr=generator),  # type: ignore[type-var]
    )


def begun_again(folder: Path) -> Remedy | None:
    """The remedy by which a run was begun again in another folder, beside it also where both were moved; None: it was
    not."""
    done = read_remedies(folder)
    if not done or done[-1].action != "restart":
        return None
    beside = folder if folder.name not in ("", "..") else folder.resolve()
    return dataclasses.replace(done[-1], folder=str(beside.with_name(Path(done[-1].folder).name)))


def record(folder: Path, remedy: Remedy) -> None:
    """Writes a remedy that is about to be carried out."""
    write_remedies(folder, [*read_remedies(folder), remedy])


def pending(folder: Path) -> Remedy | None:
    """A remedy in the run's own folder that was recorded and not carried out, as the process ended in between."""
    done = read_remedies(folder)
    if not done or done[-1].action == "restart" or (done[-1].action == "stop" and not done[-1].to_round):
        return None
    changes = [change for change in read_history(folder) if change.by == done[-1].by]
    return None if changes and _are_made(changes, folder) else done[-1]


def _are_made(changes: Sequence[Change], folder: Path) -> bool:
    """True if recipe.yaml has what the history says: it is written after the history."""
    plain = read_yaml((folder / layout.RECIPE).read_text(encoding="utf-8"), layout.RECIPE)
    for change in changes:
        value: Any = plain
        for name in change.field.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value != change.new:
            return False
    return True


def forget(folder: Path, round_: int | None) -> None:
    """Drops the remedies after a round to which the user goes back, and one that was not carried out yet."""
    done = read_remedies(folder)
    kept = [remedy for remedy in done if round_ is None or remedy.to_round <= round_]
    if kept and kept[-1] == pending(folder):
        kept = kept[:-1]
    if len(kept) < len(done):
        write_remedies(folder, kept)


def spent_at(folder: Path, round_: int) -> float:
    """Seconds of a time limit that were spent at a checkpoint; 0 at the beginning."""
    for path in layout.list_checkpoints(folder / layout.CHECKPOINTS):
        if int(path.name) == round_:
            state = read_state(path)
            return state.seconds if state.spent is None else state.spent
    return 0.0


def until_it_ends(
    folder: Path,
    session: Callable[[], str],
    again: Callable[[Remedy, float], str],
    recipe_of: Callable[[], Recipe],
    say: Callable[[str], None],
    *,
    began: float | None = None,
    earlier: int = 0,
    from_round: int | None = None,
) -> str | Remedy:
    """Carries out a session of a run, and after each trouble its remedy, until it ends.

    Args:
        folder: of the run
        session: the first session
        again: goes on from a remedy's checkpoint, its session having begun at a time by ``time.perf_counter()``, for a
            run with a time limit: what was lost since that checkpoint counts
        recipe_of: the run's recipe as it is now
        say: prints a line
        began: when the first session began; None: now
        earlier: remedies of the runs that this one is a restart of
        from_round: that the first session goes back to; None: none

    Returns:
        'finished' or 'interrupted'; or a remedy that asks for a restart in another folder.

    Raises:
        RunError: for a trouble without a remedy, and other errors.
    """
    from steadygan.training.trouble import Trouble

    began = time.perf_counter() if began is None else began
    before = _spent(folder) if from_round is None else spent_at(folder, from_round)
    remedy = pending(folder)
    while True:
        try:
            return session() if remedy is None else again(remedy, began)
        except Trouble as trouble:
            remedy = next_remedy(folder, recipe_of(), trouble, earlier)
            if remedy is None:
                raise
        record(folder, remedy)
        say(str(remedy))
        if remedy.action == "restart":
            return remedy
        spent, before = before + time.perf_counter() - began, spent_at(folder, remedy.to_round)
        began = time.perf_counter() - max(0.0, spent - before)


def _spent(folder: Path) -> float:
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    return spent_at(folder, int(saved[-1].name)) if saved else 0.0

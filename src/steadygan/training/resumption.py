"""Going on from a checkpoint: which one, with which changes, and what is dropped or written again."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import recipe as recipes
from steadygan.errors import RunError, UsageError
from steadygan.kinds import Kind
from steadygan.run import layout
from steadygan.run.checkpoints import CheckpointState, load_tensors, newest_whole, of_round, read_state
from steadygan.run.environment import Environment
from steadygan.run.history import BY_HAND, BY_RESUME, REPLANNED, Change, differences, read_history, shown, without
from steadygan.run.layout import tensors_path
from steadygan.run.marks import read_marks
from steadygan.timeline import up_to
from steadygan.training import advice, checkpoint

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.recipe import Recipe
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.game import Game

_CAN_CHANGE = re.compile(r"run\.\w+|(critic|generator)_optimizer\..+|penalties\.\d+\.(weight|gamma)(\..+)?|rounds")
_PLACE = re.compile(r"data\.(source|cache)")
_KEPT = re.compile(r"rounds|data\..*")
"""fields that going back to an earlier round leaves as they are"""


def checkpoint_of(folder: Path, from_round: int | None) -> Path | None:
    """The checkpoint to go on from: that of a round, or the last; None for the beginning.

    Raises:
        UsageError: if there is none of that round, with the rounds that there are.
    """
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    if from_round is None:
        return saved[-1] if saved else None
    begun = any(int(path.name) == 0 for path in saved)
    if from_round == 0 and not begun and Environment.read(folder).weights_from is None:
        return None
    return of_round(saved, from_round, folder)


def state_of(path: Path) -> CheckpointState:
    """A checkpoint's state.

    Raises:
        RunError: if it is damaged, with the newest one that is whole.
    """
    try:
        return read_state(path)
    except RunError as error:
        raise offered(error, path) from None


def load(path: Path, game: Game) -> Counters:
    """Loads a checkpoint into a game at round 0.

    Raises:
        RunError: if it is damaged or does not fit, with the newest one that is whole.
    """
    try:
        return checkpoint.load_checkpoint(path, game)
    except RunError as error:
        raise offered(error, path) from None


def seen_by_doctor(path: Path, state: CheckpointState | None) -> dict[str, Tensor]:
    """What the doctor remembers of its looks up to a checkpoint; nothing in a run that it did not look at."""
    if state is None or tensors_path(path, checkpoint.DOCTOR).name not in (state.files or {}):
        return {}
    return load_tensors(path, checkpoint.DOCTOR, state)


def offered(error: RunError, path: Path) -> RunError:
    """The error of a checkpoint, with the command that goes on from the newest whole one before it."""
    folder = path.parent.parent
    earlier = [other for other in layout.list_checkpoints(path.parent) if int(other.name) < int(path.name)]
    whole = newest_whole(earlier)
    if whole is None:
        return RunError(f"{error}; no earlier checkpoint is {'whole' if earlier else 'there'}")
    command = f"{advice.resume_command(folder)} --from-round {int(whole.name)}"
    return RunError(f"{error}; the newest whole checkpoint is of round {int(whole.name):,}: '{command}'")


def drop_later(folder: Path, round_: int) -> tuple[str, ...]:
    """Deletes the checkpoints and pictures after a round, of a run that went on otherwise; returns a line."""
    for picture in layout.list_samples(folder):
        if layout.picture_round(picture) > round_:
            picture.unlink(missing_ok=True)
    later = [path for path in layout.list_checkpoints(folder / layout.CHECKPOINTS) if int(path.name) > round_]
    for path in later:
        checkpoint.delete_checkpoint(path)
    names = ", ".join(str(int(path.name)) for path in later)
    return (f"note: what came after round {round_:,} is dropped (checkpoints: {names})",) if later else ()


def as_it_was(folder: Path, recipe: Recipe, round_: int, kinds: Iterable[Kind] = ()) -> Recipe:
    """The recipe at a round: without the changes that were made after it, but of the data's place and its length.

    New ends that it got after the round to keep its time are undone too.
    """
    later = [change for change in read_history(folder) if change.round > round_ and not _KEPT.fullmatch(change.field)]
    recipe = without(recipe, later, kinds) if later else recipe
    kept = up_to(recipe.replans, round_)
    if len(kept) == len(recipe.replans):
        return recipe
    moved = recipe.replans[-1].rounds - recipe.replans[len(kept)].before
    return dataclasses.replace(recipe, replans=kept, rounds=recipe.rounds - moved)


def check_changes(before: Recipe, recipe: Recipe, folder: Path) -> None:
    """Raises UsageError for a change that a run cannot take once it has begun."""
    for change in differences(before, recipe, 0):
        if _CAN_CHANGE.fullmatch(change.field) or _PLACE.fullmatch(change.field):
            continue
        option = f"--{change.field.replace('_', '-')} {shlex.quote(shown(change.new))}"
        shaped = change.field.partition(".")[0] in ("generator", "critic", "prior")  # whose weights fit nothing else
        begins = shlex.quote(str(folder / layout.RECIPE if shaped else folder))
        command = f"steadygan train {'' if shaped else '--from '}{begins} {option}"
        raise UsageError(
            f"{change.field} of {folder} is {shown(change.old)} and cannot become {shown(change.new)} in a run that "
            f"has begun (rates, penalty weights, precision and the fields of run can): '{command}' starts a new run"
            + ("" if shaped else " from its weights")
        )


def history_up_to(folder: Path, recipe: Recipe, round_: int) -> list[Change]:
    """The changes that hold when the run goes on from a round with a recipe."""
    replanned = {replan.round for replan in recipe.replans}

    def holds(change: Change) -> bool:
        if change.by == REPLANNED:
            return change.round in replanned
        return change.round <= round_ or _KEPT.fullmatch(change.field) is not None

    return [change for change in read_history(folder) if holds(change)]


def changes_at(
    folder: Path, before: Recipe, recipe: Recipe, round_: int, kinds: Iterable[Kind], by: str = BY_RESUME
) -> list[Change]:
    """What has changed since the last session: in recipe.yaml by hand, and by this resume."""
    marks = read_marks(folder)
    edited: Sequence[Change] = ()
    if marks is not None:
        written = recipes.loads(marks.recipe, where=str(folder / layout.MARKS), extra=kinds)
        written = as_it_was(folder, written, round_, kinds)
        if written.replans != before.replans:  # stopped between the recipe and its mark
            written = dataclasses.replace(written, replans=before.replans, rounds=before.rounds)
        edited = differences(written, before, round_, BY_HAND)
    return [*edited, *differences(before, recipe, round_, by)]

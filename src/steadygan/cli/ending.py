"""The end of a training command: the paths of its results, the next commands to try, and the exit code."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import api
from steadygan.cli import verbosity
from steadygan.cli.codes import INTERRUPTED, of_signal
from steadygan.cli.parser import Parser
from steadygan.codec import import_path
from steadygan.errors import RunError
from steadygan.kinds import Kind
from steadygan.networks import takes_classes
from steadygan.run import RUNS, Run, is_run, layout
from steadygan.system.graphics import choice as graphics
from steadygan.system.terminal import raw_of, width_of

if TYPE_CHECKING:
    from steadygan.training.observers import Observer


_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ETIMEDOUT, errno.ESTALE)
"""errors of a disk after which the same files can be written once it has room, or is there again"""

_ROWS = 20  # classes that fit into one picture of samples


def add_pictures(parser: Parser) -> None:
    """Adds ``--pictures``."""
    parser.add_argument(
        "--pictures",
        metavar="HOW",
        help=f"samples in the terminal: {', '.join(graphics.CHOICES)} (default: {graphics.VARIABLE}, or auto)",
    )


def observers(trackers: Sequence[str], pictures: str | None = None) -> list[Observer]:
    """The observers of a training that a command starts.

    The command itself says how an interrupted run goes on; under ``--quiet`` there is no progress.

    Args:
        trackers: further ones, by name
        pictures: how samples are drawn in the terminal, one of ``graphics.CHOICES``; None: as the environment says

    Raises:
        UsageError: for another choice.
    """
    from steadygan.report.progress import ProgressObserver

    protocol = graphics.protocol(pictures, os.environ)
    chosen: list[Observer] = []
    for observer in api.default_observers(trackers=trackers):
        if not isinstance(observer, ProgressObserver):
            chosen.append(observer)
        elif not verbosity.quiet():
            chosen.append(ProgressObserver(ends_interrupted=False, pictures=protocol))
    return chosen


def carry_out(
    folder: Path, train: Callable[[], Run], kinds: Sequence[Kind] = (), watching: Sequence[Observer] = ()
) -> int:
    """Trains, prints where the results are, and returns the exit code.

    Args:
        folder: of the run
        train: trains it
        kinds: classes and functions of the user's own in its recipe
        watching: the observers of the run, of which a display is put away if the run ends without a word
    """
    from steadygan.report.progress import ProgressObserver

    atexit.register(gc.freeze)  # without it the interpreter goes through all of torch at its end, which takes a second
    try:
        run = train()
    except KeyboardInterrupt:  # the second Ctrl-C of a run, or the first before its rounds
        for observer in watching:
            if isinstance(observer, ProgressObserver):
                observer.put_away()
        print_interrupted(_last_of(folder), kinds)
        return INTERRUPTED
    except RunError as error:
        last = _last_of(folder)
        if not isinstance(error.__cause__, OSError) or error.__cause__.errno not in _PASSING or not is_run(last):
            raise
        raise RunError(f"{error}; {_saved(last, kinds)}") from error.__cause__
    if not run.finished:
        from steadygan.training.signals import StopSignals

        print_interrupted(run.folder, kinds)
        return of_signal(StopSignals.last)
    print_results(run)
    return 0


def _last_of(folder: Path) -> Path:
    """The folder in which a run goes on that was begun again, perhaps more than once."""
    from steadygan.diagnostics.remedies import begun_again

    again = begun_again(folder)
    return folder if again is None or not is_run(Path(again.folder)) else _last_of(Path(again.folder))


def print_results(run: Run) -> None:
    """Prints where the pictures and the report of a run are, and the next commands to try."""
    text = run.sample_spec.is_text
    files = layout.list_lines(run.folder) if text else layout.list_pictures(run.folder)
    name = command_name(run.folder)
    if files:
        print(f"{'lines:   ' if text else 'pictures:'} {files[-1]} (the last of {len(files)})")
    print(f"report:   {run.folder / layout.REPORT}")
    kinds = kind_options(run.kinds)
    by_class = (
        run.sample_spec.is_picture and 1 < run.sample_spec.classes <= _ROWS and takes_classes(run.recipe.generator)
    )
    sample = f"steadygan sample {name}{' --by-class' if by_class else ''}{kinds}"
    resume = f"steadygan resume {name} --rounds +{run.recipe.rounds}{kinds}"
    width = max(len(sample), len(resume))
    hints = (
        f"next:     {sample:<{width}}  # new samples {'by class' if by_class else f'as {_what(run)}'}",
        f"          {resume:<{width}}  # continues training",
    )
    if max(map(len, hints)) > width_of(raw_of(sys.stdout)):  # a command has to stay in one piece
        hints = (f"next:     {sample}", f"          {resume}")
    verbosity.say(*hints)


def _what(run: Run) -> str:
    if run.data.units is not None:
        return "a .csv file" if run.sample_spec.is_points else "a .npy file, in the units of the data"
    return "lines of text" if run.sample_spec.is_text else "a picture"


def print_interrupted(folder: Path, kinds: Sequence[Kind] = ()) -> None:
    """Prints one line: what is saved, and how to continue."""
    if not is_run(folder):
        line = "interrupted before the first round; nothing was saved"
    else:
        line = f"interrupted; {_saved(folder, kinds)}"
    print(f"steadygan: {line}", file=sys.stderr)


def _saved(folder: Path, kinds: Sequence[Kind]) -> str:
    """What is saved of a run that stopped, and how it goes on."""
    run = Run(folder, kinds=kinds)
    saved = run.checkpoints
    at = f"round {run.rounds_done:,} of {run.recipe.rounds:,} is saved in {saved[-1]}" if saved else "no round is saved"
    longer = " --rounds +N" if run.finished else ""  # it was to be extended, and had not begun
    return f"{at}; to go on: steadygan resume {command_name(folder)}{longer}{kind_options(kinds)}"


def kind_options(kinds: Sequence[Kind]) -> str:
    """The ``--kinds`` options for these classes and functions, after a space."""
    return "".join(f" --kinds {shlex.quote(import_path(kind))}" for kind in kinds)


def command_name(folder: Path) -> str:
    """A run's folder as it is typed in a command: its name alone below ``runs/``."""
    if folder.parent == RUNS:
        return shlex.quote(folder.name)
    plain = str(folder)
    return shlex.quote(f"./{plain}" if folder.parent == Path() and is_run(RUNS / folder) else plain)

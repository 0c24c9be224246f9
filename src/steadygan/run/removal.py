"""What of a run can go: all of it, or checkpoints that later ones superseded and files that can be made again.

Only files that a run writes itself are ever taken; others, and links, stay where they are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan.errors import RunError, UsageError
from steadygan.run import layout
from steadygan.run.checkpoints import damage
from steadygan.run.find import is_run
from steadygan.run.owner import owned
from steadygan.run.records import best_round, evaluation_rows
from steadygan.system.files import ASIDE, describe

FILES = (
    layout.DATA,
    layout.PLAN,
    layout.METRICS,
    layout.EVALUATIONS,
    layout.SIGNALS,
    layout.DIAGNOSIS,
    layout.EVALUATION,
    layout.NEAREST,
    layout.REPORT,
    layout.MARKS,
    layout.HISTORY,
    layout.REMEDIES,
    layout.RESUMED,
)
LAST = (layout.ENVIRONMENT, layout.RECIPE)
"""so that what a kill leaves of a run is still one, which can be deleted again"""
FOLDERS = (layout.SAMPLES, layout.CHECKPOINTS, layout.GENERATED)
_WRITTEN_BY_A_RUN = (layout.ENVIRONMENT, layout.DATA, layout.MARKS, layout.METRICS, layout.CHECKPOINTS)
"""of which one is there at least, beside a recipe that anyone may have written"""


@dataclass(frozen=True)
class Removal:
    """What goes of one run."""

    folder: Path
    paths: tuple[Path, ...]
    """files and folders, each whole"""
    bytes: int
    what: str
    """in words"""
    foreign: tuple[Path, ...] = ()
    """what lies in the folder, is of no run, and stays"""

    def carry_out(self) -> None:
        """Removes it, as the run's owner, so that no training begins meanwhile.

        Raises:
            UsageError: while a process trains the run.
            RunError: one line, for what cannot be removed.
        """
        with owned(self.folder):
            for path in self.paths:
                try:
                    _remove(path)
                except OSError as error:
                    raise RunError(f"cannot delete {path}: {describe(error)}") from None
        if self.folder / layout.RECIPE in self.paths and not self.foreign:
            try:
                self.folder.absolute().rmdir()  # '.' itself cannot be
            except OSError as error:
                raise RunError(f"cannot delete {self.folder}: {describe(error)}") from None


def whole(folder: Path) -> Removal:
    """All of a run.

    Raises:
        UsageError: for a link, and for a folder with a recipe that no training made.
    """
    _check(folder)
    named = [folder / name for name in (*FOLDERS, *FILES)]
    found = [path for pattern in (layout.EVENTS, f"{ASIDE}*") for path in folder.glob(pattern)]
    last = [folder / name for name in LAST]
    of_run = [path for path in (*named, *found, *last) if path.exists() and not path.is_symlink()]
    foreign = sorted(set(folder.iterdir()) - {*of_run, folder / layout.OWNER})
    samples = folder / layout.SAMPLES
    if samples in of_run and (others := _others_in(samples)):
        foreign += others
        of_run[of_run.index(samples) : of_run.index(samples) + 1] = sorted(set(samples.iterdir()) - set(others))
    foreign += [path for inner in of_run if inner.is_dir() for path in _runs_and_links_in(inner)]
    if any(path.parent not in (folder, samples) for path in foreign):
        raise UsageError(f"{folder} is not deleted: {foreign[-1]} is a run of its own, or a link; move it away first")
    return Removal(folder, tuple(of_run), sum(map(bytes_of, of_run)), "the whole run", tuple(foreign))


def _others_in(samples: Path) -> list[Path]:
    """What lies among the samples and has no name that a run gives."""
    own = {samples / layout.SCALES, *layout.list_samples(samples.parent), *samples.glob(f"{ASIDE}*")}
    return sorted(path for path in set(samples.iterdir()) - own if not is_run(path) and not path.is_symlink())


def superseded(folder: Path) -> Removal:
    """What a run can do without: checkpoints but the last and the best one, remains of killed processes, the report.

    Its samples, records, evaluations and what was generated from it stay. If the last checkpoint is damaged, the newest
    whole one stays too, and without a whole one all of them do.

    Raises:
        UsageError: as ``whole``.
    """
    _check(folder)
    checkpoints = folder / layout.CHECKPOINTS
    saved = [] if checkpoints.is_symlink() else layout.list_checkpoints(checkpoints)
    kept = _kept(folder, saved)
    old = [path for path in saved if path not in kept and not path.is_symlink()]
    remains = [*folder.glob(f"{ASIDE}*"), *([] if checkpoints.is_symlink() else checkpoints.glob(f"{ASIDE}*"))]
    remains = [path for path in remains if not path.is_symlink()]
    report = [path for path in (folder / layout.REPORT,) if path.is_file() and not path.is_symlink()]
    words = [f"{len(old)} of {len(saved)} checkpoints"] if old else []
    words += [f"{len(remains)} unfinished {'file' if len(remains) == 1 else 'files'}"] if remains else []
    words += [layout.REPORT] if report else []
    paths = (*old, *remains, *report)
    return Removal(folder, paths, sum(map(bytes_of, paths)), ", ".join(words) or "nothing")


def _kept(folder: Path, saved: Sequence[Path]) -> list[Path]:
    """The checkpoints that stay: the last, the best, and the newest that is whole."""
    if not saved:
        return []
    found = next((path for path in reversed(saved) if damage(path) is None), None)
    if found is None:
        return list(saved)
    best = best_round(evaluation_rows(folder / layout.EVALUATIONS))
    return [saved[-1], found, *(path for path in saved if int(path.name) == best)]


def _check(folder: Path) -> None:
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link to {os.path.realpath(folder)}; name the run where it is")
    if not any((folder / name).exists() for name in _WRITTEN_BY_A_RUN):
        raise UsageError(f"{folder} has a {layout.RECIPE}, but nothing that a training wrote: it is left alone")


def _runs_and_links_in(folder: Path) -> Iterator[Path]:
    """Runs and links inside a folder of a run, which are somebody's own."""
    for parent, names, files in os.walk(folder):
        inner = Path(parent)
        if is_run(inner):
            yield inner
        yield from (inner / name for name in (*names, *files) if (inner / name).is_symlink())


def bytes_of(path: Path) -> int:
    """Bytes of a file, or of the files below a folder, links left aside; what vanishes meanwhile counts nothing."""
    total = 0
    inner = (os.path.join(parent, name) for parent, _, names in os.walk(path) for name in names)
    for file in inner if path.is_dir() else (path,):
        try:
            total += os.lstat(file).st_size
        except OSError:
            continue
    return total


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        if path.parent.name == layout.CHECKPOINTS:  # what is left of it by a kill is no checkpoint
            (path / layout.STATE).unlink(missing_ok=True)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

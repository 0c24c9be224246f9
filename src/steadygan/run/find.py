"""Finding runs by name: the folders below ``runs/``."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from steadygan.errors import UsageError, nearest
from steadygan.run import layout
from steadygan.system import launched
from steadygan.system.files import file_name

RUNS = Path("runs")
"""the default folder of runs"""
CLAIMED: set[Path] = set()
"""empty folders that ``new_folder`` made; a training that never begins removes them again (``owner``)"""


def is_run(folder: Path) -> bool:
    """True if the folder holds a run."""
    try:
        return (folder / layout.RECIPE).is_file()
    except (OSError, ValueError):  # no valid name of a file
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def list_runs(root: Path = RUNS) -> list[Path]:
    """The runs below a folder, oldest first."""
    if not root.is_dir():
        return []
    runs = [path for path in root.iterdir() if path.is_dir() and is_run(path)]
    return sorted(runs, key=lambda path: ((path / layout.RECIPE).stat().st_mtime, path.name))


def find_run(name: str | Path | None = None) -> Path:
    """The folder of a run, given as a path or as a name below ``runs/``; None: the newest run.

    A name without a folder before it is one below ``runs/`` if there is such a run; a ``Path`` is always a path.

    Raises:
        UsageError: if there is no such run, with the nearest name.
    """
    if name is not None and not isinstance(name, str | Path):
        raise UsageError(f"got {type(name).__name__} where a run is needed: its folder, or its name below {RUNS}/")
    known = list_runs()
    if name is None:
        if not known:
            raise UsageError(f"there is no run in {RUNS}/ yet: 'steadygan train' makes one")
        return known[-1]
    folders = [folder for folder in (Path(name), RUNS / name) if is_run(folder)]
    if len(folders) == 2 and isinstance(name, str) and Path(name).parent == Path() and not name.startswith("."):
        warnings.warn(f"'{name}' is {RUNS / name}, the run of this name; the folder here is './{name}'", stacklevel=2)
        return RUNS / name
    if folders:
        return folders[0]
    if _is_folder(Path(name)):
        raise UsageError(f"{name} is no run: it has no {layout.RECIPE}")
    names = [path.name for path in known]
    listed = f" (known: {', '.join(names[-8:])})" if names else f" ({RUNS}/ is empty)"
    raise UsageError(f"there is no run '{name}'{nearest(str(name), names)}{listed}")


def new_folder(name: str, root: Path = RUNS) -> Path:
    """A folder below ``root`` that is this process's alone: NAME, NAME-2, NAME-3, …; 'hf:OWNER/NAME' becomes one word.

    The first of the processes of a run makes it, so that two commands at once never get the same one.
    """
    name = file_name(re.sub(r"[^\w.-]+", "-", name).strip("-.")) or "run"
    folder, number = root / name, 1
    while folder.exists() or not _claimed(folder):
        number += 1
        folder = root / f"{name}-{number}"
    return folder


def _claimed(folder: Path) -> bool:
    """True if this process made the folder, or is not the one to make it; False if another one was faster."""
    if not launched.is_first():
        return True
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return not folder.parent.is_dir()  # a file is in the way of runs/, which the write tells
    except OSError:
        return True  # the write tells why
    CLAIMED.update(path.resolve() for path in missing)
    return True

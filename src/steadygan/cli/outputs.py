"""Output paths of commands: checked before anything is measured, trained or downloaded."""

from __future__ import annotations

import tempfile
from pathlib import Path

from steadygan.cli.parser import Parser
from steadygan.errors import UsageError
from steadygan.run import is_run
from steadygan.run.occupied import occupied
from steadygan.run.owner import is_owned, read_owner
from steadygan.system.files import describe
from steadygan.system.output_paths import check_output_file, check_output_folder


def add_overwrite(parser: Parser) -> None:
    """Adds ``--overwrite``."""
    parser.add_argument("--overwrite", action="store_true", help="replaces what stands at the output path")


def check_new_file(path: Path, *, overwrite: bool = False) -> None:
    """Raises UsageError unless a new file can be written there; with ``overwrite`` a file may be replaced."""
    check_output_file(path)
    _check_writable(path)
    if not overwrite and (path.exists() or path.is_symlink()):
        raise _taken(path)


def check_new_folder(path: Path, *, overwrite: bool = False) -> None:
    """Raises UsageError unless a folder can be made there or an empty one filled."""
    check_output_folder(path)
    _check_writable(path)
    if is_run(path):
        raise UsageError(f"'{path}' holds a run, and is not replaced; name another --out")
    if not overwrite and path.is_dir() and any(path.iterdir()):
        raise _taken(path)


def check_new_run(path: Path) -> None:
    """Raises UsageError unless a run folder can be made there: before the data is opened and speeds are measured."""
    if is_owned(path):
        owner = read_owner(path) or "another process"
        raise UsageError(f"{path} is being trained by {owner}: wait for its end, stop it, or name another --out")
    if is_run(path):
        raise UsageError(
            f"{path} already holds a run: 'steadygan resume {path}' goes on with it, or name another --out"
        )
    check_output_folder(path)
    taken = occupied(path)
    if taken is not None:
        raise UsageError(taken)
    _check_writable(path)


def check_new_runs(folder: Path) -> None:
    """Raises UsageError unless folders of runs can be made in a folder."""
    check_output_folder(folder)
    _check_writable(folder)


def _check_writable(path: Path) -> None:
    """Raises UsageError unless the nearest folder that exists takes a file: rights alone do not tell of all disks."""
    folder = next((above for above in (path.absolute(), *path.absolute().parents) if above.is_dir()), None)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"'{path}' cannot be written: {describe(error)} in '{folder}'") from None


def _taken(path: Path) -> UsageError:
    return UsageError(f"'{path}' exists: name another --out, or give --overwrite to replace it")

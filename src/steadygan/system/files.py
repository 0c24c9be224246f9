"""Files and folders that are either whole or not there: written aside, synced where it matters, then renamed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from steadygan.errors import RunError

ASIDE = ".part-"
"""How the names of files and folders begin that are still being written, or were when their process ended."""


def describe(error: OSError) -> str:
    """What went wrong with a file, in a few words."""
    return error.strerror or str(error)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an operating system's error into one line.

    Raises:
        RunError: for a full disk, a folder that cannot be written and the like.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write '{path}': {describe(error)}; what was there before is whole") from error


@contextmanager
def written_aside(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A place beside ``path`` to write a file or folder to; it becomes ``path`` when the block ends well.

    After an error ``path`` is as it was before.

    Args:
        path: of the file or folder; the folder that holds it is made
        durable: has it put on the disk before it is renamed, so that a power failure leaves it whole as well

    Raises:
        RunError: one line, where the disk refuses.
    """
    aside = path.with_name(f"{ASIDE}{os.getpid()}-{path.name}")  # the suffix stays: writers choose by it
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            if durable:
                for inner in (*(aside.iterdir() if aside.is_dir() else ()), aside):
                    sync(inner)
            if aside.is_dir() and path.is_dir():
                _swap_folders(aside, path)
            else:
                aside.replace(path)
            if durable:
                sync(path.parent)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        with suppress(OSError):  # the first error is the one to tell
            aside.unlink(missing_ok=True)


def _swap_folders(new: Path, old: Path) -> None:
    """Put ``new`` where ``old`` is; a folder that is not empty cannot be renamed over."""
    away = old.with_name(f".old-{os.getpid()}-{old.name}")
    old.rename(away)
    try:
        new.rename(old)
    except OSError:
        away.rename(old)
        raise
    shutil.rmtree(away, ignore_errors=True)


def sync(path: Path) -> None:
    """Has the operating system put a file, or a folder's entries, on the disk."""
    if path.is_dir():
        if os.name != "posix":  # folders cannot be opened there
            return
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole and durable.

    Raises:
        RunError: one line, if it cannot be written.
    """
    with written_aside(path, durable=True) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def to_json(data: Any) -> str:
    """JSON for files that people read, too."""
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write_json(path: Path, data: Any) -> None:
    """Writes JSON, whole and durable.

    Raises:
        RunError: one line, if it cannot be written.
    """
    write_text(path, to_json(data))


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        RunError: one line, if it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path} cannot be read: {describe(error)}") from None
    except ValueError:
        raise RunError(f"{path} is damaged: no valid JSON") from None

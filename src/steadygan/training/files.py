"""Files written aside, synced and renamed, so that what was there before stays whole until the new one is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steadygan.types import RunError


def describe(error: OSError) -> str:
    """What went wrong with a file, in a few words."""
    return error.strerror or str(error)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an operating system's error into one line.

    Raises:
        RunError: for a full disk, a folder that cannot be written and the like.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write {path}: {describe(error)}; what was there before is whole") from error


def sync_file(path: Path) -> None:
    """Has the operating system put a file on the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """The same for a folder's entries, where the system knows such a thing."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def list_checkpoints(folder: Path) -> list[Path]:
    """The whole checkpoints of a run's ``checkpoints`` folder, oldest first; those being written have other names."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.isdigit() and (path / "state.json").is_file()]
    return sorted(found, key=lambda path: int(path.name))


def write_text(path: Path, text: str) -> None:
    """Writes a text file aside, synced, then renamed.

    Raises:
        RunError: one line, if it cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with open(aside, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Writes JSON aside, then renamed."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


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

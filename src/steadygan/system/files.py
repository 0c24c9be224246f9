"""Atomic writes: files and folders are written under a temporary name, synced if asked, then renamed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from steadygan.errors import RunError
from steadygan.system.escapes import storable, storable_tree
from steadygan.system.json_text import parse_json
from steadygan.system.output_paths import check_replaceable, target_of
from steadygan.system.regular import read_regular

ASIDE = ".part-"
"""prefix of the names of files and folders that are being written, or were when their process ended"""
JSON_BYTES = 1 << 28
"""bound of the size of a JSON file"""
_LONGEST_NAME = 180
"""bytes of a name that is made of others, of the 255 that most systems allow"""


def describe(error: OSError) -> str:
    """The reason of a file error, in a few words."""
    return error.strerror or str(error)


def file_name(name: str) -> str:
    """A name, cut to what a file's name may hold with an ending: systems count its bytes in UTF-8, not its letters."""
    return name.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a RunError.

    Raises:
        RunError: one line, for a full disk, a folder that cannot be written and so on.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write '{path}': {describe(error)}; what was there before is unchanged") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a RunError of one line."""
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot read '{path}': {describe(error)}") from error


@contextmanager
def written_aside(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Atomic write: a temporary path for a file or folder that becomes ``path`` if the block succeeds.

    After an error ``path`` is unchanged. Of a symbolic link the target is written, and the link stays.

    Args:
        path: of the file or folder; its parent is created
        durable: sync to the disk before renaming, so that it survives a power failure as well

    Raises:
        UsageError: one line, for a device, FIFO or socket, and for a folder where a file is written or the other way.
        RunError: one line, if it cannot be written.
    """
    link, path = path, target_of(path)
    check_replaceable(path)
    # the suffix stays: writers choose the format by it
    aside = path.with_name(f"{ASIDE}{os.getpid()}-{path.name[-60:]}")
    try:
        with writing(link):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            check_replaceable(path, folder=aside.is_dir())
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
        with suppress(OSError):  # the first error is reported
            aside.unlink(missing_ok=True)


def _swap_folders(new: Path, old: Path) -> None:
    """Replaces folder ``old`` by ``new``; a folder that is not empty cannot be renamed over."""
    away = old.with_name(f".old-{os.getpid()}-{old.name[-60:]}")
    old.rename(away)
    try:
        new.rename(old)
    except OSError:
        away.rename(old)
        raise
    shutil.rmtree(away, ignore_errors=True)


def sync(path: Path) -> None:
    """Syncs a file, or a folder's entries, to the disk (fsync)."""
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
    """Writes a text file atomically and durably; what UTF-8 cannot write (of names that are not UTF-8) is escaped.

    Raises:
        RunError: one line, if it cannot be written.
    """
    with written_aside(path, durable=True) as aside:
        aside.write_bytes(storable(text).encode("utf-8"))


def to_json(data: Any) -> str:
    """Indented JSON, for files that people read, too."""
    return json.dumps(storable_tree(data), indent=1, ensure_ascii=False) + "\n"


def write_json(path: Path, data: Any) -> None:
    """Writes a JSON file atomically and durably.

    Raises:
        RunError: one line, if it cannot be written.
    """
    write_text(path, to_json(data))


def read_json(path: Path, limit: int = JSON_BYTES) -> Any:
    """The content of a JSON file of at most ``limit`` bytes.

    Raises:
        RunError: one line, if it cannot be read.
    """
    try:
        return parse_json(read_regular(path, limit))
    except OSError as error:
        raise RunError(f"{path} cannot be read: {describe(error)}") from None
    except ValueError as error:
        why = "" if isinstance(error, json.JSONDecodeError) else f" ({error})"
        raise RunError(f"{path} is damaged: no valid JSON{why}") from None


def read_json_object(path: Path) -> dict[str, Any]:
    """The content of a JSON file that holds one object.

    Raises:
        RunError: one line, if it cannot be read or holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise RunError(f"{path} is damaged: it holds no object")
    return content

"""The cache of decoded pictures, scans and feature extractors; entries are written atomically.

    CACHE/decoded/KEY/     train.u8 and held_out.u8 (raw uint8 [M, C, S, S]), indices into the source, meta.json
    CACHE/decoded/KEY.lock locked while KEY is written
    CACHE/scans/KEY.json   scan of files with the same paths, sizes and times
    CACHE/engines/KEY.json speeds of engines (steadygan.training.engines.select)
    CACHE/features/KIND-KEY.safetensors   weights of feature extractors, with a .lock each (steadygan.features)

A folder is written under a temporary name, synced and renamed. Plain writes turn a full disk into an error that can
be reported; a write through a memory map would end the process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.errors import RunError
from steadygan.system.files import ASIDE, sync
from steadygan.system.words import byte_size

if TYPE_CHECKING:
    from filelock import BaseFileLock

META = "meta.json"
"""of an entry: what it is; locked by those that use it"""
_ENTRY = re.compile(r"[0-9a-f]{32}(\.lock|\.json|\.[0-9a-z-]+\.part)?")
_WEIGHTS = re.compile(rf"({re.escape(ASIDE)}\d+-)?(?P<entry>[a-z]+-[0-9a-f]{{32}})\.safetensors")


def cache_folder(chosen: str | None = None) -> Path:
    """The cache folder: the chosen one, else STEADYGAN_CACHE, else the user's."""
    named = chosen or os.environ.get("STEADYGAN_CACHE")
    if named:
        return Path(os.path.expanduser(named)).absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(base)).absolute() / "steadygan"


class Cleared(NamedTuple):
    """What clearing a cache did."""

    freed: int
    """bytes deleted"""
    kept: int
    """bytes of entries that a process writes or uses"""


def clear_cache(folder: str | os.PathLike[str] | None = None) -> int:
    """Deletes the entries of a cache folder that no process writes or uses; bytes freed.

    Other files in the folder are left alone.
    """
    return clear_all(folder).freed


def clear_all(folder: str | os.PathLike[str] | None = None) -> Cleared:
    """``clear_cache``, with the bytes that were kept."""
    root = cache_folder(None if folder is None else os.fspath(folder))
    # lock files stay: deleting one that a process waits for would let two in at once
    entries = [
        (path, path.name[:32])
        for parent in (root / "decoded", root / "scans", root / "engines")
        for path in _listed(parent)
        if _ENTRY.fullmatch(path.name) and path.suffix != ".lock"
    ]
    weights = ((path, _WEIGHTS.fullmatch(path.name)) for path in _listed(root / "features"))
    entries += [(path, match["entry"]) for path, match in weights if match]
    return _cleared(entries)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def clear_entries(paths: Iterable[Path]) -> Cleared:
    """Deletes these entries of a cache, unless a process writes or uses them."""
    return _cleared([(path, path.name[:32]) for path in paths])


def _cleared(entries: Iterable[tuple[Path, str]]) -> Cleared:
    freed = kept = 0
    for path, entry in entries:
        size = _bytes_in(path)
        gone = _remove_unless_busy(path, entry)
        freed, kept = freed + gone, kept + size - gone
    return Cleared(freed, kept)


def mark_used(path: Path, user: object) -> None:
    """Keeps an entry from being cleared, by a shared lock on a file of it, as long as ``user`` lives.

    Where files have no locks nothing is kept. Windows deletes no file that is in use.
    """
    if os.name != "posix":
        return
    import fcntl

    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        weakref.finalize(user, os.close, handle)


def _is_used(folder: Path) -> bool:
    """True if a process has marked the entry as used."""
    path = folder / META
    if os.name != "posix" or not path.is_file():
        return False
    import fcntl

    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def _remove_unless_busy(path: Path, entry: str) -> int:
    """Deletes an entry unless it is written or used; bytes freed."""
    size = _bytes_in(path)
    if path.suffix == ".json":
        path.unlink(missing_ok=True)
        return size
    from filelock import Timeout

    with suppress(Timeout), _lock(path.with_name(f"{entry}.lock")).acquire(blocking=False):
        if path.is_dir():
            if not _is_used(path):
                shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):  # Windows keeps files that another process reads
                path.unlink(missing_ok=True)
    return size - _bytes_in(path)


def _bytes_in(path: Path) -> int:
    if path.is_dir():
        return sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())
    return path.stat().st_size if path.exists() else 0


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of a folder that may not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


@contextmanager
def explained(folder: Path, needed: int = 0, what: str = "decoded pictures") -> Iterator[None]:
    """Turns an OSError of the block into a RunError about the cache folder."""
    try:
        yield
    except OSError as error:
        needs = f" ({byte_size(needed)} needed)" if needed else ""
        raise RunError(
            f"cannot keep {what} in '{folder}': {error.strerror or error}{needs}; "
            "choose another folder with the data option 'cache' or with STEADYGAN_CACHE"
        ) from error


@contextmanager
def written_once(target: Path, is_complete: Callable[[Path], bool]) -> Iterator[Path | None]:
    """A temporary folder that becomes ``target`` if the block succeeds; None if another process has just written it.

    A damaged target is removed first. Processes that want the same target wait for each other; the lock of a killed
    one opens, and its remains are removed. If the block fails, nothing is left.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f"{target.name}.lock")) as alone:
        if target.is_dir():
            if is_complete(target):
                yield None
                return
            shutil.rmtree(target)
        if alone:
            for remains in target.parent.glob(f"{target.name}.*.part"):
                shutil.rmtree(remains, ignore_errors=True)
        aside = target.with_name(f"{target.name}.{os.getpid()}-{os.urandom(4).hex()}.part")
        try:
            aside.mkdir()
            yield aside
            for path in (*aside.iterdir(), aside):
                sync(path)
            _rename(aside, target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _rename(aside: Path, target: Path) -> None:
    try:
        aside.rename(target)
    except OSError:
        if not target.is_dir():  # no locks here, and another machine was quicker
            raise
    sync(target.parent)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Holds a lock file, waiting for it if need be; False if the file system has no locks."""
    with path.open("ab"):
        pass  # a folder that cannot be written is an error, and not a file system without locks
    lock = _lock(path)
    try:
        lock.acquire()
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    # where locks are missing a soft one would outlive a process that is killed
    return FileLock(path, poll_interval=0.1, fallback_to_soft=False, preserve_lock_file=True)


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None if it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file atomically; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.stem}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        aside.write_text(json.dumps(content), encoding="utf-8")
        sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

"""The owner of a run: the one process that may write it, by an advisory lock on owner.json.

The file names host, process and time, for the line that others get. The kernel releases the lock when the process ends,
however it ends, so a file without a lock is of a process that is gone, and is taken over. Hosts that share a network
folder may not see each other's locks: there a file of another host is believed as long as its owner touches it.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from steadygan.errors import RunError, UsageError
from steadygan.run.find import CLAIMED
from steadygan.run.layout import OWNER
from steadygan.system.file_lock import locked_by_another, try_lock
from steadygan.system.files import describe
from steadygan.system.json_text import parse_json
from steadygan.system.network_folders import is_network_folder
from steadygan.system.regular import check_regular, read_regular

PATIENCE = 0.5
"""seconds to wait for a lock: one that only looks holds it for an instant"""
BEAT, GONE = 60.0, 300.0
"""seconds after which an owner touches its file again, and after which one of another host that did not is gone"""
_mine: set[tuple[Path, int, int]] = set()
"""folders that this process owns, each with the process and the thread"""
_MOST_BYTES = 10_000


@dataclass(frozen=True)
class Owner:
    """The process that trains a run, or did when it ended without a word."""

    host: str
    pid: int
    started: str
    """local time, 'YYYY-MM-DD HH:MM:SS'"""

    @classmethod
    def this(cls) -> Owner:
        """This process."""
        return cls(socket.gethostname(), os.getpid(), f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}")

    @property
    def here(self) -> bool:
        """True if it is of this host."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.started}"


def read_owner(folder: Path) -> Owner | None:
    """What owner.json says; None without one, or if it was not written to its end."""
    try:
        content = parse_json(read_regular(folder / OWNER, _MOST_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    host, pid, started = (content.get(name) for name in ("host", "pid", "started"))
    if isinstance(host, str) and type(pid) is int and isinstance(started, str):
        return Owner(host, pid, started)
    return None


def is_owned(folder: Path) -> bool:
    """True if a process trains the run now, as far as this host can see."""
    path = folder / OWNER
    if not path.exists():
        return False
    try:
        check_regular(path)
        if locked_by_another(path):
            return True
    except (OSError, UsageError):
        return False
    owner = read_owner(folder)
    return owner is not None and _unseen(folder, owner) > 0


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[str | None]:
    """Makes this process the run's owner for the block, and the folder if there is none.

    Yields:
        a line about the owner that was gone without a word, None if there was none.

    Raises:
        UsageError: one line, if the run has an owner.
        RunError: if the folder cannot be written.
    """
    made = _make(folder)
    key = (folder.resolve(), os.getpid(), threading.get_ident())
    if key in _mine:  # this thread owns it already
        yield None
        return
    path = folder / OWNER
    try:
        with _acquire(folder) as file:
            before = read_owner(folder)
            if before is not None and (left := _unseen(folder, before)) > 0:
                raise UsageError(
                    f"{folder} is trained by {before}, which cannot be asked from here: if it has ended, try again in "
                    f"{left / 60:.0f} min, or delete {path}"
                )
            _write(file, Owner.this())
            _mine.add(key)
            ended = threading.Event()
            threading.Thread(target=_touch, args=(path, ended), daemon=True, name="owner").start()
            try:
                yield None if before is None else f"{folder} was left by {before}, which is gone: taken over"
            finally:
                ended.set()
                _mine.discard(key)
                if os.getpid() == key[1]:  # not in a forked child
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)
    finally:
        for empty in made:  # a training that never began leaves no folder
            with contextlib.suppress(OSError):
                empty.rmdir()


def _touch(path: Path, ended: threading.Event) -> None:
    """Touches the file from time to time until the event is set."""
    while not ended.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(path)


def _unseen(folder: Path, owner: Owner) -> float:
    """Seconds for which an owner is still believed, whose lock this host may be unable to see."""
    if owner.here or not is_network_folder(folder):
        return 0.0
    try:
        return GONE - (time.time() - (folder / OWNER).stat().st_mtime)
    except OSError:
        return 0.0


def _make(folder: Path) -> list[Path]:
    """Makes the folder; returns those that were made, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if not missing:
        missing = list(itertools.takewhile(lambda path: path.resolve() in CLAIMED, (folder, *folder.parents)))
        CLAIMED.difference_update(path.resolve() for path in missing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {folder}: {describe(error)}") from None
    return missing


def _acquire(folder: Path) -> FileIO:
    """The locked owner.json."""
    path = folder / OWNER
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if path.is_symlink():  # what it leads to would be written over
                raise UsageError(f"'{path}' is a link, not a file: delete it and try again")
            if path.exists():
                check_regular(path)
            file = open(path, "r+b" if path.exists() else "x+b", buffering=0)  # noqa: SIM115
        except FileExistsError:
            continue  # another process was a moment faster
        except FileNotFoundError:
            continue  # its owner ended between the two
        except OSError as error:
            raise RunError(f"cannot write '{path}': {describe(error)}") from None
        try:
            got = try_lock(file)
        except OSError as error:
            file.close()
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise RunError(f"cannot lock '{path}': {describe(error)}") from None
            _refuse_living(folder)
            return open(path, "r+b", buffering=0)  # a folder without locks
        if got and _is_still(path, file):
            return file
        file.close()
        if not got and time.monotonic() > until:
            owner = read_owner(folder)
            raise UsageError(
                f"{folder} is being trained by {owner or 'another process'}: wait for its end, stop it, or name "
                "another folder"
            )
        time.sleep(0.02)


def _refuse_living(folder: Path) -> None:
    """On a file system without locks: raises UsageError if the owner's process lives on this host."""
    owner = read_owner(folder)
    if owner is not None and owner.here and owner.pid != os.getpid() and _lives(owner.pid):
        raise UsageError(f"{folder} is being trained by {owner}: wait for its end, or stop it")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _is_still(path: Path, file: FileIO) -> bool:
    """True if the locked file is the one that stands under its name: its owner may have deleted it meanwhile."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except OSError:
        return False


def _write(file: FileIO, owner: Owner) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps({"host": owner.host, "pid": owner.pid, "started": owner.started}).encode() + b"\n")

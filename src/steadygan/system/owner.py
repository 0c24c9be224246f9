"""The owner of a piece of work: the one process that may do it, by an advisory lock on a file that names it.

The file names host, process and time, for the line that others get. The kernel releases the lock when the process ends,
however it ends, so a file without a lock is of a process that is gone, and is taken over. Hosts that share a network
folder may not see each other's locks: there a file of another host is believed as long as its owner touches it.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from steadygan.errors import RunError, UsageError
from steadygan.system.file_lock import locked_by_another, try_lock
from steadygan.system.files import describe, writing
from steadygan.system.json_text import parse_json
from steadygan.system.network_folders import is_network_folder
from steadygan.system.regular import check_regular, read_regular

PATIENCE = 0.5
"""seconds to wait for a lock: one that only looks holds it for an instant"""
BEAT, GONE = 60.0, 300.0
"""seconds after which an owner touches its file again, and after which one of another host that did not is gone"""
NAMED = 10.0
"""seconds within which a new file on a network folder gets its owner's name"""
_mine: set[tuple[Path, int, int]] = set()
"""files of which this process is the owner, each with the process and the thread"""
_server_times: dict[int, tuple[float, float]] = {}
"""of a file system: its time, and this host's monotonic one when it was asked"""
_MOST_BYTES = 10_000


@dataclass(frozen=True)
class Owner:
    """The process that does the work, or did when it ended without a word."""

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

    @property
    def is_this(self) -> bool:
        """True if it is this process."""
        return self.here and self.pid == os.getpid()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.started}"


class OwnedError(UsageError):
    """Work that has an owner."""

    def __init__(self, path: Path, owner: Owner | None, left: float = 0.0) -> None:
        super().__init__(f"{path} is held by {owner or 'another process'}")
        self.owner = owner
        """None: not named yet"""
        self.left = left
        """seconds for which it is believed unless it touches the file; 0: it is known to live"""


def read_owner(path: Path) -> Owner | None:
    """What the file says; None without one, or if it was not written to its end."""
    try:
        content = parse_json(read_regular(path, _MOST_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    host, pid, started = (content.get(name) for name in ("host", "pid", "started"))
    if isinstance(host, str) and type(pid) is int and isinstance(started, str):
        return Owner(host, pid, started)
    return None


def is_owned(path: Path) -> bool:
    """True if a process does the work now, as far as this host can see."""
    if not path.exists():
        return False
    try:
        check_regular(path)
        if locked_by_another(path):
            return True
    except (OSError, UsageError):
        return False
    return _unseen(path, read_owner(path)) > 0


@contextlib.contextmanager
def owned(path: Path, patience: float | None = None) -> Iterator[Owner | None]:
    """Makes this process the owner for the block; the file's folder has to be there.

    Args:
        path: of the file, which is gone after the block
        patience: seconds to wait for a lock; None: ``PATIENCE``

    Yields:
        the owner that was gone without a word; None if there was none, and for a thread that is the owner already.

    Raises:
        OwnedError: if there is another owner.
        UsageError: for a link, or what is no file.
        RunError: if the file cannot be written.
    """
    key = (path.resolve(), os.getpid(), threading.get_ident())
    if key in _mine:
        yield None
        return
    with _acquire(path, PATIENCE if patience is None else patience) as (file, created):
        before = None if created else read_owner(path)
        if not created and (left := _unseen(path, before)) > 0:
            raise OwnedError(path, before, left)
        ended = threading.Event()
        try:
            with writing(path):
                _write(file, Owner.this())
            _mine.add(key)
            threading.Thread(target=_touch, args=(path, ended), daemon=True, name="owner").start()
            yield before
        finally:
            ended.set()
            _mine.discard(key)
            if os.getpid() == key[1]:  # not in a forked child
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def _touch(path: Path, ended: threading.Event) -> None:
    """Touches the file from time to time until the event is set."""
    while not ended.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(path)


def _unseen(path: Path, owner: Owner | None) -> float:
    """Seconds for which an owner is still believed, whose lock this host may be unable to see."""
    if (owner is not None and owner.here) or not is_network_folder(path.parent):
        return 0.0
    try:
        return (NAMED if owner is None else GONE) - (_server_time(path.parent) - path.stat().st_mtime)
    except OSError:
        return 0.0


def _server_time(folder: Path) -> float:
    """The time of the clock that marks changes in a folder, asked for once in a while: this host's may be off, or jump.

    That of a network folder is its server's.
    """
    try:
        device = folder.stat().st_dev
        asked = _server_times.get(device)
        if asked is None or time.monotonic() - asked[1] > BEAT:
            with tempfile.TemporaryFile(dir=folder) as file:
                asked = os.fstat(file.fileno()).st_mtime, time.monotonic()
            _server_times[device] = asked
    except OSError:  # a folder that cannot be written
        return time.time()
    return asked[0] + time.monotonic() - asked[1]


@contextlib.contextmanager
def _acquire(path: Path, patience: float) -> Iterator[tuple[FileIO, bool]]:
    """The locked file, and True if it was made here."""
    until = time.monotonic() + patience
    while True:
        try:
            if path.is_symlink():  # what it leads to would be written over
                raise UsageError(f"'{path}' is a link, not a file: delete it and try again")
            created = not path.exists()
            if not created:
                check_regular(path)
            file = open(path, "x+b" if created else "r+b", buffering=0)  # noqa: SIM115
        except FileExistsError:
            continue  # another process was a moment faster
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise RunError(f"cannot write '{path}': its folder is gone") from None
            continue  # its owner ended between the two
        except OSError as error:
            raise RunError(f"cannot write '{path}': {describe(error)}") from error
        with file:
            try:
                got = try_lock(file)
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise RunError(f"cannot lock '{path}': {describe(error)}") from error
                _refuse_living(path, created)  # a folder without locks
                got = True
            if got and _is_still(path, file):
                yield file, created
                return
        if not got and time.monotonic() > until:
            raise OwnedError(path, read_owner(path))
        time.sleep(0.02)


def _refuse_living(path: Path, created: bool) -> None:
    """On a file system without locks: raises OwnedError if the owner's process lives on this host."""
    owner = None if created else read_owner(path)
    if owner is not None and owner.here and owner.pid != os.getpid() and _lives(owner.pid):
        raise OwnedError(path, owner)


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

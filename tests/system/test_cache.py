"""Locks of the cache; what lies in it: tests/data/images/test_store.py."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from steadygan.system.cache import META, clear_all, locked, mark_used, written_once

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and flock")


def test_a_lock_is_held_by_one_thread_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with locked(tmp_path / "a.lock") as alone:
            assert alone
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == 1
    assert (tmp_path / "a.lock").exists()  # deleting it would let two in at once


@posix
def test_the_lock_of_a_killed_process_opens(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time; from steadygan.system.cache import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        child.kill()
    with locked(tmp_path / "a.lock") as alone:
        assert alone


@posix
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_work_goes_on_without_locks_where_the_file_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path / "a.lock") as alone:
        assert not alone
    with written_once(tmp_path / "entry", lambda folder: True) as folder:
        assert folder is not None
        (folder / "file").write_text("content")
    assert (tmp_path / "entry" / "file").read_text() == "content"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError), locked(tmp_path / "file" / "a.lock"):
        pass


@posix
def test_an_entry_that_is_used_is_kept_until_its_user_is_gone(tmp_path: Path) -> None:
    for digit in "ab":
        entry = tmp_path / "decoded" / (digit * 32)
        entry.mkdir(parents=True)
        (entry / META).write_text("{}")
        (entry / "train.u8").write_bytes(bytes(1000))
    user = np.zeros(1)
    mark_used(tmp_path / "decoded" / ("a" * 32) / META, user)
    assert clear_all(tmp_path) == (1002, 1002)
    assert clear_all(tmp_path) == (0, 1002)
    del user
    assert clear_all(tmp_path) == (1002, 0)

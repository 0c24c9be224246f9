"""Stop asks the process that holds the run, and no other; resume begins one that the page's end leaves alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steadygan.errors import UsageError
from steadygan.run import layout
from steadygan.system.file_lock import try_lock
from steadygan.ui import resuming, stopping
from steadygan.ui.resuming import Resumptions
from tests.ui.folders import run_folder

HOLDS = """
import fcntl, json, os, signal, socket, sys, time
got = []
if sys.argv[2] == "waits":
    signal.signal(signal.SIGTERM, lambda *_: got.append(1))
file = open(sys.argv[1], "w+")
fcntl.flock(file, fcntl.LOCK_EX)
file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "started": "now"}))
file.flush()
print("holds", flush=True)
end = time.monotonic() + 20
while not got and time.monotonic() < end:
    time.sleep(0.01)
os.unlink(sys.argv[1])
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes of Linux")


def holder(folder: Path, how: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-S", "-c", HOLDS, str(folder / layout.OWNER), how]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "holds\n"
    return process


def test_the_owner_is_asked_and_ends_by_itself(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    with holder(folder, "waits") as process:
        assert stopping.why_not(folder) is None
        assert stopping.stop(folder).pid == process.pid
        assert process.wait(10) == 0
    assert stopping.why_not(folder) == "no process trains this run"


def test_a_process_that_would_die_of_it_is_left_alone(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    with holder(folder, "dies") as process:
        with pytest.raises(UsageError, match="does not wait for a signal"):
            stopping.stop(folder)
        assert process.poll() is None
        process.kill()


def test_a_number_that_another_process_has_got_since_is_left_alone(tmp_path: Path) -> None:
    """owner.json of a process that is gone, whose number a stranger has, while somebody looks at the lock."""
    folder = run_folder(tmp_path / "run")
    with holder(run_folder(tmp_path / "other"), "waits") as stranger:
        path = folder / layout.OWNER
        path.write_text(json.dumps({"host": os.uname().nodename, "pid": stranger.pid, "started": "then"}))
        with open(path, "r+b", buffering=0) as looks:
            assert try_lock(looks)
            with pytest.raises(UsageError, match="does not wait"):
                stopping.stop(folder)
        with pytest.raises(UsageError, match="no process"):
            stopping.stop(folder)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ({"host": "elsewhere", "pid": 7, "started": "then"}, "on elsewhere since then: it can only be stopped there"),
        ({"host": os.uname().nodename, "pid": os.getpid(), "started": "now"}, "does not wait"),
        ({"host": os.uname().nodename, "pid": 1, "started": "now"}, "does not wait"),
        ({"host": os.uname().nodename, "pid": 0, "started": "now"}, "does not wait"),
        ({"host": os.uname().nodename, "pid": -1, "started": "now"}, "does not wait"),
        ({"host": os.uname().nodename, "pid": 10**30, "started": "now"}, "does not wait"),
        ({}, "not written its name"),
    ],
)
def test_other_hosts_and_numbers_of_no_owner_are_refused(tmp_path: Path, monkeypatch, owner: object, said: str) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / layout.OWNER).write_text(json.dumps(owner))
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a signal was sent"))
    with open(folder / layout.OWNER, "r+b", buffering=0) as held:
        assert try_lock(held)
        with pytest.raises(UsageError, match=said):
            stopping.stop(folder)


def waited(what: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_resume_is_a_process_of_its_own_session_begun_once(tmp_path: Path, monkeypatch) -> None:
    folder = run_folder(tmp_path / "run")
    assert resuming.command(folder)[1:] == ["-m", "steadygan", "resume", str(folder.resolve())]
    monkeypatch.setattr(resuming, "command", lambda _: [sys.executable, "-S", "-c", "input()"])  # its input is empty
    ids: list[tuple[int, int]] = []
    popen = subprocess.Popen

    def seen(*arguments, **settings):  # type: ignore[no-untyped-def]
        process = popen(["sleep", "20"], **settings)
        ids.append((process.pid, os.getsid(process.pid)))
        return process

    monkeypatch.setattr(subprocess, "Popen", seen)
    resumptions = Resumptions()
    resumptions.resume(folder)
    ((pid, session),) = ids
    assert session == pid != os.getsid(0) and resumptions.begins(folder)
    with pytest.raises(UsageError, match="is being resumed"):
        resumptions.resume(folder)
    os.kill(pid, signal.SIGTERM)
    waited(lambda: not resumptions.begins(folder))


def test_a_resume_that_fails_says_why(tmp_path: Path, monkeypatch) -> None:
    folder = run_folder(tmp_path / "run")
    line = "print('run'); print('steadygan: the data has moved'); raise SystemExit(2)"
    monkeypatch.setattr(resuming, "command", lambda _: [sys.executable, "-S", "-c", line])
    resumptions = Resumptions()
    assert resumptions.failure(folder) is None
    resumptions.resume(folder)
    waited(lambda: not resumptions.begins(folder))
    assert resumptions.failure(folder) == "the data has moved"


def test_a_log_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (tmp_path / "mine").write_text("words")
    (folder / layout.RESUMED).symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match="cannot be resumed"):
        Resumptions().resume(folder)
    assert (tmp_path / "mine").read_text() == "words"

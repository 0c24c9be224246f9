"""One process owns a run; what a process left that is gone is taken over."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from steadygan.errors import RunError, UsageError
from steadygan.run.owner import Owner, check_still_owned, is_owned, owned, read_owner
from steadygan.run.state import run_state
from steadygan.system import network_folders, owner
from steadygan.system.network_folders import is_network_folder

HOLD = """
import sys, time
from pathlib import Path
from steadygan.run.owner import owned
with owned(Path(sys.argv[1])) as note:
    print(note, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "PATIENCE", 0.05)


def holder(folder: Path) -> subprocess.Popen[str]:
    """A process that owns the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_on_a_full_disk_the_line_names_the_file_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.setattr(owner, "_write", lambda file, written: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    with pytest.raises(RunError, match=r"cannot write '.*owner\.json': No space left on device"), owned(folder):
        pass
    assert not folder.exists()


def test_a_run_that_was_deleted_renamed_or_begun_again_is_no_longer_owned(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with owned(folder):
        (folder / "recipe.yaml").write_text("name: x\n")
        check_still_owned(folder)
        (folder / "owner.json").write_text(json.dumps({"host": "elsewhere", "pid": 1, "started": "today"}))
        with pytest.raises(RunError, match="is trained by process 1 on elsewhere since today by now"):
            check_still_owned(folder)
        (folder / "owner.json").unlink()
        check_still_owned(folder)
        folder.rename(tmp_path / "other")
        with pytest.raises(RunError, match="was deleted or renamed while it was trained"):
            check_still_owned(folder)


def test_the_owner_is_named_while_it_owns_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with owned(folder) as note:
        assert note is None
        named = read_owner(folder)
        assert named is not None
        assert named.pid == os.getpid()
        assert named.here
        assert is_owned(folder)
        assert run_state(folder) == "running"
        (folder / "recipe.yaml").write_text("name: x\n")
    assert [path.name for path in folder.iterdir()] == ["recipe.yaml"]
    assert not is_owned(folder)
    assert run_state(folder) == "interrupted"


def test_a_thread_owns_a_run_once_but_may_ask_again(tmp_path: Path) -> None:
    refused: list[BaseException] = []

    def other() -> None:
        try:
            with owned(tmp_path):
                pass
        except UsageError as error:
            refused.append(error)

    with owned(tmp_path), owned(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert is_owned(tmp_path)
    assert len(refused) == 1
    assert f"process {os.getpid()}" in str(refused[0])


def test_another_process_is_refused_until_the_first_is_killed_and_then_takes_over(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        assert is_owned(tmp_path)
        with pytest.raises(UsageError, match=f"is being trained by process {process.pid} on"), owned(tmp_path):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / "owner.json").exists()
    assert not is_owned(tmp_path)
    with owned(tmp_path) as note:
        assert note is not None
        assert f"process {process.pid}" in note
        assert "taken over" in note


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_that_outlives_its_parent_does_not_keep_the_run(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys, time
from pathlib import Path
from steadygan.run.owner import owned
with owned(Path({str(tmp_path)!r})):
    if os.fork() == 0:
        os.close(1)
        time.sleep(30)
        os._exit(0)
    print("ready", flush=True)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    assert not is_owned(tmp_path)
    with owned(tmp_path) as note:
        assert note is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_that_leaves_the_block_does_not_end_the_ownership(tmp_path: Path) -> None:
    with owned(tmp_path):
        child = multiprocessing.get_context("fork").Process(target=lambda: None)
        child.start()
        child.join()
        assert is_owned(tmp_path)
        assert (tmp_path / "owner.json").exists()


def write(folder: Path, host: str) -> None:
    (folder / "owner.json").write_text(json.dumps({"host": host, "pid": 7, "started": "2026-01-01 00:00:00"}))


def test_another_host_is_believed_on_a_network_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "elsewhere")
    monkeypatch.setattr(owner, "is_network_folder", lambda folder: True)
    assert is_owned(tmp_path)
    with (
        pytest.raises(UsageError, match=r"process 7 on elsewhere.*if it has ended, .*delete .*owner\.json"),
        owned(tmp_path),
    ):
        pass
    assert read_owner(tmp_path) == Owner("elsewhere", 7, "2026-01-01 00:00:00")
    before = time.time() - owner.GONE - 1
    os.utime(tmp_path / "owner.json", (before, before))
    assert not is_owned(tmp_path)
    with owned(tmp_path) as note:
        assert note is not None
        assert "elsewhere" in note
    write(tmp_path, "elsewhere")
    monkeypatch.setattr(owner, "is_network_folder", lambda folder: False)
    assert not is_owned(tmp_path)
    with owned(tmp_path) as note:
        assert note is not None


@pytest.mark.parametrize("off", [-86_400.0, 86_400.0])
def test_another_host_is_believed_by_the_clock_of_the_folder(
    off: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "is_network_folder", lambda folder: True)
    monkeypatch.setattr(owner, "_server_times", {})
    own = time.time
    write(tmp_path, "elsewhere")
    monkeypatch.setattr(owner.time, "time", lambda: own() + off)  # this host's clock is a day off
    assert is_owned(tmp_path)
    before = own() - owner.GONE - 5
    os.utime(tmp_path / "owner.json", (before, before))
    assert not is_owned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["owner.json"]


def test_an_owner_touches_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "BEAT", 0.01)
    with owned(tmp_path):
        os.utime(tmp_path / "owner.json", (0, 0))
        until = time.monotonic() + 5
        while not (tmp_path / "owner.json").stat().st_mtime and time.monotonic() < until:
            time.sleep(0.01)
        assert (tmp_path / "owner.json").stat().st_mtime > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"host": 5}', b"\xff" * 9, b"[" * 100_000])
def test_a_torn_owner_file_is_of_nobody(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "owner.json").write_bytes(content)
    assert not is_owned(tmp_path)
    with owned(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_fifo_in_its_place_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "owner.json")
    assert not is_owned(tmp_path)
    with pytest.raises(UsageError, match="a FIFO"), owned(tmp_path):
        pass


def test_a_link_in_its_place_is_refused_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "owner.json").symlink_to("precious")
    with pytest.raises(UsageError, match="is a link"), owned(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "kept"


def test_folders_that_were_made_and_not_used_go_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError), owned(tmp_path / "a" / "b"):
        raise KeyError
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_of_many_processes_that_race_one_owns_at_a_time(tmp_path: Path) -> None:
    script = f"""
import os, time
from pathlib import Path
from steadygan.errors import RunError, UsageError
from steadygan.run.owner import owned
from steadygan.system import owner
owner.PATIENCE = 0
folder, inside, got = Path({str(tmp_path)!r}), Path({str(tmp_path)!r} + ".inside"), 0
until = time.monotonic() + 2
while time.monotonic() < until:
    try:
        with owned(folder):
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails if another one is inside
            got += 1
            os.unlink(inside)
    except UsageError:
        pass
print(got)
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    counts = []
    for process in processes:
        out, errors = process.communicate()
        assert process.returncode == 0, errors
        counts.append(int(out))
    assert sum(counts) > 20
    assert not list(tmp_path.iterdir())


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:44 / /mnt/shared\\040disk rw - nfs4 server:/x rw
31 30 0:45 / /mnt/shared\\040disk/fast rw - xfs /dev/b rw
"""


@pytest.mark.parametrize(
    ("folder", "network"),
    [
        ("/home/me", False),
        ("/mnt/shared disk/runs", True),
        ("/mnt/shared disk/fast/runs", False),
        ("/mnt/share", False),
    ],
)
def test_network_folders_are_told_by_their_mount(
    folder: str, network: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(network_folders, "MOUNTS", tmp_path / "mountinfo")
    assert is_network_folder(Path(folder)) == network
    monkeypatch.setattr(network_folders, "MOUNTS", tmp_path / "none")
    assert is_network_folder(Path(folder))

"""Studies by several processes, and by processes that are killed: the numbers are those of one undisturbed process."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from steadygan.errors import RunError, UsageError
from steadygan.studies import session, worker, worker_process, workers
from steadygan.studies.folder import StudyFolder
from tests.forked import Forked
from tests.forked import command as forked
from tests.studies.folders import CALCULATED, TINY, begun, command, numbers
from tests.studies.tiny import SLEEP

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The numbers of the study with trainings, by one process without a break."""
    folder = tmp_path_factory.mktemp("whole") / "s"
    session.carry_out(begun(folder, TINY), say=lambda line: None)
    found = numbers(folder)
    assert len(found) == 6
    return found


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forks of the process that starts them, and not new interpreters."""

    def start(folder: StudyFolder) -> Any:
        errors = tempfile.TemporaryFile()  # noqa: SIM115
        call = partial(worker_process.main, [str(folder.path.resolve())])
        return workers._Worker(Forked(call, errors, piped=True), errors)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "_start", start)


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def began(path: Path) -> list[int]:
    """The processes that began a trial, by what each wrote first."""
    marks = [mark.read_text().split() for mark in path.glob("trials/*/begun")]
    return [int(words[0]) for words in marks if words]  # one that is not written yet is empty


def has_checkpoint(path: Path) -> bool:
    """True if a training is under way that has saved a checkpoint."""
    return any(
        not (state.parents[3] / "result.json").exists()
        for state in path.glob("trials/trained-*/run/checkpoints/*/state.json")
    )


def test_a_study_killed_five_times_has_the_numbers_of_an_undisturbed_one(tmp_path: Path, whole: dict[str, Any]) -> None:
    path = tmp_path / "s"
    words = ("study", TINY, "--scale", "smoke", "--out", str(path), "--workers", "1")
    points: list[Callable[[], object]] = [
        lambda: (path / "study.json").exists(),
        lambda: list(path.glob("trials/*/begun")),
        lambda: len(list(path.glob("trials/*/result.json"))) >= 2,
        lambda: has_checkpoint(path),
        lambda: list(path.glob("trials/trained-*/result.json")),
    ]
    kills = 0
    for point in points:
        process = forked(*words, env={SLEEP: "0.3"})
        try:
            until(lambda: point() or process.poll() is not None)  # noqa: B023
        finally:
            if process.poll() is None:
                kills += 1
            process.send_signal(signal.SIGKILL)
            process.communicate()
    assert kills == 5
    assert {name: whole[name] for name in numbers(path)} == numbers(path)
    process = forked(*words)
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "holds: Up lies above down: " in out
    assert numbers(path) == whole
    assert not list(path.rglob("owner.json"))


def test_a_training_that_is_killed_in_its_midst_goes_on_where_it_was(tmp_path: Path) -> None:
    name, seeds = TINY, 1
    session.carry_out(begun(tmp_path / "whole", name, "laptop", seeds), workers=1, say=lambda line: None)
    path = tmp_path / "s"
    words = ("study", name, "--scale", "laptop", "--seeds", "1", "--out", str(path), "--workers", "1")
    kept: list[int] = []
    for _ in range(2):
        before = max((int(each.name) for each in path.glob("trials/trained-*/run/checkpoints/[0-9]*")), default=0)
        process = forked(*words)
        until(
            lambda: (
                any(int(each.name) > before for each in path.glob("trials/trained-*/run/checkpoints/[0-9]*"))  # noqa: B023
                or process.poll() is not None  # noqa: B023
            )
        )
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept.append(before)
    assert kept == sorted(kept)
    assert kept[-1] > 0
    process = forked(*words)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert numbers(path) == numbers(tmp_path / "whole")


def test_two_workers_have_the_numbers_of_one_and_say_how_far_they_are(tmp_path: Path, whole: dict[str, Any]) -> None:
    lines: list[str] = []
    folder = begun(tmp_path / "s", TINY)
    found = session.carry_out(folder, workers=2, say=lines.append)
    assert found.complete
    assert numbers(folder.path) == whole
    assert sum(line.startswith("trial ") for line in lines) == 6
    assert "left" in "".join(lines)
    pids = {path.read_text().split()[0] for path in folder.path.glob("trials/*/begun")}
    assert str(os.getpid()) not in pids


def test_two_commands_at_once_share_a_study(tmp_path: Path) -> None:
    words = ("study", CALCULATED, "--scale", "smoke", "--seeds", "6", "--out", str(tmp_path / "s"), "--workers", "1")
    processes = [forked(*words, env={SLEEP: "0.3"}) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    begins = [path.read_text().splitlines() for path in (tmp_path / "s").glob("trials/*/begun")]
    assert [len(each) for each in begins] == [1] * 12  # each was carried out once
    assert len({each[0] for each in begins}) == 2


@pytest.mark.usefixtures("forks")
def test_the_trial_of_a_worker_that_dies_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLEEP, "1.0")
    path, lines = tmp_path / "s", list[str]()
    killed: list[int] = []
    real = workers.Watch.look

    def look(self: Any) -> bool:
        for pid in [] if killed else began(path)[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        return real(self)

    monkeypatch.setattr(workers.Watch, "look", look)
    workers.share(begun(path), 2, lines.append)
    assert len(killed) == 1
    assert any("died (by signal 9)" in line for line in lines)
    begins = [mark.read_text().split() for mark in path.glob("trials/*/begun")]
    assert sorted(map(len, begins)) == [1, 1, 1, 2]  # the one that was begun twice was taken over
    monkeypatch.delenv(SLEEP)
    session.carry_out(begun(tmp_path / "whole"), say=lambda line: None)
    assert numbers(path) == numbers(tmp_path / "whole")


def test_a_command_that_is_killed_takes_its_workers_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    process = command("study", CALCULATED, "--scale", "laptop", "--out", str(path), "--workers", "2", env={SLEEP: "3"})
    until(lambda: len(began(path)) >= 2)
    pids = began(path)
    assert all(map(lives, pids))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: not any(map(lives, pids)), 20)
    folder = StudyFolder(path)
    assert not any(map(folder.is_claimed, folder.trials))


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize(("count", "number", "code"), [("1", signal.SIGINT, 130), ("2", signal.SIGTERM, 143)])
def test_a_signal_ends_it_cleanly_and_the_same_command_goes_on(
    tmp_path: Path, number: signal.Signals, code: int, count: str, whole: dict[str, Any]
) -> None:
    path = tmp_path / "s"
    words = ("study", TINY, "--scale", "smoke", "--out", str(path), "--workers", count)
    process = forked(*words, env={SLEEP: "0.5"})
    until(lambda: list(path.glob("trials/*/result.json")) or process.poll() is not None)
    process.send_signal(number)
    out, errors = process.communicate()
    assert process.returncode == code, (out, errors)
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) <= 1
    if number == signal.SIGINT:
        assert "to go on: the same command" in errors
    folder = StudyFolder(path)
    assert not any(map(folder.is_claimed, folder.trials))
    process = forked(*words)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert numbers(path) == whole
    assert not list(path.rglob("owner.json"))


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize(
    ("name", "error", "words"),
    [("WITHOUT_DATA", UsageError, "there is no data"), ("FULL_DISK", RunError, "No space left on device")],
)
def test_the_error_of_a_worker_is_that_of_the_study(
    tmp_path: Path, name: str, error: type[Exception], words: str
) -> None:
    folder = begun(tmp_path / "s", f"tests.studies.tiny:{name}")
    with pytest.raises(error, match=words):
        workers.share(folder, 2, lambda line: None)
    assert folder.unfinished()


def test_workers_that_always_die_end_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begun(tmp_path / "s")

    def start(folder: StudyFolder) -> Any:
        real = subprocess.Popen(["sh", "-c", "echo oh >&2; kill -9 $$"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert real.stderr is not None
        errors = tempfile.TemporaryFile()  # noqa: SIM115
        errors.write(b"oh\n")
        return workers._Worker(real, errors)

    monkeypatch.setattr(workers, "_start", start)
    with pytest.raises(RunError, match=r"workers died, the last one by signal 9: oh"):
        workers.share(folder, 2, lambda line: None)


def test_a_worker_that_leaves_does_not_wait_for_others(tmp_path: Path) -> None:
    folder = begun(tmp_path / "s")
    with folder.claimed(folder.trials[0]):
        thread = threading.Thread(target=lambda: worker.work(StudyFolder(folder.path), leave=True))
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
    assert [trial.name for trial in folder.unfinished()] == [folder.trials[0].name]

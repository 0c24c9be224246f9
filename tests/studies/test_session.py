"""A study in one process: the same numbers however often it is stopped, failures, damage, and what is refused."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from steadygan.errors import RunError, UsageError
from steadygan.run.hashes import sealed
from steadygan.studies import carrying_out, outcomes, session
from steadygan.studies.findings import findings_of
from steadygan.studies.folder import StudyFolder
from steadygan.studies.trial import Calculation
from steadygan.system.files import write_json
from tests.studies.folders import CALCULATED, begun, numbers


def quiet(line: str) -> None: ...


def carried_out(path: Path, name: str = CALCULATED, **options: Any) -> session.Findings:
    return session.carry_out(begun(path, name), say=quiet, **options)


def test_a_study_measures_what_its_trials_measure(tmp_path: Path) -> None:
    found = carried_out(tmp_path / "s")
    assert found.complete
    noise = [np.random.default_rng(seed).normal(size=10) for seed in (0, 1)]
    assert found.results.values("value", method="up") == [1.5 + 0.1 * float(each.mean()) for each in noise]
    assert all(np.array_equal(a, b) for a, b in zip(found.results.values("noise", method="down"), noise, strict=True))
    assert [(row.settings["method"], row.seed) for row in found.results] == [
        ("up", 0), ("down", 0), ("up", 1), ("down", 1),
    ]  # fmt: skip
    decision = found.decisions["up"]
    assert decision.answer == "holds"
    assert decision.interval is not None
    assert decision.interval.mean == pytest.approx(2.0, abs=1e-12)
    assert found.table.columns == ("method", "mean")
    record = outcomes.read(tmp_path / "s" / "trials" / "up-1.5-seed-0")
    assert record.made["threads"] == 1
    assert record.made["versions"]["steadygan"]
    assert record.made["device"]


def test_what_is_finished_is_not_carried_out_again(tmp_path: Path) -> None:
    carried_out(tmp_path / "s")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("result.json")}
    carried_out(tmp_path / "s")
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "s").rglob("result.json")}


def test_more_seeds_go_on_with_the_same_study(tmp_path: Path) -> None:
    carried_out(tmp_path / "s")
    before = numbers(tmp_path / "s")
    session.carry_out(begun(tmp_path / "s", seeds=4), say=quiet)
    after = numbers(tmp_path / "s")
    assert len(after) == 8
    assert {name: after[name] for name in before} == before
    assert begun(tmp_path / "s").definition.seeds == (0, 1, 2, 3)  # no number named: as many as it has
    with pytest.raises(UsageError, match="has 4 seeds, not 3"):
        begun(tmp_path / "s", seeds=3)


def test_an_interrupted_trial_leaves_no_result_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out(tmp_path / "whole")
    real = carrying_out.carry_out
    done: list[str] = []

    def interrupted(definition: Any, trial: Any, place: Path) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(trial.name)
        return real(definition, trial, place)

    monkeypatch.setattr(carrying_out, "carry_out", interrupted)
    with pytest.raises(KeyboardInterrupt):
        carried_out(tmp_path / "s")
    assert len(numbers(tmp_path / "s")) == 2
    assert not list((tmp_path / "s").rglob("owner.json"))
    monkeypatch.undo()
    carried_out(tmp_path / "s")
    assert numbers(tmp_path / "s") == numbers(tmp_path / "whole")


def test_the_time_of_a_trial_counts_what_it_took_until_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    ends: list[BaseException | None] = [KeyboardInterrupt(), SystemExit(143), OSError(errno.ENOSPC, "full"), None]

    def carry_out(self: Calculation, folder: Path, seed: int) -> Any:
        now[0] += 100.0
        end = ends.pop(0)
        if end is not None:
            raise end
        return {"value": 1.0}

    monkeypatch.setattr(carrying_out, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(Calculation, "carry_out", carry_out)
    folder = begun(tmp_path / "s")
    trial = folder.trials[0]
    for stopped in (KeyboardInterrupt, SystemExit, OSError):
        with pytest.raises(stopped):
            carrying_out.finish(folder, trial)
    assert carrying_out.finish(folder, trial).seconds == 400.0
    assert sorted(path.name for path in folder.place(trial).iterdir()) == ["result.json"]


def test_the_time_of_a_training_whose_process_was_killed_is_that_of_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "run/checkpoints/000003"
    checkpoint.mkdir(parents=True)
    counters = {"round": 3, "critic_steps": 3, "position": 3, "seen": 3, "seconds": 70.5}
    write_json(checkpoint / "state.json", sealed({"format": 2, **counters, "files": {}}))
    monkeypatch.setattr(Calculation, "carry_out", lambda *_: {"value": 1.0})
    folder = begun(tmp_path / "s")
    assert 70.5 <= carrying_out.carry_out(folder.definition, folder.trials[0], tmp_path).seconds < 80


def test_a_signal_that_comes_out_as_another_error_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    def met(self: Calculation, folder: Path, seed: int) -> Any:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("numpy failed to import") from None
        return {}

    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore Ctrl-C
    try:
        monkeypatch.setattr(Calculation, "carry_out", met)
        with pytest.raises(KeyboardInterrupt):
            carried_out(tmp_path / "s")
        assert numbers(tmp_path / "s") == {}
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, ignored)


def test_a_trial_that_fails_is_recorded_and_tried_again_only_when_asked(tmp_path: Path) -> None:
    name = "tests.studies.tiny:DIVERGING"
    found = carried_out(tmp_path / "s", name)
    assert found.failures == {"x-seed-1": "the critic's loss is not finite"}
    assert not found.complete
    assert [row.seed for row in found.results] == [0, 2]
    (tmp_path / "s" / "mended").touch()
    assert carried_out(tmp_path / "s", name).failures
    found = carried_out(tmp_path / "s", name, again=True)
    assert found.complete
    assert [row.values["value"] for row in found.results] == [0.0, 1.0, 2.0]


def test_a_failure_is_an_outcome_where_the_study_says_so(tmp_path: Path) -> None:
    found = carried_out(tmp_path / "s", "tests.studies.tiny:COUNTED")
    assert found.complete
    assert [row.values["value"] for row in found.results] == [0.0, -1.0, 2.0]
    assert found.results.rows[1].values["failure"] == "the critic's loss is not finite"
    assert "failure" not in found.results.rows[0].values


def test_a_fault_of_code_is_a_line_and_its_trace_stays_in_the_folder(tmp_path: Path) -> None:
    found = carried_out(tmp_path / "s", "tests.studies.tiny:FAULTY")
    assert found.failures == {"x-seed-1": "ZeroDivisionError: division by zero"}
    assert "raise error(line)" in (tmp_path / "s" / "trials" / "x-seed-1" / "error.txt").read_text()


@pytest.mark.parametrize(("name", "error"), [("WITHOUT_DATA", UsageError), ("FULL_DISK", OSError)])
def test_an_error_that_every_trial_would_meet_ends_the_study_and_is_no_outcome(
    tmp_path: Path, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        carried_out(tmp_path / "s", f"tests.studies.tiny:{name}")
    assert list(numbers(tmp_path / "s")) == ["x-seed-0"]


def test_a_full_disk_is_one_line_and_no_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begun(tmp_path / "s")
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "arrays" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="No space left on device"):
        session.carry_out(folder, say=quiet)
    monkeypatch.undo()
    assert numbers(tmp_path / "s") == {}
    assert not list((tmp_path / "s").rglob(".part-*"))
    assert session.carry_out(begun(tmp_path / "s"), say=quiet).complete


@pytest.mark.parametrize("file", ["result.json", "arrays.npz"])
def test_a_damaged_result_is_said_and_measured_again(tmp_path: Path, file: str) -> None:
    carried_out(tmp_path / "s")
    before = numbers(tmp_path / "s")
    path = tmp_path / "s" / "trials" / "up-1.5-seed-1" / file
    path.write_bytes(path.read_bytes()[:-20])
    found = findings_of(tmp_path / "s")  # a reader leaves it out
    assert len(found.results) == 3
    assert len(found.damaged) == 1
    with pytest.warns(UserWarning, match="is damaged: .*measured again"):
        carried_out(tmp_path / "s")
    assert numbers(tmp_path / "s") == before


def test_a_study_half_done_whose_functions_raise_still_has_its_findings(tmp_path: Path) -> None:
    found = carried_out(tmp_path / "s", "tests.studies.tiny:CLUMSY")
    assert found.decisions["up"].answer == "not decided here"
    assert "KeyError" in found.decisions["up"].evidence
    assert found.page.is_file()


def test_another_definition_is_refused(tmp_path: Path) -> None:
    begun(tmp_path / "s", scale="laptop")
    for options, words in (
        ({"name": "tests.studies.tiny:STUDY"}, "holds the study"),
        ({"scale": "smoke"}, "scale 'laptop'"),
        ({"scale": "laptop", "minutes": 3}, "goes on with these"),
    ):
        with pytest.raises(UsageError, match=words):
            begun(tmp_path / "s", **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="begun with built-in data for 'text'"):
        session.opened(session.defined(CALCULATED, "laptop", data={"text": str(__file__)}), tmp_path / "s")


def test_data_of_one_s_own_reaches_the_trials_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = session.defined(CALCULATED, "smoke", data={"text": str(__file__)})
    session.carry_out(session.opened(definition, tmp_path / "s"), say=quiet)
    monkeypatch.setenv("STEADYGAN_DATA_TEXT", "")
    assert set(findings_of(tmp_path / "s").results.values("text")) == {str(Path(__file__).resolve())}
    assert StudyFolder(tmp_path / "s").definition.sources == {"text": str(Path(__file__).resolve())}
    begun(tmp_path / "s")  # and goes on with it
    monkeypatch.setenv("STEADYGAN_DATA_TEXT", str(tmp_path))
    with pytest.raises(UsageError, match="was begun with"):
        begun(tmp_path / "s")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("calculatd", "unknown study"),
        ("tests.studies.tiny:NO_STUDY", "Study is needed"),
        ("tests.studies.tiny:TWICE", "two trials of the name"),
        ("tests.studies.tiny:EMPTY", "no trials"),
        ("tests.studies.tiny:STUDDY", "has no 'STUDDY'"),
        ("no.such.module:STUDY", "cannot import"),
        ("a b:c", "no import path"),
        ("", "unknown study"),
    ],
)
def test_what_is_no_study_is_one_line_and_no_folder(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        begun(tmp_path / "s", name)
    assert not list(tmp_path.iterdir())


def test_the_device_is_a_part_of_the_study_and_reaches_the_trials(tmp_path: Path) -> None:
    from steadygan.studies.device import device

    definition = session.defined(CALCULATED, "smoke", device="mps")
    folder = session.opened(definition, tmp_path / "s", elsewhere=True)
    assert StudyFolder(folder.path).definition == definition
    assert session.usual_workers(definition) == 1
    with definition.conditions():
        assert device() == "mps"
    assert device() == "cpu"
    with pytest.raises(UsageError, match="was begun on 'mps', not on 'cpu'"):
        begun(tmp_path / "s")
    assert session.defined(CALCULATED, "smoke", device="auto").device in ("cpu", "cuda", "mps")


def test_a_result_of_another_trial_is_damage(tmp_path: Path) -> None:
    carried_out(tmp_path / "s")
    before = numbers(tmp_path / "s")
    places = [tmp_path / "s" / "trials" / f"up-1.5-seed-{seed}" for seed in (0, 1)]
    for name in ("result.json", "arrays.npz"):
        (places[1] / name).write_bytes((places[0] / name).read_bytes())
    with pytest.warns(UserWarning, match="of another trial"):
        carried_out(tmp_path / "s")
    assert numbers(tmp_path / "s") == before


def test_a_study_whose_rounds_have_changed_is_another_one(tmp_path: Path) -> None:
    carried_out(tmp_path / "s")
    record = outcomes.read(tmp_path / "s" / "trials" / "up-1.5-seed-1")
    outcomes.write(tmp_path / "s" / "trials" / "up-1.5-seed-1", dataclasses.replace(record, rounds=11))
    with pytest.raises(UsageError, match="took 11 rounds, and takes 10 now"):
        begun(tmp_path / "s")


def test_a_folder_with_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(UsageError, match="something else"):
        begun(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="file"):
        begun(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "precious"]


def test_other_versions_are_said(tmp_path: Path) -> None:
    folder = begun(tmp_path / "s")
    folder.write(made={**folder.made, "versions": {"torch": "1.0"}})
    with pytest.warns(UserWarning, match="another version"):
        begun(tmp_path / "s")


def test_it_is_a_function_of_the_package(tmp_path: Path) -> None:
    import steadygan as sg

    found = sg.study(CALCULATED, "smoke", seeds=1, out=tmp_path / "s", say=quiet)
    assert found.complete
    assert len(found.results) == 2
    for options in ({"scale": "big"}, {"seeds": 0}, {"workers": 0}, {"workers": "slurm"}, {"minutes": 0}):
        with pytest.raises(UsageError):
            sg.study(CALCULATED, out=tmp_path / "t", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "t").exists()


def test_provenance_can_be_written(tmp_path: Path) -> None:
    json.dumps(dict(carrying_out.provenance()))
    assert dataclasses.is_dataclass(outcomes.Record)

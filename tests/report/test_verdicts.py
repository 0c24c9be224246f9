"""The doctor's verdict while a run goes on: in lines, in TensorBoard, in diagnosis.json."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from steadygan.diagnostics.log import to_json
from steadygan.report.diagnosis_file import DiagnosisObserver
from steadygan.report.progress_lines import PlainLines
from steadygan.report.trackers import TensorBoardObserver
from steadygan.report.verdicts import Verdicts
from steadygan.report.watch import Watch
from steadygan.training.observers import RunEnd, RunStart, tell_looked
from steadygan.types import SampleSpec
from tests.diagnostics.logs import run as course

COLLAPSED: dict[str, Any] = {
    "seen": lambda share: round(19_200 * share),
    "distance_ratio": 0.02,
    "bins_missing": 0.95,
    "classes": 0.1,
    "class_entropy_ratio": 0.02,
}


def start(folder: Path, round_: int = 0) -> RunStart:
    return RunStart(folder, "wgan-gp", SampleSpec((1, 8, 8)), round_, 300)


@pytest.fixture
def rows() -> list[dict[str, float | int | str]]:
    return [to_json(row) for row in course(**COLLAPSED)]


def test_only_observers_that_want_looks_get_them(tmp_path: Path, rows: list[Any]) -> None:
    watch = Watch(start(tmp_path))
    tell_looked([object(), watch], rows[0])  # type: ignore[list-item]
    assert "too early" in watch.judgement("images")


def test_before_the_first_look_a_judgement_is_from_pictures_and_rows(tmp_path: Path, rows: list[Any]) -> None:
    watch = Watch(start(tmp_path))
    watch.logged({"round": 6, "critic_loss": 1.0})
    assert watch.judgement("images") == "too early to say (2% of the planned rounds)"
    for row in rows:
        watch.looked(row)
    assert watch.judgement("images").startswith("mode collapse")
    watch.logged({"round": 7, "critic_loss": float("nan")})
    assert watch.judgement("images") == "a loss is not finite"


def test_a_resumed_run_knows_its_earlier_looks_up_to_its_round(tmp_path: Path, rows: list[Any]) -> None:
    (tmp_path / "signals.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    verdicts = Verdicts(start(tmp_path, 200))
    assert verdicts.diagnosis is not None and verdicts.diagnosis.round == 200
    assert verdicts.news().startswith("mode collapse") and verdicts.news() == ""


def test_lines_say_a_new_verdict_once_and_the_last_at_the_end(tmp_path: Path, rows: list[Any]) -> None:
    stream = io.StringIO()
    lines = PlainLines(stream, clock=iter(range(0, 10_000, 10)).__next__)
    lines.open(start(tmp_path))
    for row in rows:
        lines.looked(row)
        lines.show({"round": int(row["round"]), "critic_loss": 1.0})
    lines.close(RunEnd(tmp_path, 300, 300, "finished"))
    said = [line for line in stream.getvalue().splitlines() if "diagnosis:" in line]
    assert "too early" in said[0] and "steadygan diagnose" in said[-1]
    assert sum("mode collapse" in line for line in said) == 2


def test_tensorboard_gets_signals_and_the_verdict_as_text(tmp_path: Path, rows: list[Any]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    observer = TensorBoardObserver()
    observer.started(start(tmp_path))
    for row in rows:
        observer.looked(row)
    observer.ended(RunEnd(tmp_path, 300, 300, "finished"))
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = events.Tags()
    assert "signals/distance_ratio" in tags["scalars"] and not any("rounds" in tag for tag in tags["scalars"])
    values = [event.value for event in events.Scalars("signals/distance_ratio")]
    assert values == pytest.approx([0.02] * 30)
    (text,) = [tag for tag in tags["tensors"] if tag.startswith("diagnosis")]
    told = [event.tensor_proto.string_val[0].decode() for event in events.Tensors(text)]
    assert "too early" in told[0] and "mode collapse" in told[-1] and len(told) < 6


def test_diagnosis_json_is_written_at_checkpoints_and_at_the_end(tmp_path: Path, rows: list[Any]) -> None:
    (tmp_path / "recipe.yaml").write_text("name: wgan-gp\n")
    observer = DiagnosisObserver()
    observer.started(start(tmp_path))
    observer.saved(10, tmp_path / "checkpoints/000010")
    assert not (tmp_path / "diagnosis.json").exists()
    signals = tmp_path / "signals.jsonl"
    signals.write_text("".join(json.dumps(row) + "\n" for row in rows[:5]))
    observer.saved(50, tmp_path / "checkpoints/000050")
    assert json.loads((tmp_path / "diagnosis.json").read_text())["round"] == 50
    signals.write_text("".join(json.dumps(row) + "\n" for row in rows))
    observer.ended(RunEnd(tmp_path, 300, 300, "interrupted"))
    assert json.loads((tmp_path / "diagnosis.json").read_text())["round"] == 300

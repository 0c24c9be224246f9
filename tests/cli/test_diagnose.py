"""``steadygan diagnose``: exit codes, JSON, questions, a run with and without a log of signals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import steadygan as sg
from steadygan.cli import main
from steadygan.diagnostics.log import to_json
from tests.diagnostics.logs import run as course

SICK = {"distance_ratio": 0.02, "bins_missing": 0.95, "classes": 0.1, "class_entropy_ratio": 0.02, "duplicates": 0.98}

SEEN: dict[str, Any] = {"seen": lambda share: round(19_200 * share)}
"""a whole number, as logs have it"""


def logged(folder: Path, **changed: Any) -> None:
    text = "".join(json.dumps(to_json(row)) + "\n" for row in course(**SEEN, **changed))
    (folder / "signals.jsonl").write_text(text)


def test_a_healthy_run_is_0_and_a_sick_one_3(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs / "runs/tiny"
    logged(folder)
    assert main(["diagnose", "tiny"]) == 0
    assert "looks healthy" in capsys.readouterr().out
    assert sg.diagnose("tiny").main.verdict == "healthy"
    logged(folder, **SICK)
    assert main(["diagnose"]) == 3
    said = capsys.readouterr().out
    assert "mode collapse" in said and "0.02" in said and "steadygan train runs/tiny/recipe.yaml" in said
    assert sg.diagnose(sg.load("tiny")).main.verdict == "full_collapse"
    kept = json.loads((folder / "diagnosis.json").read_text())
    assert kept["verdict"] == "full_collapse" and kept["sick"] is True


def test_json_is_what_is_kept_and_what_python_says(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs / "runs/tiny"
    logged(folder, **SICK)
    assert main(["diagnose", "--json", "tiny"]) == 3
    said = json.loads(capsys.readouterr().out)
    said["findings"] = said.pop("rows")
    kept = json.loads((folder / "diagnosis.json").read_text())
    assert {name: said[name] for name in kept} == kept
    diagnosis = sg.diagnose(folder)
    assert said["round"] == diagnosis.round == 300
    first = said["findings"][0]
    assert (first["verdict"], first["since"], first["confidence"]) == (
        diagnosis.main.verdict,
        diagnosis.main.since,
        diagnosis.main.confidence,
    )
    assert [each["value"] for each in first["evidence"]] == [each.value for each in diagnosis.main.evidence]
    assert [look["round"] for look in said["timeline"]] == [10 * (i + 1) for i in range(30)]
    assert 1 <= len(said["changes"]) <= 3


def test_a_run_without_signals_is_judged_by_its_records(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "runs/tiny/signals.jsonl").unlink(missing_ok=True)
    assert main(["diagnose", "tiny"]) == 0
    said = capsys.readouterr().out
    assert "metrics.jsonl" in said and "allows: diverged" in said and "too early" in said


def test_the_timeline_says_each_verdict_once(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logged(runs / "runs/tiny", distance_ratio=lambda t: 0.8 if t < 0.6 else 0.01)
    main(["diagnose", "tiny", "--timeline"])
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  round")]
    assert "too early" in said[0] and any("healthy" in line for line in said) and "collapse" in said[-1]
    assert said[-1].strip().split()[3].rstrip(":") == "300"


@pytest.mark.parametrize("question", ["collapse", "loss", "stop", "data", "nan", "critic"])
def test_questions(runs: Path, capsys: pytest.CaptureFixture[str], question: str) -> None:
    logged(runs / "runs/tiny")
    assert main(["diagnose", "tiny", "--ask", question]) == 0
    assert len(capsys.readouterr().out.strip()) > 20


def test_another_tools_log(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{i},{0.7 * 0.97**i:.8f},{1 + i / 5}\n" for i in range(400))
    (place / "log.csv").write_text(f"it,a,b\n{rows}")
    assert main(["diagnose", "log.csv"]) == 2
    assert main(["diagnose", "--columns", "critic_loss=a", "generator-loss=b", "log.csv"]) == 3
    said = capsys.readouterr().out
    assert "critic is too strong" in said and "allows: diverged, critic too strong" in said
    assert not list(place.glob("*.json"))
    diagnosis = sg.diagnose("log.csv", columns={"critic_loss": "a", "generator_loss": "b"})
    assert diagnosis.main.verdict == "critic_too_strong"
    (place / "gone.csv").write_text("step,d_loss,g_loss\n1,0.5,1\n2,0.5,1\n3,nan,nan\n")
    assert main(["diagnose", "gone.csv", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "diverged"
    (place / "short.csv").write_text("step,d_loss,g_loss\n1,0.5,1\n2,0.5,1\n")
    assert main(["diagnose", "short.csv", "--rounds", "1000"]) == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nothing"], "no run"),
        (["nothing.csv"], "no file"),
        (["log.csv", "--columns", "critic_loss"], "FIELD=COLUMN"),
        (["log.csv", "--columns", "critic_loss=d_loss", "critic_loss=x"], "twice"),
        (["log.csv", "--columns", "loss=d_loss"], "unknown field"),
        (["log.csv", "--ask", "why"], "invalid choice"),
        (["log.csv", "--rounds", "0"], "1 or more"),
        (["tiny", "--columns", "critic_loss=d_loss"], "other tools"),
        (["folder"], "no run"),
    ],
)
def test_wrong_usage_is_one_line(
    runs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    (runs / "folder").mkdir()
    (runs / "log.csv").write_text("step,d_loss\n1,2\n2,3\n")
    assert main(["diagnose", *arguments]) == 2
    said = capsys.readouterr()
    assert word in said.err and said.err.count("\n") == 1 and not said.out


def test_a_damaged_log_is_one_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "runs/tiny/signals.jsonl").write_text("no\n{}\n")
    assert main(["diagnose", "tiny"]) in (1, 2)
    assert "damaged" in capsys.readouterr().err

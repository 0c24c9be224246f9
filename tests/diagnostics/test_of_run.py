"""A run without a log of signals: its records as fields."""

from __future__ import annotations

import json
from pathlib import Path

from steadygan.diagnostics.of_run import MOST, from_records, run_log

ROW = {
    "round": 10,
    "critic_loss": -1.0,
    "penalty": 0.5,
    "generator_loss": 2.0,
    "wasserstein": 3.0,
    "wasserstein_train": 4.0,
    "wasserstein_held_out": 3.0,
    "held_out_error": 0.125,
    "gradient_norm_mean": 1.25,
    "critic_weight_gradient_norm": 7.0,
    "critic_steps": 50,
}
SETTINGS = {"rounds": 100, "batch": 64, "penalties": [{"kind": "GradientPenalty"}]}


def test_a_records_numbers_as_fields() -> None:
    evaluations = [{"round": 9, "judge": "frechet", "frechet": 5.5}]
    (look,) = from_records([ROW], evaluations, SETTINGS)
    assert look["seen"] == 50 * 64 and look["rounds"] == 100 and look["score"] == 5.5
    assert (look["critic_loss"], look["generator_loss"], look["critic_gradient"]) == (-1.5, 2.0, 7.0)
    assert (look["gap"], look["wasserstein"], look["gap_train"], look["gap_held_out"]) == (4.0, 4.0, 4.0, 3.0)
    assert look["r_v"] == 0.25 and look["gap_error"] == 0.125


def test_a_score_gap_is_no_wasserstein_distance_and_null_is_not_finite() -> None:
    (look,) = from_records([{"round": 1, "score_gap": 0.5, "critic_loss": None}], [], {})
    assert look == {"round": 1, "gap": 0.5, "non_finite": "critic_loss"}


def test_a_long_record_is_thinned_with_its_end(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"round": i, "critic_loss": float(i)}) + "\n" for i in range(1, 5001))
    (tmp_path / "metrics.jsonl").write_text(rows)
    log = run_log(tmp_path)
    assert MOST / 2 <= len(log.rows) <= MOST and log.rows[-1] == {"round": 5000, "critic_loss": 5000.0}
    assert "signals.jsonl" in log.notes[0]


def written(folder: Path, looks: int, rounds: int, last: int, *, diagnose: bool = True, slow: int = 0) -> Path:
    """A run folder with so many looks, the last one at a round, and a record whose last intervals are slow."""
    rows = [{"round": round(last * (i + 1) / looks), "rounds": rounds} for i in range(looks)]
    if rows:
        (folder / "signals.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    seconds, lines = 0.0, []
    for index in range(1, 41):
        seconds += 6.0 if index > 40 - slow else 1.0
        lines.append({"round": index * last // 40, "critic_steps": index, "seconds": seconds, "critic_loss": 1.0})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "recipe.yaml").write_text(f"rounds: {rounds}\nrun: {{diagnose: {str(diagnose).lower()}}}\n")
    return folder


def test_a_run_that_was_too_short_for_a_diagnosis_says_so(tmp_path: Path) -> None:
    assert "time for 2 looks" in run_log(written(tmp_path, 2, 400, 400)).notes[0]
    assert run_log(written(tmp_path, 2, 800, 400)).notes == ()  # it goes on
    assert run_log(written(tmp_path, 5, 400, 400)).notes == ()


def test_a_run_without_looks_says_why(tmp_path: Path) -> None:
    assert "so few rounds are not looked at" in run_log(written(tmp_path, 0, 400, 400)).notes[0]
    assert "diagnose false" in run_log(written(tmp_path, 0, 400, 400, diagnose=False)).notes[0]
    assert "; judged by metrics.jsonl" in run_log(written(tmp_path, 0, 800, 400)).notes[0]


def test_a_run_that_slowed_down_says_so_whatever_its_record_is_worth(tmp_path: Path) -> None:
    assert run_log(written(tmp_path, 5, 4_000, 4_000)).remarks == ()
    log = run_log(written(tmp_path, 5, 4_000, 4_000, slow=6))
    assert "speed:" in log.remarks[0] and len(log.rows) == 5
    (tmp_path / "metrics.jsonl").write_text("no JSON\n")
    log = run_log(tmp_path)
    assert log.remarks == () and len(log.rows) == 5

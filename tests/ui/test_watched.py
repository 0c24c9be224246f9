"""Records that are followed: what was appended is seen, bounded, and shown by some rows while a long one is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from steadygan.run import layout
from steadygan.ui import watched as module
from steadygan.ui.watched import Curves, Watched, Watchers
from tests.ui.folders import run_folder


def test_rows_that_are_appended_are_added_and_rows_that_are_undone_are_gone(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", rows=[{"round": n, "a": n} for n in range(1, 11)])
    watched = Watched(folder)
    assert not watched.poll() and watched.version == 1
    watched.poll()
    assert watched.version == 1
    metrics = folder / layout.METRICS
    with open(metrics, "a") as file:
        file.write('{"round": 11, "a": null, "b": true, "c": "x", "d": 1e999}\n{"round": 12, "a"')
    watched.poll()
    points, last, _, note = watched.points()
    assert list(points["a"].rounds) == list(range(1, 12)) and points["a"].first_lost == 11
    assert set(points) == {"a", "d"} and last["round"] == 11 and note == ""
    metrics.write_text("".join(metrics.read_text().splitlines(keepends=True)[:4]))  # as a resume from round 4
    watched.poll()
    assert list(watched.points()[0]["a"].means) == [1, 2, 3, 4]


def test_evaluations_are_followed_beside_the_metrics(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / layout.EVALUATIONS).write_text('{"round": 5, "judge": "frechet", "frechet": 2.5, "samples": 100}\n')
    watched = Watched(folder)
    watched.poll()
    points, _, judge, _ = watched.points()
    assert judge == "frechet" and set(points) == {"evaluation/frechet"} and points["evaluation/frechet"].last == 2.5


def test_a_long_record_is_shown_by_some_rows_first_and_then_by_all(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "LONG", 10_000)
    count = 3000
    values = np.random.default_rng(0).normal(size=count)
    folder = run_folder(tmp_path / "run", rows=[{"round": n + 1, "a": values[n]} for n in range(count)])
    watched = Watched(folder)
    with watched.lock:
        watched.metrics.poll(most=5_000)
    points, _, _, note = watched.points()
    assert "rows while all are read" in note and points["a"].rounds[-1] > 0.98 * count
    while watched.poll():
        pass
    points, _, _, note = watched.points()
    assert note == "" and points["a"].highs.max() == values.max() and points["a"].lows.min() == values.min()


def test_hostile_rows_are_left_out_and_fields_are_bounded() -> None:
    curves = Curves()
    good = {"round": 3, "a": 1.5, "big": 10**400}
    lines = [b"[" * 100_000, b'{"round": true, "a": 1}', b'{"round": -1, "a": 1}', b"\xff", b"{}", b"1", b"9" * 5000]
    curves.extend([*lines, json.dumps(good).encode()])
    assert curves.rows == 1 and curves.fields["a"].points().last == 1.5 and curves.fields["big"].lost == 1
    curves.extend([json.dumps({"round": 4, **{f"f{n}": n for n in range(1000)}}).encode()])
    assert len(curves.fields) == module.FIELDS


def test_only_the_last_runs_stay_in_memory(tmp_path: Path) -> None:
    watchers = Watchers(most=2)
    first = watchers.of(tmp_path / "a")
    assert watchers.of(tmp_path / "a") is first
    for name in "bc":
        watchers.of(tmp_path / name)
    assert watchers.of(tmp_path / "a") is not first and len(watchers._watched) == 2

"""Trials of time limits: a real run under a load that comes and goes, timed and written down."""

from __future__ import annotations

import json
import multiprocessing
import time

import pytest

from benchmarks import budget


def test_the_load_is_gone_with_its_context(monkeypatch):
    monkeypatch.setattr(budget, "SPELL", (0.05, 0.1))
    with budget.load_that_comes_and_goes(seed=1, processes=1) as spells:
        time.sleep(1.0)
    assert spells and not multiprocessing.active_children()


@pytest.mark.slow
def test_a_trial_is_timed_and_written(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "cores", lambda: 1)  # busy processes at a time
    monkeypatch.setattr(budget, "PATIENCE", 20)
    words = ["dcgan", "digits", "--generator.width", "4", "--critic.width", "4", "--run.evaluate", "none"]
    out = tmp_path / "budget.json"
    budget.main(["--trials", "1", "--minutes", "0.03", "--out", str(out), "--train", *words])
    content = json.loads(out.read_text())
    (made,) = content["trials"]
    assert content["trained"] == words
    assert made["ratio"] == pytest.approx(made["seconds"] / 1.8)
    assert made["seconds"] > 0.9 and made["rounds"] >= 1

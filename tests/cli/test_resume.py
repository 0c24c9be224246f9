"""``steadygan resume``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steadygan import api
from steadygan.cli import main


def test_a_run_can_be_extended(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", "--rounds", "+3", "tiny", "--micro-batch", "2"]) == 0
    assert "run runs/tiny: round 4 of 7".replace("/", os.sep) in capsys.readouterr().out
    run = api.load()
    assert run.rounds_done == run.recipe.rounds == 7
    assert run.recipe.run.micro_batch == 2


def test_resuming_a_finished_run_trains_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (runs / "runs/tiny/metrics.jsonl").read_bytes()
    assert main(["resume"]) == 0
    assert "is finished: 4 rounds" in capsys.readouterr().out
    assert (runs / "runs/tiny/metrics.jsonl").read_bytes() == before

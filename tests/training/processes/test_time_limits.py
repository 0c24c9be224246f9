"""A time limit among several processes: the first one decides, all end at its round, and with the weights of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from steadygan.recipe import load
from steadygan.timeline import Replan
from steadygan.training.checking import check_run
from steadygan.training.session import new_run
from tests.training.games import image_data
from tests.training.planning.limited_together import BY_CLOCK, TOLD
from tests.training.runs import rows, weights
from tests.training.worlds import SAMPLE

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_move_the_end_of_a_run_together(tmp_path):
    line = [sys.executable, "-m", "tests.training.forked", "2", "planning.limited_together", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    for name in (TOLD, BY_CLOCK):
        first, second = (json.loads((tmp_path / f"{name}-{rank}.json").read_text()) for rank in (0, 1))
        assert first == second
        recipe = load(tmp_path / name / "recipe.yaml")
        assert first["round"] == recipe.rounds == recipe.replans[-1].rounds
        assert check_run(tmp_path / name).whole
    assert recipe.rounds < 100_000

    told = load(tmp_path / TOLD / "recipe.yaml")
    assert told.replans == (Replan(4, 12, 8), Replan(6, 8, 11))
    new_run(told, image_data(200, SAMPLE), tmp_path / "alone", device="cpu")
    got, want = weights(tmp_path / TOLD, 11), weights(tmp_path / "alone", 11)
    assert got.keys() == want.keys()
    for key in want:
        torch.testing.assert_close(
            got[key], want[key], rtol=1e-3, atol=1e-4, msg=lambda said, key=key: f"{key}: {said}"
        )
    together, alone = rows(tmp_path / TOLD), rows(tmp_path / "alone")
    assert [(row["round"], row["critic_rate"]) for row in together] == [
        (row["round"], row["critic_rate"]) for row in alone
    ]

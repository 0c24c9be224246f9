"""A run goes on with any number of processes, as if one had trained it from the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from steadygan.training.processes.world import ALONE
from tests.training.handed_on import NAMES, ROUNDS, SIZES, carry_on
from tests.training.runs import rows, weights

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_begin_and_one_and_four_go_on(tmp_path):
    line = [sys.executable, "-m", "tests.training.handed_on", str(tmp_path / "handed on")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        handed, alone = tmp_path / "handed on" / name, tmp_path / "alone" / name
        for part in range(1, 1 + len(SIZES)):  # the same stops: decays follow the rounds that are asked for
            carry_on(name, alone, part * ROUNDS, ALONE)
        last = ROUNDS * len(SIZES)
        got, want = weights(handed, last), weights(alone, last)
        assert got.keys() == want.keys()
        for key in want:
            torch.testing.assert_close(
                got[key], want[key], rtol=1e-3, atol=1e-4, msg=lambda said, key=key: f"{key}: {said}"
            )
        assert [row["round"] for row in rows(handed)] == [row["round"] for row in rows(alone)]

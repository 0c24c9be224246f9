"""A process that dies ends the run on all others soon, with a line; what was saved goes on with any number of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import steadygan as sg
from tests.training.lost_together import ROUNDS, SAVED

ROOT = Path(__file__).parents[2]
WITHIN = 30.0
"""seconds in which the others have to end"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_the_others_end_with_a_line_and_one_process_goes_on(tmp_path):
    line = [sys.executable, "-m", "tests.training.lost_together", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    for lost, ended in enumerate(done.stdout.splitlines()):
        *codes, took = ended.split()
        assert codes == (["-9", "1"] if lost == 0 else ["1", "-9"])
        assert float(took) < WITHIN
        said = (tmp_path / f"{lost}-{1 - lost}.err").read_text()
        (of_loss,) = [line for line in said.splitlines() if "another process of this run is gone" in line]
        assert "steadygan resume" in of_loss
        assert "Traceback" not in said
        assert SAVED <= sg.load(tmp_path / str(lost)).rounds_done < ROUNDS
    assert lost == 1
    assert sg.resume(tmp_path / "0", observers=[]).finished

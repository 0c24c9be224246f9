"""Studies of lessons are listed, and their trials made, without loading torch or matplotlib."""

from __future__ import annotations

import subprocess
import sys

import pytest

NAMES = "ttur spectral-rates loss-and-lipschitz capacity early-stopping update-balance collapse-restart instance-noise"
NAMES += " label-smoothing multi-scale"

CODE = """
import sys
from steadygan.studies import Results, find
for name in sys.argv[1:]:
    study = find(name)
    trials = [study.trials(scale, [0]) for scale in ("smoke", "laptop", "paper")]
    assert all(len({trial.name for trial in some}) == len(some) > 0 for some in trials), name
    assert not study.plots(Results(())) and not study.table(Results(())).rows
loaded = {"torch", "matplotlib", "sklearn"} & set(sys.modules)
assert not loaded, loaded
"""


@pytest.mark.slow
def test_trials_are_made_without_torch():
    subprocess.run([sys.executable, "-c", CODE, *NAMES.split()], check=True)

"""Loading of the experiments: trials of every scale are made fast, without torch and without what draws figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from steadygan.studies import experiment_names, find
for name in experiment_names():
    study = find(name)
    assert study.name == name
    for scale in ("smoke", "laptop", "paper"):
        assert study.trials(scale, [0]), name
assert not {"torch", "matplotlib", "scipy"} & sys.modules.keys()
"""


@pytest.mark.slow
def test_trials_of_every_scale_are_made_without_torch_and_matplotlib():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)

"""The experiments' trials are made without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_trials_of_every_scale_are_made_without_torch():
    code = (
        "import sys; from steadygan.studies import experiment_names, find\n"
        "for name in experiment_names():\n"
        "    for scale in ('smoke', 'laptop', 'paper'):\n"
        "        assert find(name).name == name and find(name).trials(scale, [0]), name\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

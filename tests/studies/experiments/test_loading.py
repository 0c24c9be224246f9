"""Loading of the studies of pictures, text and BEGAN: fast, without torch."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "random-architectures",
    "architectures",
    "curves",
    "scores",
    "text",
    "began-gamma",
    "began-convergence",
    "began-vs-ebgan",
)
SCRIPT = """
import sys
from steadygan.studies import experiment_names, find
for name in sys.argv[1:]:
    study = find(name)
    assert study.name == name in experiment_names()
    for scale in ("smoke", "laptop", "paper"):
        assert study.trials(scale, [0])
assert not {"torch", "matplotlib", "scipy"} & sys.modules.keys()
"""


def test_studies_and_their_trials_load_without_torch_and_matplotlib():
    subprocess.run([sys.executable, "-c", SCRIPT, *NAMES], check=True)

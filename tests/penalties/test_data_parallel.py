"""Penalties with a backward of their own under DistributedDataParallel: two processes have the gradients of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.penalised_together import STEPS, batches, gradients, make_critic

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.training.forked", "2", "penalised_together", str(tmp_path / "found")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for rank in range(2):
        found = torch.load(tmp_path / f"found.{rank}")
        for name, step in STEPS.items():
            critic = make_critic()
            step(critic, *batches()).backward()
            for one, other in zip(found[name], gradients(critic), strict=True):
                assert one is not None and other is not None, name
                torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)

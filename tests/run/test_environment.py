"""The environment of a run: to its file and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steadygan.run.environment import Environment
from tests.run.written import written


@pytest.mark.parametrize("weights_from", [None, Path("runs/one/checkpoints/000500")])
def test_an_environment_comes_back_from_its_file(tmp_path: Path, weights_from: Path | None) -> None:
    environment = Environment.current(torch.device("cpu"), "fp32", weights_from)
    assert Environment.read(written(tmp_path / "environment.json", environment)) == environment
    assert environment.versions["torch"]
    assert ("weights_from" in environment.to_json()) == (weights_from is not None)

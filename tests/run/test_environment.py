"""The environment of a run: to its file and back."""

from __future__ import annotations

import dataclasses
import json
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


def test_the_processor_is_named_with_its_instructions() -> None:
    named = Environment.current(torch.device("cpu"), "fp32").processor
    assert named is not None and named.partition(", ")[2].startswith(torch.backends.cpu.get_cpu_capability())


def test_environments_of_earlier_versions_name_no_processor(tmp_path: Path) -> None:
    environment = Environment.current(torch.device("cpu"), "fp32")
    path = tmp_path / "environment.json"
    written(path, environment)
    path.write_text(json.dumps({name: value for name, value in environment.to_json().items() if name != "processor"}))
    assert Environment.read(tmp_path) == dataclasses.replace(environment, processor=None)

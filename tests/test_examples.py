"""Every example runs as it stands, in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path, tmp_path):
    answer = subprocess.run(
        [sys.executable, path, "--rounds", "3"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip()


def imported_names(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.startswith("steadygan")}


def test_the_single_file_example_uses_nothing_of_the_library_and_is_short():
    path = next(path for path in EXAMPLES if path.stem == "wgan_gp_single_file")
    assert imported_names(path) == set()
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_example_of_an_own_loop_uses_losses_and_penalties_only():
    path = next(path for path in EXAMPLES if path.stem == "own_training_loop")
    assert imported_names(path) == {"steadygan.losses", "steadygan.penalties"}

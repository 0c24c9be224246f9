"""Every example runs as it stands."""

from __future__ import annotations

import ast
import runpy
import sys
import tempfile
from pathlib import Path

import pytest

from steadygan.evaluation import during_training

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(sys, "argv", [str(path), "--rounds", "3"])
    monkeypatch.setattr(during_training, "COUNT", 100)  # exact distances of 2,000 points take seconds
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()


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


def test_the_example_of_an_own_loop_uses_losses_penalties_and_the_monitor_only():
    path = next(path for path in EXAMPLES if path.stem == "own_training_loop")
    assert imported_names(path) == {"steadygan.losses", "steadygan.penalties", "steadygan.diagnostics.Monitor"}

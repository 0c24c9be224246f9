"""Help of the command: complete, and without loading torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from steadygan import cli
from steadygan.cli import main
from tests.cli.lines import shell

HEAVY = ("torch", "sklearn", "scipy", "matplotlib", "PIL", "pyarrow", "tensorboard")


LIGHT = (
    "", "--help", "--version", "train --help", "train wgan-gp-cifar10 --help", "sample --help", "resume --help",
    "data --help", "runs", "report --help", "evaluate --help", "compare --help", "bench --help", "recipes",
    "recipes wgan-gp",
)  # fmt: skip


def test_help_and_lists_load_nothing_heavy(place: Path) -> None:
    code = f"""
import sys
from steadygan.cli import main
for line in {LIGHT}:
    assert main(line.split()) == 0, line
    assert not [name for name in {HEAVY} if name in sys.modules], line
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_help_names_every_command_and_each_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    overview = capsys.readouterr().out
    for command in cli.COMMANDS:
        assert f"  {command} " in overview
        assert main([command, "--help"]) == 0
        assert f"usage: steadygan {command}" in capsys.readouterr().out


def test_help_of_a_recipe_shows_its_own_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "wgan", "critic:mlp-critic", "--help", "all"]) == 0
    said = capsys.readouterr().out
    assert "--constraint.limit X" in said
    assert "--critic-steps.warm-steps N" in said
    assert "critic: MLPCritic" in said
    assert re.search(r"--critic-optimizer.lr X\s+learning rate \(default: 5e-05\)", said)


def test_the_module_is_the_command() -> None:
    done = shell("--version")
    assert re.fullmatch(r"steadygan \d+\.\d+\.\d+\S*\n", done.stdout)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("train --minutes 1 --minutes=2", "--minutes is given twice, '1' and '2'; once is allowed"),
        ("train --batch 16 --batch 32", "--batch: 'batch' is given twice, '16' and '32'; once is allowed"),
        ("train --set batch=16 --batch 32", "'batch' is given twice, '32' and '16'; once is allowed"),
        ("train critic:mlp-critic critic:dcgan-critic", "'critic' is given twice, 'mlp-critic' and 'dcgan-critic'"),
        ("sample --count 4 --count 5", "--count is given twice, '4' and '5'; once is allowed"),
    ],
)
def test_no_value_is_dropped_for_a_later_one(
    line: str, answer: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    assert answer in capsys.readouterr().err

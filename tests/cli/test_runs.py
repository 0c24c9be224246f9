"""``steadygan runs``: the list of runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.cli.runs import age


def test_runs_are_listed_even_beside_a_damaged_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/tiny", "runs/cut")
    shutil.rmtree("runs/cut/checkpoints/000004")
    (runs / "runs/odd").mkdir()
    (runs / "runs/odd/recipe.yaml").write_text("{{{")
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "recipe", "data", "rounds", "state", "size", "age"]
    assert sorted(re.split(r"\s{2,}", line)[:5] for line in lines[1:] if "odd" not in line) == [
        ["cut", "wgan-gp", "digits", "2/4", "interrupted"],
        ["tiny", "wgan-gp", "digits", "4/4", "finished"],
    ]
    assert any(line.startswith("odd") and "damaged" in line for line in lines)


def test_no_runs_are_no_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "'steadygan train' makes one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_ages_are_one_number(seconds: float, said: str) -> None:
    assert age(seconds) == said

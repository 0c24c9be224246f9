"""``steadygan runs``: the list of runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.cli.runs import age, table
from steadygan.run.owner import owned
from steadygan.system.words import cells


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
    ("words", "said"), [(["runs/tiny"], "'runs/tiny' is a run"), (["tiny"], "the run of this name is in runs/")]
)
def test_a_run_in_place_of_a_folder_of_runs_is_not_an_empty_folder(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["runs", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_ages_are_one_number(seconds: float, said: str) -> None:
    assert age(seconds) == said


ROWS = [
    ["name", "recipe", "data", "rounds", "state", "size", "age"],
    [
        "wgan-gp-celebrities-of-many-years",
        "wgan-gp-cifar10",
        "celebrities",
        "9,000/200,000",
        "running",
        "246 MB",
        "5 h",
    ],
    ["größer-中文", "own\x1b[2J", "d", "1/2", "interrupted", "1.6 GB", "119 s"],
]


@pytest.mark.parametrize("width", [20, 40, 50, 60, 80, 100, 120])
def test_the_table_fits_the_window_by_shortening_and_then_by_leaving_columns_out(width: int) -> None:
    lines = table(ROWS, width)
    assert all("\x1b" not in line for line in lines)
    assert width < 40 or all(cells(line) <= width for line in lines)
    kept = lines[0].split()
    assert kept == [name for name in ROWS[0] if name in kept] and {"name", "rounds", "state"} <= set(kept)
    assert lines[1].startswith("wgan-gp") and "running" in lines[1]
    assert width < 120 or lines == table(ROWS)


def test_a_run_that_a_process_trains_is_running(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with owned(Path("runs/tiny")):
        assert main(["runs"]) == 0
    assert " running " in capsys.readouterr().out.splitlines()[1]

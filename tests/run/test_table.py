"""The records of a run as one table: a row a round, which a CSV file has with all digits."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.errors import UsageError
from steadygan.run.table import history, write_csv


def record(folder: Path, name: str, *rows: dict[str, object]) -> None:
    """Writes a record."""
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with three records."""
    record(tmp_path, "metrics.jsonl", {"round": 2, "loss": 0.1, "x": None}, {"round": 4, "loss": 1 / 3, "odd": "text"})
    record(
        tmp_path,
        "evaluations.jsonl",
        {"round": 4, "kernel": 2.5, "judge": "kernel"},
        {"round": 5, "kernel": 1, "judge": "kernel"},
    )
    record(tmp_path, "signals.jsonl", {"round": 3, "rank": 7, "nested": [1]})
    (tmp_path / "recipe.yaml").write_text("x")
    return tmp_path


def test_rows_of_one_round_are_one(folder: Path) -> None:
    assert history(folder) == [
        {"round": 2, "loss": 0.1, "x": None},
        {"round": 3, "signals/rank": 7},
        {"round": 4, "loss": 1 / 3, "evaluation/kernel": 2.5, "evaluation/judge": "kernel"},
        {"round": 5, "evaluation/kernel": 1, "evaluation/judge": "kernel"},
    ]
    assert history(folder / "empty") == []


def test_a_csv_file_has_every_row_column_and_digit(folder: Path) -> None:
    rows = history(folder)
    path = write_csv(rows, folder / "table.csv")
    with open(path, newline="") as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == ["round", "loss", "x", "signals/rank", "evaluation/kernel", "evaluation/judge"]
    assert [float(row["round"]) for row in read] == [2, 3, 4, 5]
    assert float(read[2]["loss"]) == 1 / 3 and read[1]["loss"] == "" and read[0]["x"] == ""
    assert write_csv([], folder / "empty.csv").read_text() == "round\n"
    with pytest.raises(UsageError):
        write_csv(rows, folder)


def test_pandas_takes_it(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(history(folder))
    assert frame["loss"].sum() == 0.1 + 1 / 3 and frame["evaluation/kernel"].isna().sum() == 2


def test_the_command_writes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out.csv"
    assert main(["report", str(folder), "--csv", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out) and len(out.read_text().splitlines()) == 5
    assert main(["report", str(folder), "--csv", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err

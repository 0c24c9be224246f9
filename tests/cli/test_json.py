"""``--json``: one shape for every listing, which a parser reads, with the numbers that the tables show."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from steadygan import __version__, codec
from steadygan.cli import main
from steadygan.cli.as_json import KEYS, plain
from steadygan.evaluation.record import Evaluation, Number, Provenance, add
from steadygan.recipes import find, listed
from steadygan.run import Run
from steadygan.studies.study import Table
from steadygan.types import SampleSpec
from tests.cli.lines import SMALL
from tests.studies.folders import CALCULATED


class Said:
    """What a command printed, as the answer that it is."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        assert main([*words, "--json"]) == code
        answer = json.loads(self.capsys.readouterr().out)
        assert tuple(answer)[: len(KEYS)] == KEYS
        assert (answer["command"], answer["version"]) == (words[0], __version__)
        assert all(isinstance(row, dict) for row in answer["rows"])
        return dict(answer)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Carries out a command with --json."""
    return Said(capsys)


def test_runs_have_their_numbers_and_a_damaged_one_has_nulls(runs: Path, said: Said) -> None:
    odd = runs / "runs/odd"
    odd.mkdir()
    (odd / "recipe.yaml").write_text("{{{")
    rows = {row["name"]: row for row in said("runs")["rows"]}
    size = sum(path.lstat().st_size for path in Path("runs/tiny").rglob("*") if path.is_file())
    tiny = rows["tiny"]
    assert (tiny["rounds_done"], tiny["rounds"], tiny["state"], tiny["bytes"]) == (4, 4, "finished", size)
    assert tiny["modified"] == Run("tiny").modified
    assert (rows["odd"]["state"], rows["odd"]["recipe"], rows["odd"]["bytes"]) == ("damaged", None, 3)


def test_no_runs_are_no_rows(place: Path, said: Said) -> None:
    assert said("runs")["rows"] == []


def test_recipes_are_listed_and_one_is_its_plain_data(place: Path, said: Said) -> None:
    assert [row["name"] for row in said("recipes")["rows"]] == listed()
    (row,) = said("recipes", "sngan", "--size", "64")["rows"]
    assert row["recipe"] == json.loads(json.dumps(codec.to_plain(find("sngan")(SampleSpec((3, 64, 64), classes=10)))))


def test_data_is_its_audit_and_writes_no_sheet(place: Path, said: Said) -> None:
    answer = said("data", "digits")
    assert answer["sample"] == {"shape": [1, 8, 8], "classes": 10}
    (row,) = answer["rows"]
    assert row["train"] + row["held_out"] == row["found"] == 1797
    assert not list(place.glob("*.png"))


def test_studies_are_listed_and_one_is_its_table(place: Path, said: Said) -> None:
    line = next(row for row in said("study")["rows"] if row["name"] == "modes")
    assert line["state"] == "not begun" and line["done"] == 0 and line["total"] > 0
    answer = said("study", CALCULATED, "--scale", "smoke", "--out", "s")
    assert answer["complete"] is True and answer["rows"]
    assert answer["claims"][0]["answer"] == "holds" and answer["claims"][0]["interval"]["low"] == 2.0


def test_a_sweep_says_that_it_is_one(place: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    table, study = Table(("critic-steps",), [[1], [2]], ""), SimpleNamespace(claims=())
    paths = {"folder": Path("s"), "page": Path("s/study.html")}
    found = SimpleNamespace(table=table, study=study, complete=True, failures={}, **paths)
    monkeypatch.setattr("steadygan.studies.session.carry_out", lambda folder, **others: found)  # trains nothing
    grid = ["critic-steps=1,2", "--data", "8gaussians", "--rounds", "2", "--out", "s"]
    assert said("sweep", "wgan-gp", *grid)["rows"] == [{"critic-steps": 1}, {"critic-steps": 2}]
    monkeypatch.setattr("steadygan.studies.plan.measured", lambda definition, study: [])
    monkeypatch.setattr("steadygan.studies.session.fitted", lambda definition, *others, **named: definition)
    assert said("sweep", "wgan-gp", *grid, "--plan")["rows"] == []


def _evaluated(folder: str, seed: int, value: float) -> None:
    names = ("data", "data_hash", "split", "features", "features_hash", "resize", "weights", "samples", "precision")
    facts = {**dict.fromkeys(names, "x"), "recipe": "wgan-gp", "recipe_hash": folder, "training_seed": seed}
    made = Provenance(**facts, real=9, count=9, round=4, sampling_seed=0)  # type: ignore[arg-type]
    add(Path(folder), [Evaluation(made, (Number("kernel", value, error=math.inf),))])


def test_comparisons_have_intervals_and_what_is_not_finite_is_null(runs: Path, said: Said) -> None:
    shutil.copytree("runs/tiny", "runs/other")
    for name, value in (("tiny", 1.0), ("other", 2.0)):
        _evaluated(f"runs/{name}", 0, value)
    answer = said("compare", "tiny", "other")
    (row,) = answer["rows"]
    assert row["metric"] == "kernel" and [cell["values"] for cell in row["cells"]] == [[1.0], [2.0]]
    assert [group["runs"] for group in answer["groups"]] == [["runs/tiny"], ["runs/other"]]
    assert row["cells"][0]["interval"]["high"] is None


def test_evaluations_are_one_row_a_number(runs: Path, said: Said) -> None:
    answer = said("evaluate", "tiny", "--count", "50", "--features", "pixels", "--metrics", "frechet,kernel")
    assert {row["metric"] for row in answer["rows"]} == {"frechet", "frechet_infinite", "kernel"}
    assert {row["of"] for row in answer["rows"]} == {"runs/tiny"}
    kept = json.loads(Path("runs/tiny/evaluation.json").read_text())["evaluations"][0]
    assert [row["value"] for row in answer["rows"]] == [number["value"] for number in kept["numbers"]]
    assert answer["rows"][0]["provenance"]["count"] == 50


def test_files_of_a_check_and_findings_of_a_diagnosis_are_rows(runs: Path, said: Said) -> None:
    answer = said("check", "tiny")
    assert answer["whole"] is True and {row["state"] for row in answer["rows"]} == {"whole"}
    answer = said("diagnose", "tiny")
    assert answer["rows"][0]["verdict"] == answer["verdict"]


def test_benchmarks_are_rows(place: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {"recipe": "wgan-gp", "entries": [{"engine": "eager", "ms": (1.0, 0.9, math.nan)}]}
    monkeypatch.setattr("steadygan.training.benchmark.benchmark", lambda *_, **__: figures)
    answer = said("bench", "wgan-gp", *SMALL, "--engines", "eager", "--precisions", "fp32", "--repeats", "2")
    assert answer["rows"] == [{"engine": "eager", "ms": [1.0, 0.9, None]}] and answer["recipe"] == "wgan-gp"


def test_values_of_all_kinds_are_plain() -> None:
    made = {"a": (np.float32(0.5), np.int64(3)), 1: {"x"}, "n": math.nan, "p": Path("a/b"), "t": True, "l": [None]}
    assert plain(made) == {"a": [0.5, 3], "1": ["x"], "n": None, "p": "a/b", "t": True, "l": [None]}


@pytest.mark.parametrize("line", ["recipes sngan --yaml --json", "data --clear-cache digits --json"])
def test_json_and_another_form_are_refused(line: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    answer = capsys.readouterr()
    assert "--json" in answer.err and not answer.out

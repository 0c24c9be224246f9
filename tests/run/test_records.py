"""Records of a run: written line by line, read back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from steadygan.errors import RunError
from steadygan.run.records import Curve, Record, curves, json_lines, read_rows


def read(path: Path) -> tuple[dict[str, Curve], int]:
    """The curves of a record, and its last round."""
    rows = read_rows(path)
    return curves(rows), rows[-1]["round"] if rows else 0


def test_every_field_has_its_own_rounds(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1}\n{"round": 2, "a": 2.5, "b": 7}\n{"round": 3, "a": 3}\n')
    found, last = read(path)
    assert last == 3
    assert found["a"].rounds.tolist() == [1, 2, 3]
    assert found["a"].values.tolist() == [1, 2.5, 3]
    assert found["b"].rounds.tolist() == [2]


@pytest.mark.parametrize("value", ["NaN", "null", '"nan"', "Infinity", '"-inf"'])
def test_what_is_not_finite_is_a_point_without_a_height(tmp_path: Path, value: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"round": 1, "a": {value}}}\n')
    found, _ = read(path)
    assert found["a"].rounds.tolist() == [1]
    assert not math.isfinite(found["a"].values[0])


def test_texts_flags_and_torn_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1, "note": "x", "flag": true, "list": [1]}\n[1]\n\n{"a": 5}\n{"round": 2, "a"')
    found, last = read(path)
    assert list(found) == ["a"]
    assert last == 1


def test_of_two_rows_for_a_round_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1}\n{"round": 2, "a": 2}\n{"round": 1, "a": 9}\n')
    found, last = read(path)
    assert last == 2
    assert found["a"].rounds.tolist() == [1, 2]
    assert found["a"].values.tolist() == [9, 2]


def test_all_of_twenty_thousand_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    values = np.random.default_rng(0).normal(size=20_000)
    path.write_text("".join(json.dumps({"round": i, "a": v}) + "\n" for i, v in enumerate(values.tolist())))
    found, last = read(path)
    assert last == 19_999
    assert np.array_equal(found["a"].values, values)


def test_a_resume_drops_the_rows_after_its_checkpoint_and_the_torn_line(tmp_path: Path) -> None:
    record = Record(tmp_path / "metrics.jsonl")
    for round_ in (1, 2, 3):
        record.append({"round": round_, "a": math.nan})
    with record.path.open("a") as file:
        file.write('{"round": 4')
    record.cut_back(2)
    assert record.path.read_text() == '{"round": 1, "a": null}\n{"round": 2, "a": null}\n'


def test_a_record_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(RunError, match=r"cannot read '.*metrics\.jsonl': is a folder"):
        read_rows(tmp_path / "metrics.jsonl")
    assert read_rows(tmp_path / "none.jsonl") == []


def test_lines_of_other_files_need_no_round_and_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"b": 1}\n{"a": 2}\n[3]\n{"c"')
    assert json_lines(path) == [{"b": 1}, {"a": 2}]

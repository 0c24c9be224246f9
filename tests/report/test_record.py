from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from steadygan.errors import RunError
from steadygan.report.record import read_metrics, read_record


def test_every_field_has_its_own_rounds(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1}\n{"round": 2, "a": 2.5, "b": 7}\n{"round": 3, "a": 3}\n')
    curves, last = read_metrics(path)
    assert last == 3
    assert curves["a"].rounds.tolist() == [1, 2, 3]
    assert curves["a"].values.tolist() == [1, 2.5, 3]
    assert curves["b"].rounds.tolist() == [2]


@pytest.mark.parametrize("value", ["NaN", "null", '"nan"', "Infinity", '"-inf"'])
def test_what_is_not_finite_is_a_point_without_a_height(tmp_path: Path, value: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"round": 1, "a": {value}}}\n')
    curves, _ = read_metrics(path)
    assert curves["a"].rounds.tolist() == [1]
    assert not math.isfinite(curves["a"].values[0])


def test_texts_flags_and_torn_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1, "note": "x", "flag": true, "list": [1]}\n[1]\n\n{"a": 5}\n{"round": 2, "a"')
    curves, last = read_metrics(path)
    assert list(curves) == ["a"]
    assert last == 1


def test_of_two_rows_for_a_round_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"round": 1, "a": 1}\n{"round": 2, "a": 2}\n{"round": 1, "a": 9}\n')
    curves, last = read_metrics(path)
    assert last == 2
    assert curves["a"].rounds.tolist() == [1, 2]
    assert curves["a"].values.tolist() == [9, 2]


def test_a_run_that_has_only_begun_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: wgan-gp\nrounds: 100\n")
    record = read_record(tmp_path)
    assert (record.round, record.rounds, dict(record.curves), record.pictures) == (0, 100, {}, ())


def test_pictures_and_checkpoints_are_in_the_order_of_rounds(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").touch()
    (tmp_path / "samples").mkdir()
    for name in ("1000000.png", "000500.png", "999999.png", ".part-1-000700.png", "notes.txt"):
        (tmp_path / "samples" / name).touch()
    for name in ("000500", "001000", ".001500.tmp"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    record = read_record(tmp_path)
    assert [path.stem for path in record.pictures] == ["000500", "999999", "1000000"]
    assert record.checkpoints == (500, 1000)
    assert record.round == 1_000_000


def test_broken_documents_do_not_hide_the_rest(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: [unclosed")
    (tmp_path / "environment.json").write_text("{torn")
    (tmp_path / "data.json").write_text(json.dumps({"count": 3}))
    record = read_record(tmp_path)
    assert record.recipe == "name: [unclosed"
    assert record.settings == {}
    assert record.documents == {"data": {"count": 3}}


def test_another_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run folder: it has neither recipe\.yaml nor metrics\.jsonl"):
        read_record(tmp_path)


def test_twenty_thousand_rows_are_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    values = np.random.default_rng(0).normal(size=20_000)
    path.write_text("".join(json.dumps({"round": i, "a": v}) + "\n" for i, v in enumerate(values.tolist())))
    curves, last = read_metrics(path)
    assert last == 19_999
    assert np.array_equal(curves["a"].values, values)

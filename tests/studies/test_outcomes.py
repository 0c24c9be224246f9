"""The outcome of a trial as files: nothing is lost, and damage is found."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from steadygan.errors import RunError
from steadygan.studies import outcomes
from steadygan.studies.outcomes import Record

VALUES = {
    "number": 0.1 + 0.2,
    "whole": 7,
    "word": "naïve",
    "nothing": None,
    "yes": True,
    "not a number": math.nan,
    "without bound": [-math.inf, math.inf, 1.5],
    "pairs": [[1, 2.5], [3, math.nan]],
    "named": {"a": 1, "b": [math.inf]},
}


def written(folder: Path, **changes: object) -> Record:
    arrays = {"surface": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), "counts": np.arange(5)}
    record = Record(
        {"method": "clip", "c": 0.01, "deep": True}, 3, 100, {**VALUES, **arrays}, None, 1.25, True, {"a": 1}
    )
    record = Record(**{**vars(record), **changes})
    outcomes.write(folder, record)
    return record


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return repr(a) == repr(b)


def test_an_outcome_comes_back_as_it_was(tmp_path: Path) -> None:
    assert not outcomes.is_finished(tmp_path)
    record = written(tmp_path)
    assert outcomes.is_finished(tmp_path)
    read = outcomes.read(tmp_path)
    assert read.values.keys() == record.values.keys()
    assert all(same(record.values[name], read.values[name]) for name in record.values)
    assert (read.settings, read.seed, read.rounds, read.run) == (record.settings, 3, 100, True)
    assert [type(value) for value in read.settings.values()] == [str, float, bool]


def test_numbers_of_numpy_come_back_as_plain_ones(tmp_path: Path) -> None:
    written(tmp_path, values={"a": np.float32(0.5), "b": np.int64(3), "c": [np.float64("nan")], "d": np.bool_(True)})
    assert repr(outcomes.read(tmp_path).values) == repr({"a": 0.5, "b": 3, "c": [math.nan], "d": True})


def test_the_same_outcome_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)
    for name in ("result.json", "arrays.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, np.array([object()]), b"bytes", 1j])
def test_what_no_file_holds_is_refused_and_leaves_none(tmp_path: Path, value: object) -> None:
    with pytest.raises(TypeError):
        written(tmp_path, values={"it": value})
    assert not outcomes.is_finished(tmp_path)


DAMAGES = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda text: b"",
    "a changed number": lambda text: text.replace(b"0.30000000000000004", b"0.30000000000000014"),
    "another format": lambda text: text.replace(b'"format": 1', b'"format": 2'),
    "no object": lambda text: b"[1, 2]",
    "no UTF-8": lambda text: b"\xff\xfe" + text,
    "deep": lambda text: b"[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_result_is_one_line(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    path = tmp_path / "result.json"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(RunError, match="damaged") as caught:
        outcomes.read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["gone", "cut", "a flipped bit", "of another trial"])
def test_damaged_arrays_are_one_line(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    path = tmp_path / "arrays.npz"
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "of another trial":
        (tmp_path / "other").mkdir()
        written(tmp_path / "other", values={"surface": np.zeros(3)})
        path.write_bytes((tmp_path / "other" / "arrays.npz").read_bytes())
    else:
        path.write_bytes(content[:-9] if damage == "cut" else content[:50] + bytes([content[50] ^ 1]) + content[51:])
    with pytest.raises(RunError, match=r"arrays\.npz"):
        outcomes.read(tmp_path)


def test_a_result_with_fields_of_wrong_types_and_a_fitting_hash_is_one_line(tmp_path: Path) -> None:
    from steadygan.run.hashes import sealed

    written(tmp_path)
    path = tmp_path / "result.json"
    content = json.loads(path.read_bytes())
    del content["hash"]
    for name, value in (
        ("seed", "x"),
        ("values", []),
        ("settings", 3),
        ("arrays", "x"),
        ("made", None),
        ("rounds", -1),
    ):
        path.write_text(json.dumps(sealed({**content, name: value})))
        with pytest.raises(RunError, match="damaged"):
            outcomes.read(tmp_path)

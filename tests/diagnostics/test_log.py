"""Signal logs: rows that come back as they were, and lines that are refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from steadygan.diagnostics import read_log
from steadygan.diagnostics.log import from_json, to_json
from steadygan.errors import RunError, UsageError

ROWS = (
    {"round": 1, "gap": 0.5, "lipschitz": math.inf},
    {"round": 7, "gap": -math.inf, "non_finite": "output of critic"},
)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "signals.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_rows_come_back_as_they_were_and_every_reader_of_json_takes_them(tmp_path: Path) -> None:
    lines = [json.dumps(to_json(row), allow_nan=False) for row in ROWS]
    assert read_log(written(tmp_path, *lines)) == ROWS
    assert to_json({"round": 3, "r_v": math.nan}) == {"round": 3}


def test_null_is_unknown_and_fields_of_a_later_version_are_kept() -> None:
    assert from_json({"round": 2.0, "gap": None, "new_signal": 3}) == {"round": 2, "new_signal": 3}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2 is no JSON object"),
        ("[1]", "line 2 is no JSON object"),
        ('{"gap": 1}', "line 2: it has no 'round'"),
        ('{"round": 2, "gap": "high"}', "line 2: gap is 'high'"),
        ('{"round": 2, "gap": true}', "line 2: gap is True"),
        ('{"round": 2, "gap": [1]}', "line 2: gap is"),
        ('{"round": 2.5}', "line 2: round is 2.5"),
        ('{"round": "inf"}', "line 2: round is inf"),
        ('{"round": 2, "non_finite": 3}', "line 2: non_finite is 3"),
        ('{"round": 1}', "line 2 is of round 1, after 1"),
    ],
)
def test_a_line_that_is_no_row_is_refused_in_one_line(tmp_path: Path, line: str, words: str) -> None:
    path = written(tmp_path, '{"round": 1}', line, '{"round": 9}')
    with pytest.raises(RunError) as error:
        read_log(path)
    assert words in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_torn_end_of_a_killed_process_is_left_out_and_a_whole_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text('{"round": 1}\n{"round": 2, "ga')
    assert read_log(path) == ({"round": 1},)
    path.write_text('{"round": 1}\n{"round": 2}')
    assert read_log(path) == ({"round": 1}, {"round": 2})


def test_a_log_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        read_log(tmp_path / "none.jsonl")


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="allowed: numbers"):
        from_json({"round": 1, "gap": "nan"})

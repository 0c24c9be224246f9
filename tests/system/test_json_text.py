"""Bounds of JSON that is read from files."""

from __future__ import annotations

import pytest

from steadygan.errors import RunError
from steadygan.system.files import read_json
from steadygan.system.json_text import DEPTH, parse_json


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
        b'{"a": ' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1),
        b'{"a": ' + b"9" * 400 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"",
        b"{",
        b"\0" * 8,
    ],
)
def test_what_is_out_of_bounds_is_a_value_error_and_one_line_of_a_file(content, tmp_path):
    with pytest.raises(ValueError):
        parse_json(content)
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"x\.json is damaged") as caught:
        read_json(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_is_in_bounds_is_read():
    assert parse_json(b'{"a": [1, 2.5, null, "\\u00e4"], "b": 1e999}') == {"a": [1, 2.5, None, "ä"], "b": float("inf")}
    deep = parse_json(b"[" * DEPTH + b"]" * DEPTH)
    for _ in range(DEPTH - 1):
        (deep,) = deep
    assert deep == []
    assert parse_json(b"9" * 40) == 10**40 - 1


def test_the_size_of_a_file_is_bounded(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("[1, 2]")
    assert read_json(path, limit=6) == [1, 2]
    with pytest.raises(RunError, match="6 bytes"):
        read_json(path, limit=5)

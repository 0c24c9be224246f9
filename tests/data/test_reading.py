"""The net around parsers: whatever they raise is one line."""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import pytest

from steadygan.data.reading import check_announced, need_memory, reading
from steadygan.errors import DataError, RunError


@pytest.mark.parametrize(
    "error",
    [
        struct.error("unpack requires 4 bytes"),
        zlib.error("Error -3"),
        tokenize.TokenError("EOF", (2, 0)),
        zipfile.BadZipFile("File is not a zip file"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        NotImplementedError("compression type 99"),
        RecursionError(),
        MemoryError(),
        OverflowError("too large"),
        io.UnsupportedOperation("seek"),
        PermissionError(13, "Permission denied"),
        KeyError("images"),
        ValueError("two\nlines \x1b[31m" + "x" * 5_000),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_of_a_parser_is_one_line_that_names_the_file_and_its_format(error: Exception) -> None:
    with pytest.raises(DataError) as said, reading(Path("a\x1bb.npz"), "numpy's .npz"):
        raise error
    line = str(said.value)
    assert line.startswith(r"cannot read 'a\x1bb.npz' as numpy's .npz: ")
    assert line.isprintable() and 40 < len(line) < 300
    assert said.value.__cause__ is error


def test_errors_that_are_lines_already_and_interrupts_pass() -> None:
    for error in (RunError("a line"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as said, reading("a", "text"):
            raise error
        assert said.value is error


def test_what_is_larger_than_the_bound_of_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_MEMORY", "1000")
    need_memory("'a'", 1000)
    with pytest.raises(DataError, match=r"'a' is too large: it needs 1 kB.*STEADYGAN_MEMORY"):
        need_memory("'a'", 1001)


def test_deflate_cannot_unpack_to_more_than_1032_times_its_size() -> None:
    packed = zlib.compress(bytes(10**7), 9)
    check_announced("a", 10**7, len(packed))
    with pytest.raises(DataError, match="is damaged"):
        check_announced("a", 10**9, len(packed))

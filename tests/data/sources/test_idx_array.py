"""idx files that are damaged or hostile."""

from __future__ import annotations

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from steadygan.data.sources.idx_array import read_array
from steadygan.errors import DataError

BYTES = {8: ">u1"}


def head(*shape: int, kind: int = 8) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape) % 256, *shape)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (head(*[1] * 255) + b"\0", "255 dimensions"),
        (head() + b"\0", "0 dimensions"),
        (b"\0\0\x08\x03\0\0", "cannot read"),
        (head(2, 3) + bytes(7), "more found"),
        (head(2, 3) + bytes(5), "5 found"),
        (head(2**32 - 1, 2**32 - 1, 2**32 - 1), "is damaged"),
        (gzip.compress(head(2**31, 28, 28) + bytes(100)), "is damaged"),
        (gzip.compress(head(2, 3) + bytes(6))[:-12], "cannot read"),
        (gzip.compress(head(2, 3) + bytes(7)), "more found"),
        (b"\x1f\x8b\x08\xff", "cannot read"),
    ],
    ids=range(10),
)
def test_what_announces_another_size_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_array(path, BYTES)
    assert said in str(error.value)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(DataError, match="is a FIFO"):
        read_array(tmp_path / "a", BYTES)


@pytest.mark.parametrize("packed", [False, True])
def test_reading_takes_little_more_memory_than_the_array(tmp_path: Path, packed: bool) -> None:
    size = 2 * 10**7
    content = head(size // 1000, 10, 100) + bytes(size)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    tracemalloc.start()
    array = read_array(path, BYTES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert array.shape == (size // 1000, 10, 100)
    assert peak < 1.2 * size


def test_what_unpacks_to_more_than_the_bound_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(head(1000, 10, 1000) + bytes(10**7)))
    monkeypatch.setenv("STEADYGAN_MEMORY", "1e6")
    with pytest.raises(DataError, match="it unpacks to 10 MB"):
        read_array(path, BYTES)


def test_other_numbers_come_in_the_machines_byte_order(tmp_path: Path) -> None:
    numbers = np.arange(6, dtype=">i2").reshape(2, 3)
    (tmp_path / "a").write_bytes(head(2, 3, kind=11) + numbers.tobytes())
    array = read_array(tmp_path / "a", {11: ">i2"})
    np.testing.assert_array_equal(array, numbers)
    assert array.dtype == np.int16 and array.dtype.isnative

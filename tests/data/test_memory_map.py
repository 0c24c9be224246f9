"""Rows of memory-mapped files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import Stored
from steadygan.data.memory_map import row_reader
from steadygan.errors import RunError


def mapped(path: Path, count: int = 20, offset: int = 0) -> np.memmap:
    """A map of a file whose rows are all different."""
    values = np.arange(count * 12, dtype=np.int16).reshape(count, 1, 3, 4)
    path.write_bytes(bytes(offset) + values.tobytes())
    return np.memmap(path, np.int16, "r", offset=offset, shape=values.shape)


@pytest.mark.parametrize("offset", [0, 10])
def test_rows_of_a_map_are_those_of_the_array_in_any_order(tmp_path: Path, offset: int) -> None:
    array = mapped(tmp_path / "rows", offset=offset)
    indices = np.array([19, 0, 7, 7, 3])
    found = row_reader(array)(indices)
    assert type(found) is np.ndarray
    assert np.array_equal(found, array[indices])
    assert found.flags.writeable
    assert row_reader(array)(np.empty(0, np.int64)).shape == (0, 1, 3, 4)


def test_rows_of_other_arrays_and_of_parts_of_a_map_are_gathered(tmp_path: Path) -> None:
    array = mapped(tmp_path / "rows")
    indices = np.array([4, 1])
    for part in (np.array(array), array[5:], array[:, :, ::2]):
        assert np.array_equal(row_reader(part)(indices), np.asarray(part)[indices])


def test_labels_come_with_their_rows() -> None:
    samples, labels = np.arange(6, dtype=np.uint8).reshape(6, 1), np.arange(6)
    found = Stored(samples, labels).rows(np.array([5, 2]))
    assert [part.ravel().tolist() for part in found if part is not None] == [[5, 2], [5, 2]]
    assert Stored(samples).rows(np.array([5]))[1] is None


def test_a_file_that_became_shorter_is_one_line(tmp_path: Path) -> None:
    read = row_reader(mapped(tmp_path / "rows"))
    (tmp_path / "rows").write_bytes(bytes(100))
    with pytest.raises(RunError, match=r"cannot read samples from '.*rows': it has become shorter"):
        read(np.array([0, 10]))


def test_a_file_that_lost_its_name_is_read_on(tmp_path: Path) -> None:
    array = mapped(tmp_path / "rows")
    read = row_reader(array)
    (tmp_path / "rows").unlink()
    assert np.array_equal(read(np.array([3])), array[[3]])


@pytest.mark.parametrize("index", [-1, 20])
def test_a_row_that_is_not_there_is_refused(tmp_path: Path, index: int) -> None:
    with pytest.raises(IndexError):
        row_reader(mapped(tmp_path / "rows"))(np.array([index]))

"""What arrays are taken for, by shape, number type and the option ``form``."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data.numbers.kinds import arranged_shape, reading_of
from steadygan.data.stored_array import MemoryArray
from steadygan.errors import DataError


def array(shape, dtype="float32"):
    return MemoryArray("the array", np.zeros(shape, dtype))


@pytest.mark.parametrize(
    ("shape", "dtype", "form", "kind", "arranged"),
    [
        ((50, 7), "float64", "auto", "points", (50, 7)),
        ((50, 300), "float64", "table", "points", (50, 300)),
        ((50, 300), "float64", "signal", "signal", (50, 1, 300)),
        ((50, 12, 500), "float32", "auto", "signal", (50, 12, 500)),
        ((50, 500, 12), "float32", "auto", "signal", (50, 12, 500)),
        ((50, 1, 64), "uint8", "auto", "signal", (50, 1, 64)),
        ((50, 3, 8), "float32", "auto", "signal", (50, 3, 8)),
        ((50, 32, 128), "float32", "signal", "signal", (50, 32, 128)),
        ((50, 4, 5), "float32", "table", "points", (50, 20)),
        ((50, 1, 22, 1000), "float32", "auto", "signal", (50, 22, 1000)),
        ((50, 1000, 22, 1), "float32", "auto", "signal", (50, 22, 1000)),
        ((50, 6, 32, 32), "float32", "auto", "image", (50, 6, 32, 32)),
        ((50, 32, 32, 13), "uint16", "auto", "image", (50, 13, 32, 32)),
        ((50, 12, 32, 48), "float32", "auto", "image", (50, 12, 32, 48)),
        ((50, 16, 16, 16), "float32", "auto", "volume", (50, 1, 16, 16, 16)),
        ((50, 16, 16, 16), "float32", "image", "image", (50, 16, 16, 16)),
        ((50, 16, 24, 32), "int16", "volume", "volume", (50, 1, 16, 24, 32)),
        ((50, 1, 8, 16, 16), "float32", "auto", "volume", (50, 1, 8, 16, 16)),
        ((50, 8, 16, 16, 2), "float32", "auto", "volume", (50, 2, 8, 16, 16)),
        ((50, 8, 16, 16, 3), "uint8", "volume", "volume", (50, 3, 8, 16, 16)),
        ((50, 9, 16, 16, 16), "float32", "volume", "volume", (50, 9, 16, 16, 16)),
        ((50, 2, 32, 32), "float32", "bands", "volume", (50, 2, 1, 32, 32)),
        ((50, 32, 32, 4), "uint8", "bands", "volume", (50, 4, 1, 32, 32)),
        ((50, 6, 32, 32), "float32", "bands", "image", (50, 6, 32, 32)),
    ],
)
def test_other_numbers_are_taken_for_what_their_shape_says(shape, dtype, form, kind, arranged):
    stored = array(shape, dtype)
    reading = reading_of(stored, form)
    assert reading is not None
    assert reading.kind == kind
    assert arranged_shape(stored, reading) == arranged
    assert str(arranged[1]) in reading.why or kind in ("signal", "volume")


@pytest.mark.parametrize(
    ("shape", "dtype", "form"),
    [
        ((50, 28, 28), "uint8", "auto"),
        ((50, 64, 64), "float32", "auto"),
        ((50, 32, 64), "float32", "auto"),
        ((50, 32, 128), "uint8", "auto"),
        ((50, 32, 128), "float32", "image"),
        ((50, 32, 32, 3), "float32", "auto"),
        ((50, 1, 28, 28), "float32", "auto"),
        ((50, 1, 22, 1000), "float32", "image"),
    ],
)
def test_pictures_stay_pictures(shape, dtype, form):
    assert reading_of(array(shape, dtype), form) is None


@pytest.mark.parametrize(
    ("shape", "dtype", "form", "said"),
    [
        ((50,), "float32", "auto", "one number a sample"),
        ((50, 500), "float32", "auto", "--data.form signal"),
        ((50, 32, 128), "float32", "auto", "--data.form signal"),
        ((50, 3, 32, 128), "float32", "auto", "sides of 32:128"),
        ((50, 8, 16, 16, 3), "uint8", "auto", "--data.form volume"),
        ((50, 9, 16, 20, 24), "float32", "auto", "no axis has 1 to 4 channels"),
        ((50, 7, 8, 9), "float32", "auto", "--data.form image"),
        ((50, 7), "float32", "volume", "data form is 'volume'"),
        ((50, 8, 8, 8), "float32", "table", "data form is 'table'"),
        ((50, 1, 8, 8, 8), "float32", "image", "data form is 'image'"),
        ((50, 1, 8), "complex64", "auto", "complex64"),
        ((50, 32, 32), "complex64", "auto", "two bands, [M, 2, H, W] with --data.form bands"),
        ((50, 32), "complex64", "auto", "two channels, [M, 2, T]"),
        ((50, 32, 32), "float32", "bands", "bands are [M, B, H, W]"),
        ((50, 0, 8), "float32", "auto", "it is empty"),
        ((50, 1, 2, 3, 4, 5), "float32", "auto", "6 dimensions"),
        ((50, 9), "datetime64[s]", "auto", "samples are numbers"),
    ],
)
def test_what_could_be_several_things_is_asked_for_in_one_line(shape, dtype, form, said):
    with pytest.raises(DataError) as caught:
        reading_of(array(shape, dtype), form)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_longer_side_of_a_signal_is_time_whatever_its_place():
    rows = np.arange(2 * 3 * 40).reshape(2, 3, 40)
    first = reading_of(MemoryArray("a", rows), "signal")
    last = reading_of(MemoryArray("a", rows.transpose(0, 2, 1)), "signal")
    assert first is not None and last is not None
    assert np.array_equal(first.arrange(rows), rows)
    assert np.array_equal(last.arrange(rows.transpose(0, 2, 1)), rows)

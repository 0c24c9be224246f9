"""Units: scales, offsets, and the way back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from steadygan.data.units import Units, standardised, to_unit_range


def of_channels(rows):
    """The units of samples [N, C, ...]."""
    flat = np.moveaxis(rows, 1, 0).reshape(rows.shape[1], -1).astype(np.float64)
    return to_unit_range(flat.min(axis=1), flat.max(axis=1), rows.dtype)


@pytest.mark.parametrize("shape", [(20, 3, 50), (20, 2, 4, 5, 6), (20, 6, 8, 8)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int16", "uint8", "int32", ">f4"])
def test_the_way_back_gives_what_was_scaled(shape, dtype):
    rng = np.random.default_rng(0)
    rows = (rng.standard_normal(shape) * 40 + 100).astype(dtype)
    units = of_channels(rows)
    scaled = units.scaled(rows)
    assert scaled.dtype == np.float32
    low, high = (each(scaled, axis=(0, *range(2, len(shape)))) for each in (np.min, np.max))
    assert np.array_equal(low, np.full(shape[1], -1)) and np.array_equal(high, np.full(shape[1], 1))
    back = units.restored(scaled)
    assert back.dtype == rows.dtype.newbyteorder("=")
    if rows.dtype.kind in "iu":
        assert np.array_equal(back, rows)
    else:
        assert np.allclose(back, rows, rtol=1e-3 if dtype == "float16" else 1e-6, atol=1e-4)


def test_columns_have_mean_0_and_deviation_1_and_whole_ones_are_rounded():
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.normal(1.7e9, 3e5, 500), rng.poisson(4, 500), np.full(500, 2.5)])
    whole = (table == np.rint(table)).all(axis=0)
    units = standardised(table.mean(axis=0), table.std(axis=0), table.dtype, ("time", "count", "fixed"), whole)
    scaled = units.scaled(table)
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(scaled.std(axis=0), [1, 1, 0], atol=1e-5)
    back = units.restored(scaled)
    assert np.allclose(back[:, 0], table[:, 0], rtol=1e-9, atol=0)
    assert np.array_equal(back[:, 1:], table[:, 1:])
    noisy = units.restored(scaled + 0.05)
    assert np.array_equal(noisy[:, 1], np.rint(noisy[:, 1]))
    assert np.array_equal(noisy[:, 2], table[:, 2])


def test_numbers_beyond_an_integer_type_stop_at_its_ends():
    units = to_unit_range(np.array([0.0]), np.array([255.0]), np.dtype(np.uint8))
    assert units.restored(np.array([[[-1.5, 0.0, 1.5]]], np.float32)).tolist() == [[[0, 128, 255]]]


def test_truth_values_come_back_as_such():
    units = to_unit_range(np.array([0.0]), np.array([1.0]), np.dtype(bool))
    assert units.restored(np.array([[[-1.0, -0.1, 0.1, 1.0]]])).tolist() == [[[False, False, True, True]]]


def test_the_range_of_the_largest_numbers_does_not_overflow():
    units = to_unit_range(np.array([-1.7e308]), np.array([1.7e308]), np.dtype(np.float64))
    assert np.isfinite(units.scales[0])
    assert units.scaled(np.array([[[-1.7e308, 1.7e308]]])).tolist() == [[[-1.0, 1.0]]]


def test_units_survive_json():
    units = Units((0.5, 1.0), (2.0, 0.0), "int16", ("a", "b"), (True, False))
    assert Units.from_json(json.loads(json.dumps(units.to_json()))) == units


@pytest.mark.parametrize("dtype", ["int64", "uint64", "int32", "float16", "float32"])
def test_numbers_beyond_a_type_stop_at_its_ends(dtype):
    limits = np.finfo(dtype) if dtype.startswith("f") else np.iinfo(dtype)
    low, high = float(limits.min), float(limits.max)
    units = to_unit_range(np.array([low]), np.array([high]), np.dtype(dtype))
    assert units.restored(np.array([[[-1, 1]]], np.float32)).tolist() == [[[limits.min, limits.max]]]
    assert units.restored(np.array([[[-1.5, 1.5]]], np.float32)).tolist() == [[[limits.min, limits.max]]]

"""Stored and endless data by the training data protocol; streams: streaming/test_stream.py."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data import DataOptions, Endless, Stored, TrainData, open_data
from steadygan.data.types import ENDLESS_PART


def test_stored_data_is_its_own_fixed_part() -> None:
    samples, labels = np.arange(12).reshape(6, 2), np.arange(6)
    data: TrainData = Stored(samples, labels)
    assert not data.endless and len(data) == data.part == 6
    assert data.resident is samples and data.labels is labels
    assert data.some() == (samples, labels)
    step = data.indices(0, 0, 6, 1)
    assert sorted(step.tolist()) == list(range(6))
    rows, of_rows = data.rows(step)
    assert of_rows is not None
    assert np.array_equal(rows, samples[step]) and np.array_equal(of_rows, step)
    assert (data.replaced, data.notes()) == (0, ())
    data.close()
    with pytest.raises(TypeError, match="read by index, not drawn"):
        data.draw(np.random.default_rng(0), 1)


def test_endless_data_has_a_fixed_part_but_no_length_and_no_rows() -> None:
    data: TrainData = Endless(lambda rng, count: (rng.standard_normal((count, 2)), None))
    assert data.endless and data
    assert (data.resident, data.labels, data.replaced, data.notes()) == (None, None, 0, ())
    some, _ = data.some()
    assert len(some) == data.part == ENDLESS_PART
    assert np.array_equal(some, data.some()[0])
    assert np.array_equal(some, data.draw(np.random.default_rng(0), ENDLESS_PART)[0])
    data.close()
    for refused in (lambda: len(data), lambda: data.indices(0, 0, 1, 1), lambda: data.rows(np.arange(1))):
        with pytest.raises(TypeError, match="endless"):
            refused()


@pytest.mark.parametrize("source", ["digits", "25gaussians", "swissroll", "stacked-digits", "python-docs"])
def test_every_source_gives_training_data(source: str) -> None:
    data = open_data(DataOptions(source=source)).train
    samples, _ = data.draw(np.random.default_rng(1), 8) if data.endless else data.rows(data.indices(1, 0, 8, 8))
    assert samples.shape == (8, *data.some()[0].shape[1:])
    assert (data.resident is None) == data.endless

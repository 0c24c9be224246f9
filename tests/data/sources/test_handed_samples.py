"""Samples and labels as Python programs hand them over: what is taken, and what is refused, in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler, TensorDataset, WeightedRandomSampler

from steadygan.data import DataOptions
from steadygan.data.sources.memory import source_of_memory
from steadygan.errors import SteadyganError

ROWS = np.random.default_rng(0).standard_normal((40, 3))
TENSORS = TensorDataset(torch.from_numpy(ROWS))


def read(data, **options):
    """(samples, the source) of data in memory."""
    source = source_of_memory(data, DataOptions(source="memory:x", **options))
    if hasattr(source.train, "pieces"):
        return np.concatenate(list(source.train.pieces())), source
    return np.stack(list(source.train.read())), source


def through_one_buffer(rows, label=None):
    """A generator that writes each row into the same memory, as readers of audio and video do."""
    buffer = np.empty_like(rows[0])
    for number, row in enumerate(rows):
        buffer[:] = row
        yield buffer if label is None else (buffer, label(number))


class Buffered:
    """A data set that answers with the same memory at each index."""

    def __init__(self):
        self.buffer = np.empty(3)

    def __len__(self):
        return len(ROWS)

    def __getitem__(self, index):
        self.buffer[:] = ROWS[index]
        return self.buffer


@pytest.mark.parametrize("data", [lambda: through_one_buffer(ROWS), Buffered])
def test_items_that_share_memory_are_kept_as_they_were_given(data):
    assert np.array_equal(read(data())[0], ROWS)


def test_labels_that_share_memory_are_kept_as_they_were_given():
    hot = np.zeros(4)

    def label(number):
        hot[:] = np.arange(4) == number % 4
        return hot

    _, source = read(through_one_buffer(ROWS, label))
    assert source.train.labels.tolist() == [number % 4 for number in range(40)]


def test_rows_of_python_numbers_may_be_whole_or_not():
    rows = [[number, 2.5 if number % 2 else 3] for number in range(40)]
    samples, _ = read(rows)
    assert samples.dtype == np.float64 and np.array_equal(samples, np.array(rows))


def test_a_list_of_numbers_may_have_a_label():
    samples, source = read([(row.tolist(), "ab"[number % 2]) for number, row in enumerate(ROWS)])
    assert np.array_equal(samples, ROWS)
    assert source.class_names == ("a", "b") and source.train.labels.tolist() == [0, 1] * 20


def test_labels_may_come_from_a_generator():
    _, source = read((ROWS, (number % 3 for number in range(40))))
    assert source.train.labels.tolist() == [number % 3 for number in range(40)]


def test_a_name_of_samples_comes_before_the_only_array_of_more_dimensions():
    samples, source = read({"x": ROWS, "mask": np.zeros((40, 8, 8))})
    assert np.array_equal(samples, ROWS)
    assert any("'mask' [40, 8, 8]" in note for note in source.notes)


@pytest.mark.parametrize("sampler", [SubsetRandomSampler(range(9)), WeightedRandomSampler([1.0] * 40, 40)])
def test_a_loader_that_chooses_samples_is_refused(sampler):
    with pytest.raises(SteadyganError, match=rf"a {type(sampler).__name__}, .*Subset\(dataset, indices\)"):
        read(DataLoader(TENSORS, 8, sampler=sampler))


def test_a_loader_that_makes_its_own_batches_is_refused():
    with pytest.raises(SteadyganError, match=r"collate_fn of its own.* data=loader\.dataset"):
        read(DataLoader(TENSORS, 8, collate_fn=lambda batch: batch[0]))


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"batch_size": None}, {"drop_last": True}])
def test_other_loaders_stand_for_their_data_set(options):
    assert np.array_equal(read(DataLoader(TENSORS, **options))[0], ROWS)
    part = Subset(TENSORS, range(20))
    assert np.array_equal(read(DataLoader(part, **options))[0], ROWS[:20])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (["a line"] * 20, "sample 0 is a str: lines of text are trained on from a file"),
        ([Path("a.png")] * 20, r"\[Image.open\(path\) for path in"),
        ([1.5] * 20, r"one number a sample is a table of one column"),
        (np.zeros(20, [("height", "f4"), ("age", "i2")]), r"fields \(height, age\).*structured_to_unstructured"),
        (ROWS.astype(object), r"array.astype\(float\)"),
        ({"X": ROWS, "x": ROWS[:20]}, "'x' twice"),
        ([ROWS[:3], ROWS[:3].astype("f4")] * 10, r"\[3, 3\] float32, \[3, 3\] float64"),
        ((ROWS, {"a": 1}), "labels is a dict; one for each of 40 samples"),
        ((ROWS, 3), "labels is an int; one for each of 40 samples"),
        ((ROWS, [[1], [1, 2]] * 20), "labels are lists of several lengths"),
        ((ROWS, [[1], 2] * 20), "labels are lists of several lengths"),
        ([(row, [1] * (1 + number % 2)) for number, row in enumerate(ROWS)], "labels are lists of several lengths"),
    ],
)
def test_what_is_refused_says_what_to_hand_over(data, said):
    with pytest.raises(SteadyganError, match=said) as caught:
        read(data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_labels_of_lists_are_no_words():
    labels = np.empty(40, object)
    labels[:] = [[1, 2], [3, 4]] * 20
    with pytest.raises(SteadyganError, match="labels are lists"):
        read((ROWS, labels))

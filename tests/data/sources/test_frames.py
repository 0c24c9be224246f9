"""Tables of pandas, polars and pyarrow."""

from __future__ import annotations

import contextlib
import datetime
import importlib

import numpy as np
import pyarrow
import pytest
from pyarrow import csv

from steadygan.data import DataOptions, open_data
from steadygan.data.open import open_memory
from steadygan.data.sources import memory
from steadygan.errors import DataError, SteadyganError

COLUMNS = {"age": np.arange(40), "height": np.linspace(1.5, 2, 40), "wide": np.arange(40) % 3 == 0}


def opened(data, **options):
    return open_memory(data, DataOptions(source=memory.memory_name(data), **options))


def tables():
    """The same table by each library that is installed, and as the .csv file that it is."""
    table = pyarrow.table(COLUMNS)
    yield table
    yield table.to_batches()[0]
    for name in ("pandas", "polars"):
        with contextlib.suppress(ImportError):
            yield importlib.import_module(name).DataFrame({key: list(value) for key, value in COLUMNS.items()})


class Column:
    """As much of a column of pandas as is used."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.dtype = self.values.dtype

    def isna(self):
        return Column(self.values != self.values)

    def __iter__(self):
        return iter(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.dtype)


class DataFrame:
    """As much of a table of pandas as is used; known by the module of its class."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self.parts = [Column(values) for values in columns.values()]
        self.iloc = self

    def __len__(self):
        return len(self.parts[0].values)

    def __getitem__(self, where):
        return self.parts[where[1]]


DataFrame.__module__ = "pandas.core.frame"


def test_a_table_of_pandas_keeps_the_names_of_its_columns():
    frame = DataFrame(age=np.arange(40), height=np.linspace(1.5, 2, 40))
    data = opened((frame, ["a", "b"] * 20))
    assert data.units.names == ("age", "height") and data.units.whole == (True, False)
    assert data.class_names == ("a", "b")
    restored = data.units.restored(data.train.samples)
    assert np.array_equal(restored[:, 0].astype(int) % 2, data.train.labels)


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: type(table).__module__)
def test_a_table_is_read_by_its_columns_by_whatever_library(table):
    data = opened(table)
    assert data.units.names == tuple(COLUMNS) and data.units.whole == (True, False, True)
    rows = data.units.restored(data.train.samples)
    assert np.allclose(rows[:, 1], 1.5 + rows[:, 0] / 78) and np.array_equal(rows[:, 2], rows[:, 0] % 3 == 0)
    with pytest.raises(SteadyganError, match="is a table"):
        opened(table, form="signal")


def test_a_column_of_numbers_is_a_table_and_one_of_samples_a_list_of_them():
    assert opened(pyarrow.array(COLUMNS["height"])).sample.shape == (1,)
    assert opened(pyarrow.chunked_array([COLUMNS["age"]])).sample.shape == (1,)
    rows = np.random.default_rng(0).normal(size=(40, 5))
    assert opened(pyarrow.array(list(rows))).fingerprint == opened(rows).fingerprint


@pytest.mark.parametrize("labels", [np.arange(40) % 3, np.array(["a", "b"] * 20), np.linspace(0, 1, 40)])
def test_a_table_in_memory_is_that_of_its_file(labels, tmp_path):
    """The column of row numbers is left out, and that of classes is one, in both."""
    table = pyarrow.table({"": np.arange(40), "x": COLUMNS["height"], "y": -(COLUMNS["height"] ** 2), "label": labels})
    csv.write_csv(table, tmp_path / "table.csv")
    read, given = open_data(DataOptions(source=str(tmp_path / "table.csv"))), opened(table)
    assert given.fingerprint == read.fingerprint and given.class_names == read.class_names
    assert given.units.names == read.units.names == ("x", "y")
    assert given.audit.what_training_will_do == read.audit.what_training_will_do


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["x"] * 40, r"column 'bad' of the table holds .* \('x'\)"),
        ([np.nan, *range(39)], r"column 'bad' of the table is empty in row 0 \(1 such rows\)"),
        ([0, None, *range(38)], "column 'bad' of the table is empty in row 1"),
        ([True, None] * 20, "column 'bad' of the table is empty in row 1"),
        ([datetime.date(2020, 1, 1)] * 40, "column 'bad' of the table holds date32"),
        ([[1.0, 2.0]] * 40, "column 'bad' of the table holds list"),
    ],
)
def test_columns_that_are_no_numbers_are_named(column, said):
    with pytest.raises(DataError, match=said):
        opened(pyarrow.table({"good": np.arange(40), "bad": column}))


def test_a_table_of_pandas_with_other_columns_is_refused():
    with pytest.raises(DataError, match=r"column 'bad' of the table holds <U1 \('x'\)"):
        opened(DataFrame(good=np.arange(40), bad=["x"] * 40))
    with pytest.raises(DataError, match="column 'bad' of the table is empty in row 0"):
        opened(DataFrame(good=np.arange(40), bad=[np.nan, *range(39)]))


def test_a_table_without_columns_of_its_own_is_refused():
    with pytest.raises(DataError, match="two columns 'a'"):
        opened(pyarrow.table([np.arange(40), np.arange(40)], names=["a", "a"]))
    with pytest.raises(DataError, match="no column of numbers"):
        opened(pyarrow.table({}))
    with pytest.raises(DataError, match="no column of numbers beside 'label'"):
        opened(pyarrow.table({"label": ["a", "b"] * 20}))

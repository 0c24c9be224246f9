"""Tables of pandas, polars and pyarrow, by their columns; none of the three is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import printable
from steadygan.data.labels import NO_LABELS, Labelling, Values, read_labels
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.sources.csv_table import class_place, source_of_table, without_row_numbers
from steadygan.data.sources.handed import inherits
from steadygan.errors import DataError, UsageError

_TABLES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"), ("pyarrow", "RecordBatch"))
_SERIES = (("pandas", "Series"), ("polars", "Series"), ("pyarrow", "ChunkedArray"), ("pyarrow", "Array"))
_TITLE = "the table"


def is_frame(value: object) -> bool:
    """True for a table, and for one column of a table."""
    return any(inherits(value, *known) for known in (*_TABLES, *_SERIES))


def samples_of_series(value: Any) -> list[Any] | None:
    """The samples of a column that holds one in each row, such as an array or a picture; None for other columns."""
    if not any(inherits(value, *known) for known in _SERIES) or _Column("", value).is_numeric:
        return None
    values = value.to_pylist() if hasattr(value, "to_pylist") else list(value)
    first = next((each for each in values if each is not None), None)
    return None if first is None or isinstance(first, str | bytes) or np.isscalar(first) else values


def source_of_frame(frame: Any, labelling: Labelling | None, name: str, options: DataOptions) -> NumberSource:
    """A table as the same table in a .csv file is read: by the names of its columns.

    Args:
        frame: a table, or a column of numbers
        labelling: of labels that were handed over beside it; None: those of its column 'label', if it has one
        name: of the data
        options: whose ``form`` has to allow a table

    Raises:
        UsageError: for another form.
        DataError: one line that names the column, for what is no number, or missing.
    """
    if options.form not in ("auto", "table"):
        raise UsageError(f"data form is '{options.form}', but a {type(frame).__name__} is a table")
    columns = list(_columns(frame))
    names = [column.name for column in columns]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise DataError(f"{_TITLE} has two columns '{printable(twice)}'; rename one of them")
    place = class_place(names) if labelling is None else None
    classes = None if place is None else columns.pop(place)
    if not columns:
        beside = "" if classes is None else f" beside '{printable(classes.name)}'"
        raise DataError(f"{_TITLE} has no column of numbers{beside}")
    table, used, notes = without_row_numbers(
        np.column_stack([column.numbers() for column in columns]), tuple(column.name for column in columns)
    )
    if classes is not None:
        title = f"in column '{printable(classes.name)}'"
        labelling = read_labels(Values.of_words(classes.words(), title), None, options.labels)
    return source_of_table(table, used, name, _TITLE, "memory", labelling or NO_LABELS, notes)


@dataclass(frozen=True)
class _Column:
    """A column of a table, by the methods that its library gives it."""

    name: str
    values: Any

    @property
    def kind(self) -> str:
        """The type of its values, as its library writes it."""
        return str(self.values.type if inherits(self.values, "pyarrow", "_PandasConvertible") else self.values.dtype)

    @property
    def is_numeric(self) -> bool:
        kind = self.kind.lower()
        plain = getattr(getattr(self.values, "dtype", None), "kind", None)  # of numpy's and pandas' types alone
        if plain is not None:
            return str(plain) in "buif"
        return kind.startswith(("int", "uint", "float", "double", "halffloat", "bool", "decimal"))

    def missing(self) -> NDArray[np.bool_]:
        """[M], True where there is no value, or NaN."""
        null = self.values.isna() if hasattr(self.values, "isna") else self.values.is_null()
        empty = np.asarray(null, dtype=bool)
        if self.is_numeric and not empty.any():
            empty = np.isnan(np.asarray(self.values, dtype=np.float64))
        return empty

    def numbers(self) -> NDArray[np.float64]:
        """[M]. Raises DataError for values of another kind, and for missing ones."""
        if not self.is_numeric:
            example = next((str(value) for value in self._listed() if value is not None), "")
            raise DataError(
                f"column '{printable(self.name)}' of the table holds {self.kind} ('{printable(example[:24])}'): leave "
                "it out, put numbers in its place, or hand it over as labels: data=(frame, labels)"
            )
        missing = self.missing()
        if missing.any():
            raise DataError(
                f"column '{printable(self.name)}' of the table is empty in row {int(np.flatnonzero(missing)[0])} "
                f"({int(missing.sum()):,} such rows): fill missing values or leave out these rows or the column"
            )
        return np.asarray(self.values, dtype=np.float64)

    def words(self) -> list[str]:
        """The values as words, '' for a missing one."""
        values = zip(self._listed(), self.missing(), strict=True)
        return ["" if missing else str(value).strip() for value, missing in values]

    def _listed(self) -> list[Any]:
        values: list[Any] = self.values.to_pylist() if hasattr(self.values, "to_pylist") else list(self.values)
        return values


def _columns(frame: Any) -> Iterator[_Column]:
    if inherits(frame, "pyarrow", "Table") or inherits(frame, "pyarrow", "RecordBatch"):
        names, parts = frame.schema.names, frame.columns
    elif inherits(frame, "pyarrow", "_PandasConvertible"):
        names, parts = ["column_0"], [frame]
    else:
        frame = frame if hasattr(frame, "columns") else frame.to_frame()
        names = list(frame.columns)
        parts = [frame.iloc[:, place] if hasattr(frame, "iloc") else frame[:, place] for place in range(len(names))]
    for name, values in zip(names, parts, strict=True):
        yield _Column(str(name), values)

"""Arrow's types of columns: encoded pictures, and labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steadygan.data.images.pictures import printable
from steadygan.data.parquet.batches import LABELS, batches

_BYTES = ("binary", "large_binary", "binary_view")
_WORDS = ("string", "large_string", "string_view")
_FEW = 0.5
"""different values a row, at most, of a column that could be labels"""
_LOOKED_AT = 20
"""columns"""


def plain_type(kind: Any) -> Any:
    """The type of the values of a dictionary or an extension type; other types as they are."""
    import pyarrow as pa

    while isinstance(kind, pa.DictionaryType | pa.BaseExtensionType):
        kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind.storage_type
    return kind


def is_bytes(kind: Any) -> bool:
    """True for bytes of any length, which encoded pictures are."""
    return kind is not None and str(plain_type(kind)) in _BYTES


def is_one_value(kind: Any) -> bool:
    """True for whole numbers, truth values and words, each of which may be a class."""
    import pyarrow as pa

    kind = plain_type(kind)
    return pa.types.is_integer(kind) or pa.types.is_boolean(kind) or str(kind) in (*_WORDS, *_BYTES)


def may_be_labels(kind: Any) -> bool:
    """True for values that are looked at as labels: those of one class, fractions and lists."""
    import pyarrow as pa

    kind = plain_type(kind)
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return is_one_value(kind) or pa.types.is_floating(kind) or any(test(kind) for test in lists)


def label_values(column: Any) -> Iterator[Any]:
    """The labels of a batch of their column as Python values; bytes that are UTF-8 as words."""
    for value in column.to_pylist():
        try:
            yield value.decode("utf-8") if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            yield value


def unused_columns(table: Any, used: tuple[str, ...], with_labels: bool) -> Iterator[str]:
    """Sentences on columns of pictures, and without labels on those of few values, that are not used.

    Args:
        table: an open ``pyarrow.parquet.ParquetFile``
        used: names of the columns that are
        with_labels: one of them has the labels
    """
    others = [field for field in table.schema_arrow if field.name not in used]
    pictures = [field.name for field in others if is_bytes(field.type) or _has_bytes(field.type)]
    if pictures:
        yield f"Not used: {_listed(pictures)}, which may hold pictures too."
    if with_labels or not table.metadata.num_row_groups:
        return
    words = [field.name for field in others if is_one_value(field.type) and field.name not in pictures]
    few = [name for name in words[:_LOOKED_AT] if _has_few_values(table, name)]
    if few:
        yield f"Not used: {_listed(few)}; labels are looked for under label, class, category, y, target."


def _has_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and any(is_bytes(kind.field(place).type) for place in range(kind.num_fields))


def _has_few_values(table: Any, name: str) -> bool:
    """True if the first rows have several values, and many rows the same."""
    first = next(batches(table, name, LABELS, range(1)), None)
    values = [] if first is None else first.to_pylist()
    return 1 < len(set(values)) <= _FEW * len(values)


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{printable(name)}'" for name in names[:5]) + ", …" * (len(names) > 5)

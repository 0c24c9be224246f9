"""Parquet files by split, and their columns of pictures and labels, as the Hugging Face hub stores them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steadygan.data.images.pictures import printable
from steadygan.data.parquet.batches import check_rows
from steadygan.data.parquet.column_types import is_bytes, is_one_value, may_be_labels, unused_columns
from steadygan.data.reading import reading, shown
from steadygan.data.split_words import Split, split_of_name, without_split
from steadygan.errors import DataError
from steadygan.system.escapes import escaped
from steadygan.system.json_text import parse_json
from steadygan.system.regular import open_regular

_PICTURE_NAMES = ("image", "img", "images", "picture", "photo")
_LABEL_NAMES = ("label", "labels", "fine_label", "class", "category", "y", "target")
LONGEST_LABEL = 1_000
"""characters"""
_SHARD = re.compile(r"(?P<set>.*?)-?(?P<number>\d{5})-of-(?P<all>\d{5})")


@dataclass(frozen=True)
class Columns:
    """The columns that are used."""

    picture: str
    nested: bool
    """True if the pictures are struct<bytes, path>, not bytes"""
    label: str | None
    class_names: tuple[str, ...]
    label_note: str = field(default="", repr=False)
    """why a column that is called like labels has none"""
    notes: tuple[str, ...] = field(default=(), repr=False)
    """sentences on columns that are not used"""

    @property
    def path(self) -> str:
        """The column of the pictures' bytes."""
        return f"{self.picture}.bytes" if self.nested else self.picture


@dataclass(frozen=True)
class Tables:
    """Parquet files with pictures, by split; only the first one's schema has been read."""

    name: str
    train: tuple[Path, ...]
    test: tuple[Path, ...]
    """of the split that is never trained on; empty without such a split"""
    test_name: str
    """what the source calls that split"""
    columns: Columns
    notes: tuple[str, ...] = ()


def split_of(path: Path, root: Path) -> Split:
    """'train', 'test', 'validation' or '', by the words in a file's name or in its folders' names below the root."""
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    names = (relative.stem, *reversed(relative.parts[:-1]))
    return next((split for name in names if (split := split_of_name(name))), "")


def tables_of_file(path: Path, name: str) -> Tables:
    """One file; if its name says 'train', a file beside it with the same name but 'test' is the test split."""
    held_out: dict[str, list[Path]] = {"test": [], "validation": []}
    if split_of(path, path.parent) == "train":
        for other in sorted(path.parent.glob("*.parquet")):
            split = split_of(other, path.parent)
            if split in held_out and _same_set(path, other):
                held_out[split].append(other)
    return _tables([path], held_out, name, ())


def _same_set(path: Path, other: Path) -> bool:
    """True if two names differ only in split and shard."""
    mine, theirs = (re.findall(r"[^\W\d]+", without_split(name.stem).lower()) for name in (path, other))
    return [word for word in mine if word != "of"] == [word for word in theirs if word != "of"]


def tables_of_files(files: Sequence[Path], root: Path, name: str) -> Tables:
    """A folder of parquet files (shards), by split."""
    by_split: dict[str, list[Path]] = {"train": [], "test": [], "validation": [], "": []}
    for path in sorted(files):
        by_split[split_of(path, root)].append(path)
    _need_all_shards(files)
    train = by_split["train"] or by_split[""] or by_split["test"] or by_split["validation"]
    notes = []
    unnamed = len(by_split[""]) if train is not by_split[""] else 0
    if unnamed:
        notes.append(f"{unnamed} parquet files whose names have no split are not used.")
    held_out = {split: by_split[split] for split in ("test", "validation") if by_split[split] is not train}
    return _tables(train, held_out, name, tuple(notes))


def _need_all_shards(files: Sequence[Path]) -> None:
    """Raises DataError if some of the files 'train-00000-of-00005' and so on are missing."""
    seen: dict[tuple[Path, str, int], set[int]] = {}
    for path in files:
        match = _SHARD.fullmatch(path.stem)
        if match:
            key = (path.parent, match["set"], int(match["all"]))
            seen.setdefault(key, set()).add(int(match["number"]))
    for (folder, stem, count), numbers in seen.items():
        missing = sorted(set(range(count)) - numbers)
        if missing:
            raise DataError(
                f"{len(missing)} of the {count} files '{printable(stem)}-*-of-{count:05d}.parquet' are missing in "
                f"'{shown(folder)}', number {missing[0]:05d} first"
            )


def _tables(train: list[Path], held_out: dict[str, list[Path]], name: str, notes: tuple[str, ...]) -> Tables:
    split = next((split for split in ("test", "validation") if held_out.get(split)), "test")
    unused = [other for other, files in held_out.items() if files and other != split]
    if unused:
        notes = (*notes, f"The {unused[0]} split is not used.")
    columns = choose_columns(train[0])
    return Tables(name, tuple(train), tuple(held_out.get(split, [])), split, columns, (*notes, *columns.notes))


def choose_columns(path: Path) -> Columns:
    """The picture and label columns, by the Hugging Face metadata, else by types and names."""
    with opened_table(path) as table:
        schema = table.schema_arrow
        features = _features(schema.metadata)
        picture, nested = _picture_column(path, schema, features)
        label, note = _label_column([each for each in schema if each.name != picture], features)
        notes = tuple(unused_columns(table, (picture, label or ""), label is not None or bool(note)))
    names = features.get(label, {}).get("names") if label else None
    class_names = tuple(printable(str(name)) for name in names) if isinstance(names, list) else ()
    return Columns(picture, nested, label, class_names, note, notes)


def _picture_column(path: Path, schema: Any, features: dict[str, dict[str, Any]]) -> tuple[str, bool]:
    """The name of the column of pictures, and whether these are struct<bytes, path>. Raises DataError without one."""
    import pyarrow as pa

    nested = [field.name for field in schema if pa.types.is_struct(field.type) and is_bytes(_inner(field.type))]
    plain = [field.name for field in schema if is_bytes(field.type)]
    declared = [name for name, kind in features.items() if kind.get("_type") == "Image"]
    usable = [name for name in declared if name in nested or name in plain] or nested
    usable = usable or [name for name in plain if name.lower() in _PICTURE_NAMES]
    if not usable:
        columns = escaped(", ".join(f"{field.name}: {field.type}" for field in schema))
        raise DataError(f"'{shown(path)}' has no column of encoded pictures; its columns are {columns}"[:400])
    picture = _by_name(usable, _PICTURE_NAMES) or usable[0]
    return picture, picture in nested


def _label_column(fields: list[Any], features: dict[str, dict[str, Any]]) -> tuple[str | None, str]:
    """The name of the column of labels, None without one, and why a column of such a name has none."""
    fields = [each for each in fields if features.get(each.name, {}).get("_type") != "Image"]
    single = [each.name for each in fields if is_one_value(each.type)]
    classes = [name for name, kind in features.items() if kind.get("_type") == "ClassLabel" and name in single]
    named = [each for each in fields if each.name.lower() in _LABEL_NAMES]
    known = [each.name for each in named if may_be_labels(each.type)]
    label = _by_name(classes, _LABEL_NAMES) or next(iter(classes), None) or _by_name(known, _LABEL_NAMES)
    if label is not None or not named:
        return label, ""
    kind = escaped(str(named[0].type))[:80]
    return None, f"The labels in column '{printable(named[0].name)}' are {kind}, which is no type of classes"


def encoded_pictures(column: Any, columns: Columns, title: str) -> Any:
    """The pictures' bytes of a batch of their column, as an arrow array. Raises DataError if it holds something else.

    The first file's schema decides what is read; another file may have another one.
    """
    import pyarrow as pa

    inner = column.field("bytes") if columns.nested and pa.types.is_struct(column.type) else column
    if not is_bytes(inner.type):
        raise DataError(f"{title} has {escaped(str(column.type))[:80]} in its column '{columns.picture}', not pictures")
    return inner


def are_labels(values: Sequence[Any]) -> bool:
    """False if one of the values is null, -1 (the hub's word for it), or a text too long to be a label."""
    return not any(
        value is None
        or (isinstance(value, int) and value < 0)
        or (isinstance(value, str) and len(value) > LONGEST_LABEL)
        for value in values
    )


def _inner(struct: Any) -> Any:
    """The type of the field 'bytes' of a struct, None without one."""
    index = struct.get_field_index("bytes")
    return struct.field(index).type if index >= 0 else None


def _features(metadata: dict[bytes, bytes] | None) -> dict[str, dict[str, Any]]:
    """The Hugging Face features of a schema; empty if it has none."""
    try:
        features = parse_json((metadata or {})[b"huggingface"])["info"]["features"]
        return {name: kind for name, kind in features.items() if isinstance(kind, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _by_name(names: list[str], wanted: tuple[str, ...]) -> str | None:
    return next((name for want in wanted for name in names if name.lower() == want), None)


@contextmanager
def opened_table(path: Path) -> Iterator[Any]:
    """Opens a parquet file; raises DataError, one line."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError("reading parquet needs pyarrow: pip install 'steadygan[parquet]'") from error
    with reading(path, "parquet"):
        open_regular(path).close()  # a FIFO would be waited for
        with pq.ParquetFile(path, pre_buffer=False) as table:
            check_rows(f"'{shown(path)}'", table.metadata)
            yield table

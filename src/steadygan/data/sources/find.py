"""Source lookup: from a name or path to a source; the only module that knows all names and suffixes."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from steadygan.data.images.pictures import PictureSource, printable
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.parquet.tables import Tables
from steadygan.data.reading import shown, why
from steadygan.data.streaming.shards import ShardSource
from steadygan.errors import DataError, UsageError, nearest, warn_of_namesake
from steadygan.system.regular import open_regular

if TYPE_CHECKING:
    from steadygan.data.sources.walk import Walk

POINTS = ("8gaussians", "25gaussians", "swissroll")
STACKED = "stacked-digits"
DOCS = "python-docs"
NAMES = ("digits", *POINTS, STACKED, DOCS, "mnist", "cifar10", "hf:OWNER/NAME")
"""names of sources, besides paths"""
_LONGEST_SHOWN = 300
MEMORY = "memory:"
"""how sources begin that were handed over in Python"""
_TEXT = (".txt", ".text", ".txt.gz", ".text.gz")
_MOST_SIBLINGS = 2_000  # that are compared with a wrong name
_PACKED_FILES = (".gz", ".bz2", ".xz", ".zst")
_PACKED = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", *_PACKED_FILES)
_WILDCARD = re.compile(r"[*?]")


@dataclass(frozen=True)
class Synthetic:
    """A generated source: one of POINTS, or STACKED."""

    name: str


@dataclass(frozen=True)
class TextSource:
    """One sample a line: a file, or DOCS."""

    name: str
    path: Path | None
    """None: the built-in text"""


Source: TypeAlias = PictureSource | NumberSource | Synthetic | TextSource | ShardSource


def is_built_in(source: str) -> bool:
    """True if a source is a name of this library, and no path: the one rule that all commands go by.

    A file or folder of such a name is written with its folder: './digits'.
    """
    return source.strip() in NAMES or source.strip().startswith("hf:")


def as_source(data: object) -> str:
    """A source as text; a ``Path`` is a path also where it is spelled like a name."""
    return os.path.join(os.curdir, data) if isinstance(data, Path) and is_built_in(str(data)) else str(data)


def find_source(options: DataOptions, counted: Callable[[int], None] | None = None) -> Source:
    """The source that the options name. Raises UsageError or DataError, one line each.

    ``counted(files)`` is called with the files found so far, while a folder is looked through.
    """
    source = _find(options, counted)
    if options.stream and not isinstance(source, ShardSource):
        raise UsageError(
            f"data stream is true, but '{options.source}' is not parquet: .parquet files, folders of them and "
            "data sets of the hub can be streamed"
        )
    return source


def _find(options: DataOptions, counted: Callable[[int], None] | None) -> Source:
    source = options.source.strip()
    if is_built_in(source) and os.path.exists(source):
        warn_of_namesake("data", source)
    if source.startswith(MEMORY):
        raise UsageError(
            f"the data was in memory ('{source}') and is not stored: hand it over again, as data=… in Python"
        )
    if source == "digits":
        from steadygan.data.sources.digits import open_digits

        return open_digits()
    if source in (*POINTS, STACKED):
        return Synthetic(source)
    if source == DOCS:
        return TextSource(DOCS, None)
    if source in ("mnist", "cifar10") or source.startswith("hf:"):
        from steadygan.data.sources.hub import find_hub

        return _of_tables(find_hub(source), options)
    path = Path(os.path.expanduser(source))
    try:
        exists = path.exists()
    except (OSError, ValueError):  # not a valid file name
        exists = False
    if not exists:
        raise _not_found(source, path)
    return _open_folder(path, options, counted) if path.is_dir() else _open_file(path, options)


def _of_tables(tables: Tables, options: DataOptions) -> PictureSource | ShardSource:
    """Parquet files as shards if they are to be streamed, else as pictures."""
    if options.stream:
        from steadygan.data.parquet.row_groups import shard_source

        return shard_source(tables)
    from steadygan.data.parquet.pictures import open_tables

    return open_tables(tables, options.labels)


def _open_file(path: Path, options: DataOptions) -> Source:
    _check_plain(path)
    name, suffix = printable(path.stem), path.suffix.lower()
    ending = next((ending for ending in _TEXT if path.name.lower().endswith(ending)), "")
    if ending:
        return TextSource(printable(path.name[: -len(ending)] or path.name), path)
    if suffix in (".npz", ".npy"):
        from steadygan.data.sources.arrays import open_arrays

        return open_arrays(path, name, options)
    if suffix == ".csv":
        from steadygan.data.sources.csv_table import open_csv

        return open_csv(path, name, options)
    if suffix == ".parquet":
        from steadygan.data.parquet.tables import split_of, tables_of_file

        folder = printable(path.resolve().parent.name)
        return _of_tables(tables_of_file(path, folder if split_of(path, path.parent) else name), options)
    from steadygan.data.sources.idx import is_images, open_idx

    if is_images(path):
        return open_idx(path, printable(path.resolve().parent.name), options)
    if "labels" in path.name.lower() and "idx1" in path.name.lower():
        raise DataError(f"'{shown(path)}' holds labels; give the file of pictures (…images-idx3-ubyte), or the folder")
    if _is_packed(path):
        alone = suffix in _PACKED_FILES and ".tar" not in path.name.lower()
        what = "packed; unpack it and give the file" if alone else "an archive; unpack it and give the folder"
        raise DataError(f"'{shown(path)}' is {what}")
    if suffix in (".pkl", ".pickle", ".pt", ".pth"):
        raise DataError(f"'{shown(path)}' is a pickle, which can run code when it is loaded; save the arrays as .npz")
    from steadygan.data.images.formats import picture_suffixes

    if suffix in picture_suffixes():
        raise DataError(f"'{shown(path)}' is a single picture; give the folder it lies in")
    raise DataError(
        f"'{shown(path)}' cannot be read as data: "
        "known are folders of pictures, .npz, .npy, .csv, .parquet, idx and .txt files"
    )


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(_PACKED) and "ubyte" not in path.name.lower()


def _check_plain(path: Path) -> None:
    """Raises DataError for what is no file: reading a FIFO would wait for ever."""
    try:
        open_regular(path).close()
    except OSError as error:
        raise DataError(f"cannot read '{shown(path)}': {why(error)}") from error


def _open_folder(path: Path, options: DataOptions, counted: Callable[[int], None] | None) -> Source:
    from steadygan.data.sources.beside import pictures_are_meant
    from steadygan.data.sources.folder import open_folder
    from steadygan.data.sources.walk import walk

    name = printable(Path(os.path.abspath(path)).name) or "root"
    files = walk(path, counted)
    if pictures_are_meant(files):
        return open_folder(files, name, options.labels)
    source = _open_files(path, name, files, options)
    notes = (f"{len(files.pictures):,} pictures beside the data are not used.",) if files.pictures else ()
    return (
        replace(source, notes=(*source.notes, *notes)) if isinstance(source, PictureSource | NumberSource) else source
    )


def _open_files(path: Path, name: str, files: Walk, options: DataOptions) -> Source:
    """The source of a folder whose data is not in files of pictures."""
    from steadygan.data.sources.idx import choose_images, is_images, open_idx

    others = [file for file in files.others if not file.parts[-1].startswith(".")]  # macOS leaves ._name beside name
    tables = [file.path for file in others if file.path.suffix.lower() == ".parquet"]
    if tables:
        from steadygan.data.parquet.tables import tables_of_files

        return _of_tables(tables_of_files(tables, path, name), options)
    idx = [file.path for file in others if is_images(file.path)]
    if idx:
        return open_idx(choose_images(path, idx), name, options)
    arrays = [file for file in others if file.path.suffix.lower() in (".npz", ".npy")]
    if len(arrays) == 1:
        return _open_file(arrays[0].path, options)
    if arrays:
        from steadygan.data.sources.array_folder import open_array_folder

        of_files = open_array_folder(path, name, arrays, options)
        if of_files is not None:
            return of_files
    inside = ", ".join(f"{count} {ending}" for ending, count in files.ignored()[:5])
    tables = [file.path for file in others if file.path.suffix.lower() == ".csv"]
    texts = [file.path for file in others if file.path.name.lower().endswith(_TEXT)]
    remedy = ""
    if arrays:
        remedy = "; name one of the array files"
    elif any(_is_packed(file.path) for file in others if file.path not in texts):
        remedy = "; unpack the archives first"
    elif tables:
        remedy = f"; name the table: '{shown(tables[0])}'" if len(tables) == 1 else "; name one of the tables"
    elif texts:
        remedy = "; name one of the files of text"
    few = "too few" if files.pictures else "no"
    raise DataError(f"folder '{shown(path)}' holds {few} pictures ({inside or 'it is empty'}){remedy}")


def _not_found(source: str, path: Path) -> UsageError:
    """The error for a missing path or an unknown name, with the nearest one that exists."""
    looks_like_path = os.sep in source or "/" in source or source.startswith((".", "~")) or path.suffix != ""
    if len(source) > _LONGEST_SHOWN:
        start = printable(source[:_LONGEST_SHOWN])
        return UsageError(
            f"there is no data source '{start}…' ({len(source):,} characters): a path or a name is needed"
        )
    wild = next((place for place, part in enumerate(path.parts) if _WILDCARD.search(part)), 0)
    if _WILDCARD.search(source) and "://" not in source:
        folder = Path(*path.parts[:wild])
        return UsageError(
            f"there is no '{shown(path)}': wildcards stand for nothing here; give the folder '{shown(folder)}'"
        )
    siblings: list[str] = []
    parent = path.parent
    while not parent.is_dir() and parent != parent.parent:
        path, parent = parent, parent.parent
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        siblings = sorted(entry.name for entry in itertools.islice(entries, _MOST_SIBLINGS))
    if looks_like_path:
        hint = nearest(path.name, siblings)
        return UsageError(
            f"there is no '{shown(path)}'{hint}" if hint else f"there is no '{shown(path)}' (data source '{source}')"
        )
    hint = nearest(source, [*NAMES, *siblings])
    return UsageError(f"unknown data source '{source}'{hint} (a path, or one of {', '.join(NAMES)})")

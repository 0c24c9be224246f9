"""Folders that hold pictures and other data: which of them is meant, or a line that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan.data.images.pictures import printable
from steadygan.data.reading import shown
from steadygan.data.sources.splits import common_depth
from steadygan.data.sources.walk import File, Walk
from steadygan.errors import DataError

FEWEST = 16
"""samples that can be trained on"""


@dataclass(frozen=True, eq=False)
class _Other:
    """Samples that are no picture files."""

    what: str
    files: list[File]
    count: int


def pictures_are_meant(walked: Walk) -> bool:
    """True if the pictures of a folder are its data, false if they are a few beside other data.

    Raises:
        DataError: one line, if both could be trained on.
    """
    if not walked.pictures:
        return False
    files = [file for file in walked.others if not file.parts[-1].startswith(".")]
    other = _parquet(files) or _idx(files) or _arrays(files, walked.pictures)
    if other is None or other.count < FEWEST:
        return True
    if len(walked.pictures) < FEWEST:
        return False
    places = [_place(walked.root, files) for files in (walked.pictures, other.files)]
    apart = [f"'{shown(place)}'" for place in places if place != walked.root]
    give = f"give {' or '.join(apart)}" if len(apart) == 2 and apart[0] != apart[1] else "move one into its own folder"
    raise DataError(
        f"folder '{shown(walked.root)}' holds two sets of data, {len(walked.pictures):,} pictures in "
        f"'{shown(places[0])}' and {other.what} in '{shown(places[1])}': {give}"
    )


def _parquet(files: Sequence[File]) -> _Other | None:
    """Tables with pictures; other ones, such as metadata, are no samples."""
    tables = [file for file in files if _ending(file) == ".parquet"]
    if not tables:
        return None
    from steadygan.data.parquet.tables import choose_columns, opened_table

    try:
        choose_columns(tables[0].path)
        with opened_table(tables[0].path) as table:
            rows = table.metadata.num_rows
    except DataError:
        return None
    return _Other(f"{len(tables):,} parquet file{'s' * (len(tables) > 1)}", tables, max(rows, len(tables)))


def _idx(files: Sequence[File]) -> _Other | None:
    from steadygan.data.sources.idx import is_images

    found = [file for file in files if is_images(file.path)]
    return _Other("idx files", found, FEWEST) if found else None


def _arrays(files: Sequence[File], pictures: Sequence[File]) -> _Other | None:
    """Few files with many samples each, or many .npy files of one sample each that are not beside pictures."""
    arrays = [file for file in files if _ending(file) in (".npy", ".npz")]
    few_pictures = len(pictures) < FEWEST
    if len(arrays) < FEWEST:
        large = [file for file in arrays if _holds_samples(file.path, 2 if few_pictures else 3)]
        return _Other(f"arrays ({printable(large[0].parts[-1])})", large, FEWEST) if large else None
    folders = set() if few_pictures else {file.parts[:-1] for file in pictures}
    alone = [file for file in arrays if _ending(file) == ".npy" and file.parts[:-1] not in folders]
    return _Other(f"{len(alone):,} .npy files", alone, len(alone))


def _holds_samples(path: Path, dimensions: int) -> bool:
    """True for a file with an array of enough samples; beside many pictures, numbers and vectors belong to these."""
    from steadygan.data.sources.arrays import headers

    try:
        shapes = [array.shape for array in headers(path).values()]
    except DataError:
        return False
    return any(len(shape) >= dimensions and shape[0] >= FEWEST for shape in shapes)


def _ending(file: File) -> str:
    return file.path.suffix.lower()


def _place(root: Path, files: Sequence[File]) -> Path:
    """The file itself, or the folder that all files lie in."""
    if len(files) == 1:
        return files[0].path
    return root.joinpath(*files[0].parts[: common_depth(files)])

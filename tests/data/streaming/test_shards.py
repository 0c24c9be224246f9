"""A stream of another format: all that it needs is an implementation of Shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions
from steadygan.data.streaming.open import open_stream
from steadygan.data.streaming.shards import (
    Encoded,
    Group,
    Shards,
    ShardSource,
    ShardSplits,
    encoded_bytes,
    picture_count,
    pictures_of,
)
from steadygan.errors import DataError
from tests.data.making import encoded
from tests.data.shards import number_of, numbered


@dataclass(frozen=True, eq=False)
class Tars:
    """Shards in memory: files of numbered pictures, each file one group."""

    files: tuple[range, ...]
    labelled: bool = True

    @property
    def groups(self) -> tuple[Group, ...]:
        sizes = [sum(len(one.picture) for one in self.read(number)) for number in range(len(self.files))]
        named = [Path(f"{numbers.start:04d}.tar") for numbers in self.files]
        return tuple(Group(named[i], 0, len(self.files[i]), sizes[i], "tar") for i in range(len(sizes)))

    def read(self, number: int) -> list[Encoded]:
        raw = [(n, encoded(Image.fromarray(numbered(n)[0]))) for n in self.files[number]]
        return [Encoded(b"broken" if n == 33 else picture, n % 3 if self.labelled else 0) for n, picture in raw]

    def select(self, numbers: Sequence[int]) -> Tars:
        return replace(self, files=tuple(self.files[number] for number in numbers))

    def without_labels(self) -> Tars:
        return replace(self, labelled=False)


def source_of(train: Shards, classes: int = 3) -> ShardSource:
    names = tuple(map(str, range(classes)))
    splits = ShardSplits(train, Tars(()), names, ("Tars are made up.",))
    return ShardSource("made-up", "tar", "tar", "ten pictures each", "test", lambda use_labels: splits)


FILES = tuple(range(start, start + 10) for start in range(0, 100, 10))


def test_another_format_is_streamed_like_parquet() -> None:
    data = open_stream(source_of(Tars(FILES)), DataOptions(stream=True, window=40))
    assert (len(data.train), len(data.held_out), data.sample.classes) == (90, 10, 3)
    assert data.audit is not None and data.audit.kind == "tar, streamed"
    sentences = "\n".join(data.audit.lines())
    assert "90 pictures in 9 tars of 9 files" in sentences and "Tars are made up." in sentences
    try:
        samples, labels = data.train.rows(np.arange(90))
        assert labels is not None
        numbers = [number_of(pixels) for pixels in samples]
        assert labels.tolist() == [number % 3 for number in numbers]
        held_out = {number_of(pixels) for pixels in data.held_out.samples}
        assert set(numbers) | held_out == set(range(100)) - {33}
        assert data.train.replaced == 1 and numbers.count(34) == 2
        (note,) = data.train.notes()
        assert note.startswith("1 picture could not be decoded and was replaced by the next in the same group")
        assert "tar 0 of '0030.tar', row 3" in note
    finally:
        data.train.close()


def test_labels_are_not_read_without_classes() -> None:
    data = open_stream(source_of(Tars(FILES), classes=1), DataOptions(stream=True))
    assert data.sample.classes == 0 and data.held_out.labels is None
    data.train.close()


def test_errors_name_the_groups_as_the_format_does() -> None:
    with pytest.raises(DataError, match=r"has 1 tar, .* write the file with smaller ones \(ten pictures each\)"):
        open_stream(source_of(Tars(FILES[:1])), DataOptions(stream=True))
    with pytest.raises(DataError, match=r"^tar 0 of '\d+\.tar' has 10 pictures .* with smaller tars"):
        open_stream(source_of(Tars(FILES)), DataOptions(stream=True, window=5))


def test_shards_are_counted_and_read_in_order() -> None:
    shards = Tars(FILES[:2])
    pictures = pictures_of(shards)
    assert picture_count(shards) == pictures.count == 20
    assert encoded_bytes(shards) == sum(group.nbytes for group in shards.groups)
    assert list(pictures.read()) == [one.picture for number in range(2) for one in shards.read(number)]
    assert pictures.labels is not None and pictures.labels.tolist() == [n % 3 for n in range(20)]
    assert pictures.name_of(12) == "tar 0 of '0010.tar', row 2"

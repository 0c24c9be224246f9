"""Formats that packages teach Pillow, as pillow-heif does."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from steadygan.data import DataOptions, open_data
from steadygan.data.images import formats
from steadygan.data.images.formats import formats_key, known_elsewhere, picture_formats
from steadygan.data.images.workers import Workers
from steadygan.errors import DataError
from tests.data.making import encoded, picture

MAGIC = b"HEICLIKE"


class Plugin(ImageFile.ImageFile):
    """A format that is a PNG behind a few bytes."""

    format = "HEIF"
    format_description = "a stand-in"

    def _open(self) -> None:
        self.fp.seek(len(MAGIC))
        self.inner = Image.open(io.BytesIO(self.fp.read()))
        self._mode, self._size = self.inner.mode, self.inner.size
        self.tile = []

    def load(self) -> object:
        self.inner.load()
        self.im = self.inner.im
        return super().load()


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Registers the plugin; afterwards Pillow is as it was."""
    formats.load_formats()
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    return lambda: Image.register_open("HEIF", Plugin, lambda prefix: prefix.startswith(MAGIC))


def options(folder: Path, plain: int) -> DataOptions:
    """20 pictures of the format, and some others."""
    folder.mkdir()
    for number in range(20 + plain):
        content, heic = encoded(picture(number)), number < 20
        (folder / f"{number:03d}.{'heic' if heic else 'png'}").write_bytes(MAGIC + content if heic else content)
    return DataOptions(source=str(folder), cache=str(folder.parent / "cache"))


def test_what_was_unreadable_is_read_once_the_package_is_there(tmp_path: Path, register: Callable[[], None]) -> None:
    photos = options(tmp_path / "photos", 0)
    with pytest.raises(DataError, match="20 read if pillow-heif is installed"):
        open_data(photos)
    register()
    data = open_data(photos)
    assert len(data.train) + len(data.held_out) == 20


def test_pictures_that_were_left_out_come_back(tmp_path: Path, register: Callable[[], None]) -> None:
    photos, counts = options(tmp_path / "photos", 181), []
    for _ in range(2):
        data = open_data(photos)
        counts.append(len(data.train) + len(data.held_out))
        register()
    assert counts == [181, 201]


def test_processes_that_would_not_know_a_format_are_not_started(register: Callable[[], None]) -> None:
    before = formats_key()
    assert known_elsewhere()
    register()
    assert "HEIF" in picture_formats() and formats_key() != before and not known_elsewhere()
    workers = Workers(2, processes=True)
    assert workers._children is None
    workers.close()

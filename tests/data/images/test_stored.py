"""TIFFs whose tags Pillow leaves to its caller: which end is white, the sign, the order of bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.images.decode import Plan, decode
from steadygan.data.images.depth import AS_STORED, Levels, Unreadable
from steadygan.data.images.inspection import inspect_source
from steadygan.data.images.scan import read_anew, read_head
from steadygan.data.sources.find import find_source
from steadygan.errors import DataError
from tests.data.sources.test_memory import opened

RAMP = np.linspace(0, 1, 64).reshape(8, 8)
FORMATS = {"u": 1, "i": 2, "f": 3}
GREY8 = Plan(8, 1)


def tiff(numbers: np.ndarray, *, white_is_zero: bool = False, order: str = "<", packed: bool = False, turn: int = 1):
    """A grey TIFF in one strip; ``order`` is of bytes, ``turn`` the orientation."""
    content = numbers.astype(numbers.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]
    content = zlib.compress(content) if packed else content
    height, width = numbers.shape
    tags = {
        256: width, 257: height, 258: 8 * numbers.dtype.itemsize, 259: 8 if packed else 1, 262: int(not white_is_zero),
        273: 8, 274: turn, 277: 1, 278: height, 279: len(content), 339: FORMATS[numbers.dtype.kind],
    }  # fmt: skip
    table = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(content))
    return head + content + struct.pack(f"{order}H", len(tags)) + table + bytes(4)


def folder(place: Path, stored: np.ndarray, **tags: Any) -> DataOptions:
    place.mkdir()
    for number, numbers in enumerate(stored):
        (place / f"{number}.tif").write_bytes(tiff(numbers, **tags))
    return DataOptions(str(place))


def levels(options: DataOptions) -> set[bytes]:
    """All decoded pictures."""
    data = open_data(options)
    return {row.tobytes() for part in (data.train, data.held_out) for row in np.asarray(part.samples)}


def expected(stored: np.ndarray, low: float, high: float) -> set[bytes]:
    scaled = np.rint((stored.astype(np.float64) - low) * 255 / (high - low)).clip(0, 255).astype(np.uint8)
    return {row.tobytes() for row in scaled}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_white_as_zero_is_inverted_in_every_depth(kind: str, packed: bool) -> None:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    stored = levels if kind == "u1" else levels.astype(np.uint16) * 257
    assert (decode(tiff(stored, white_is_zero=True, packed=packed), GREY8)[0] == 255 - levels).all()
    assert (decode(tiff(stored, packed=packed), GREY8)[0] == levels).all()


def test_a_turned_picture_is_inverted_too() -> None:
    stored = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1028
    turned = decode(tiff(stored, white_is_zero=True, turn=6), GREY8)[0]
    assert (turned == np.rot90(255 - stored // 257, -1)).all()


def test_a_folder_of_white_as_zero_is_measured_as_it_is_decoded(tmp_path: Path) -> None:
    stored = np.rint(np.linspace(61440, 65535, 20 * 64)).astype(np.uint16).reshape(20, 8, 8)
    options = folder(tmp_path / "set", stored, white_is_zero=True)
    assert levels(options) == expected(65535 - stored, 0, 4095)
    assert audit_data(options).formats == (("TIFF of 16 bits with 0 as white", 20),)
    assert all(read_anew(scan, AS_STORED) for scan in inspect_source(find_source(options), options).scans)


def test_fractions_with_white_as_zero_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="fractions with 0 as white"):
        decode(tiff(RAMP.astype(np.float32), white_is_zero=True), GREY8)
    with pytest.raises(DataError, match="20 fractions with 0 as white"):
        open_data(folder(tmp_path / "set", np.stack([RAMP.astype(np.float32)] * 20), white_is_zero=True))


@pytest.mark.parametrize("packed", [False, True])
def test_unsigned_numbers_of_32_bits_are_not_negative(tmp_path: Path, packed: bool) -> None:
    stored = np.linspace(0, 4.2e9, 20 * 64).reshape(20, 8, 8).astype(np.uint32)
    assert levels(folder(tmp_path / "set", stored, packed=packed)) == expected(stored, 0, 2**32 - 1)


@pytest.mark.parametrize("packed", [False, True])
def test_signed_bytes_are_negative_below_zero(tmp_path: Path, packed: bool) -> None:
    stored = np.rint(np.linspace(-100, 90, 20 * 64)).astype(np.int8).reshape(20, 8, 8)
    assert levels(folder(tmp_path / "set", stored, packed=packed)) == expected(stored, -100, 90)


def test_signed_bytes_are_grey_and_beside_unsigned_ones_have_a_range_of_their_own(tmp_path: Path) -> None:
    signed = np.rint(np.linspace(-100, 90, 20 * 64)).astype(np.int8).reshape(20, 8, 8)
    unsigned = np.rint(np.linspace(0, 255, 20 * 64)).astype(np.uint8).reshape(20, 8, 8)
    options = folder(tmp_path / "set", signed)
    for number, numbers in enumerate(unsigned):
        (tmp_path / "set" / f"u{number}.tif").write_bytes(tiff(numbers))
    assert levels(options) == expected(signed, -100, 90) | expected(unsigned, 0, 255)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["i2", "i4", "f4"])
def test_signed_numbers_and_fractions_of_any_order_of_bytes(kind: str, packed: bool, order: str) -> None:
    stored = np.rint(RAMP * 60_000 - 30_000).astype(kind)
    plan = Plan(8, 1, levels=Levels(whole=(-30_000, 30_000), real=(-30_000, 30_000)))
    assert (decode(tiff(stored, order=order, packed=packed), plan)[0] == np.rint(RAMP * 255)).all()


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "u4", "f4"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_other_numbers_with_white_as_zero_are_never_read_as_positives(kind: str, packed: bool, order: str) -> None:
    stored = tiff(np.rint(RAMP * 100).astype(kind), white_is_zero=True, packed=packed, order=order)
    assert read_head(stored).error


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize(
    ("stored", "white_is_zero"),
    [
        (np.linspace(0, 65535, 20 * 64).astype(np.uint16), True),
        (np.linspace(-100, 90, 20 * 64).astype(np.int8), False),
        (np.linspace(0, 2e9, 20 * 64).astype(np.uint32), False),
        (np.linspace(-2e9, 2e9, 20 * 64).astype(np.int32), False),
        (np.linspace(-1, 1, 20 * 64).astype(np.float32), False),
    ],
)
def test_pictures_in_memory_are_read_as_their_files(
    tmp_path: Path, stored: np.ndarray, white_is_zero: bool, loaded: bool
) -> None:
    options = folder(tmp_path / "set", stored.reshape(20, 8, 8), white_is_zero=white_is_zero)
    pictures = [Image.open(path) for path in sorted((tmp_path / "set").iterdir())]
    if loaded:
        for picture in pictures:
            picture.load()
    dataset = opened(pictures)
    rows = {row.tobytes() for part in (dataset.train, dataset.held_out) for row in np.asarray(part.samples)}
    assert rows == levels(options)

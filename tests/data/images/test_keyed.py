"""Transparency of files without a usual alpha channel: transparent colours of PNGs, and BMPs of 32 bits."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.images.decode import Plan, decode
from steadygan.data.images.depth import AS_STORED, Levels
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.scan import read_anew, scan
from steadygan.data.images.transparency import is_transparent

SIDE = 8
WHITE = 255
HALF = np.arange(SIDE) < SIDE // 2  # the left columns


def png(numbers: np.ndarray, bits: int, key: tuple[int, ...] | int | None, extra: bytes = b"") -> bytes:
    """A PNG of numbers [H, W] or [H, W, 3] with a transparent colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = numbers.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, bits, 2 if numbers.ndim == 3 else 0, 0, 0, 0)
    if bits < 8:
        ones = np.unpackbits(numbers.astype(np.uint8)[..., None], axis=-1)[..., -bits:]
        rows = [b"\0" + np.packbits(row).tobytes() for row in ones]
    else:
        rows = [b"\0" + row.astype(">u2" if bits == 16 else np.uint8).tobytes() for row in numbers]
    transparent = b"" if key is None else chunk(b"tRNS", np.atleast_1d(key).astype(">u2").tobytes())
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + transparent
        + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    )  # fmt: skip


def numbers(most: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Random numbers, even ones in the left half and odd ones in the right, up to ``most``."""
    shape = (SIDE, SIDE) if channels == 1 else (SIDE, SIDE, channels)
    made = np.random.default_rng(seed).integers(0, most + 1, shape) & ~1
    made[:, ~HALF] |= 1
    return made


def alpha(picture: np.ndarray) -> list[int]:
    """The alpha of the columns, which is the same in all rows."""
    assert (picture[-1] == picture[-1, :1]).all()
    return picture[-1, 0].tolist()


def folder(place: Path, files: list[bytes], kind: str = "png", **options: Any) -> DataOptions:
    place.mkdir()
    for number, content in enumerate(files):
        (place / f"{number}.{kind}").write_bytes(content)
    return DataOptions(str(place), **options)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("low", [0.0, 1.0])
def test_a_transparent_grey_is_transparent_in_every_depth_and_with_any_range(bits: int, low: float) -> None:
    most = 2**bits - 1
    stored = numbers(most)
    key = most - 1
    stored[:, HALF] = key
    plan = Plan(SIDE, 2, levels=Levels(bytes=(low, 255.0), whole=(low, 65535.0)), kept=True)
    content = png(stored, bits, key)
    assert is_transparent(content)
    kept = decode(content, plan)
    assert alpha(kept) == [0] * 4 + [255] * 4
    scaled = np.rint((stored[:, ~HALF] * (255 / most if bits < 16 else 1) - low) * 255 / ((255, 65535)[bits > 8] - low))
    assert (kept[0][:, ~HALF] == scaled.clip(0, 255)).all() and (kept[0][:, HALF] == WHITE).all()
    over_white = decode(content, Plan(SIDE, 1, levels=plan.levels))[0]
    assert (over_white[:, HALF] == WHITE).all() and (over_white[:, ~HALF] == kept[0][:, ~HALF]).all()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("most", [200.0, 255.0])
def test_a_transparent_colour_is_transparent_in_every_depth_and_with_any_range(bits: int, most: float) -> None:
    stored = numbers(2**bits - 1, 3)
    stored[:, HALF] = (6, 8, 10)
    content = png(stored, bits, (6, 8, 10))
    kept = decode(content, Plan(SIDE, 4, levels=Levels(bytes=(0.0, most)), kept=True))
    assert alpha(kept) == [0] * 4 + [255] * 4
    upper = stored[:, ~HALF] >> (bits - 8)
    assert (kept[:3, :, ~HALF].transpose(1, 2, 0) == np.rint(upper * (255 / most)).clip(0, 255)).all()


def test_colours_that_share_only_their_upper_bytes_with_the_transparent_one_are_opaque() -> None:
    stored = np.zeros((SIDE, SIDE, 3), int)
    stored[:, HALF] = (0, 0, 7)
    for shifted in (stored, stored + 0x1200):
        content = png(shifted, 16, tuple(shifted[0, 0]))
        assert alpha(decode(content, Plan(SIDE, 4, kept=True))) == [0] * 4 + [255] * 4


def test_bits_of_a_key_beyond_those_of_the_pixels_do_not_count() -> None:
    stored = numbers(200)
    stored[:, HALF] = 6
    assert alpha(decode(png(stored, 8, 0x1206), Plan(SIDE, 2, kept=True))) == [0] * 4 + [255] * 4


def test_a_turned_picture_keeps_its_transparent_part() -> None:
    turn = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = struct.pack(">I", len(turn)) + b"eXIf" + turn + struct.pack(">I", zlib.crc32(b"eXIf" + turn))
    for stored, key in ((numbers(65535), 6), (numbers(65535, 3), (6, 6, 6))):
        stored[:, HALF] = 6
        kept = decode(png(stored, 16, key, exif), Plan(SIDE, 4, kept=True))
        assert kept[3, :, 0].tolist() == [0] * 4 + [255] * 4


def test_only_files_whose_pixels_were_read_otherwise_have_new_hashes() -> None:
    def anew(content: bytes, levels: Levels = AS_STORED) -> bool:
        return read_anew(scan(Pictures(1, lambda: iter([content]), str)), levels)

    grey, colour = numbers(200), numbers(200, 3)
    assert not anew(png(grey, 8, 6)) and not anew(png(colour, 8, (6, 6, 6))) and not anew(png(colour, 16, None))
    assert anew(png(grey, 8, 6), Levels(bytes=(0.0, 200.0))) and not anew(
        png(grey, 8, None), Levels(bytes=(0.0, 200.0))
    )
    assert anew(png(grey & 15, 4, 6)) and anew(png(grey, 16, 6)) and anew(png(colour, 16, (6, 6, 6)))


@pytest.mark.parametrize(("bits", "channels"), [(16, 1), (16, 3), (8, 3), (4, 1)])
def test_the_audit_tells_the_truth_of_transparent_colours(tmp_path: Path, bits: int, channels: int) -> None:
    files = []
    for seed in range(20):
        stored = numbers(2**bits - 1, channels, seed)
        stored[:, HALF] = 6
        files.append(png(stored, bits, (6,) * channels))
    options = folder(tmp_path / "set", files, alpha="auto")
    audit = audit_data(options)
    assert "transparency is kept (the pictures use it" in " ".join(audit.what_training_will_do)
    assert audit.formats[0][0].startswith("PNG with a transparent colour")
    samples = np.asarray(open_data(options).train.samples)
    assert all(alpha(sample) == [0] * 4 + [255] * 4 for sample in samples)
    flat = audit_data(DataOptions(options.source)).what_training_will_do
    assert "transparent parts become white" in " ".join(flat)


def test_a_transparent_colour_has_no_part_in_the_range(tmp_path: Path) -> None:
    files = []
    for seed in range(20):
        stored = numbers(4095, seed=seed)
        stored[0, -1], stored[:, HALF] = 4095, 65535
        files.append(png(stored, 16, 65535))
    samples = np.asarray(open_data(folder(tmp_path / "set", files, alpha="auto")).train.samples)
    assert (samples[:, 0, 0, -1] == 255).all() and len(np.unique(samples[:, 0])) > 100


def test_pictures_that_are_transparent_throughout_have_no_range_and_are_read(tmp_path: Path) -> None:
    files = [png(numbers(4095, seed=seed) | 2048, 16, 6) for seed in range(20)] + [png(np.full((8, 8), 6), 16, 6)]
    data = open_data(folder(tmp_path / "set", files, alpha="keep"))
    assert len(data.train) + len(data.held_out) == 21


def bmp(pixels: np.ndarray) -> bytes:
    """A BMP of 32 bits whose header names alpha, of pixels [H, W, 4] in RGBA."""
    content = np.ascontiguousarray(pixels[::-1, :, [2, 1, 0, 3]]).tobytes()
    height, width = pixels.shape[:2]
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII4I52x", 108, width, height, 1, 32, 3, len(content), 0, 0, 0, 0, *masks)
    return struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(content), 0, 0, 14 + len(head)) + head + content


def tga(pixels: np.ndarray, bits_of_alpha: int) -> bytes:
    """A TGA of 32 bits, of pixels [H, W, 4] in RGBA."""
    height, width = pixels.shape[:2]
    head = struct.pack("<BBB5xHHHHBB", 0, 0, 2, 0, 0, width, height, 32, 32 | bits_of_alpha)
    return head + np.ascontiguousarray(pixels[..., [2, 1, 0, 3]]).tobytes()


def coloured(seed: int, left: int) -> np.ndarray:
    """Random colours, of this alpha in the left half."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    pixels[:, HALF, 3] = left
    return pixels


def test_bmps_with_alpha_keep_it(tmp_path: Path) -> None:
    options = folder(tmp_path / "set", [bmp(coloured(seed, 0)) for seed in range(20)], "bmp", alpha="auto")
    samples = np.asarray(open_data(options).train.samples)
    assert samples.shape[1] == 4 and all(alpha(sample) == [0] * 4 + [255] * 4 for sample in samples)


def test_tgas_without_alpha_by_their_header_are_opaque_if_their_fourth_bytes_are_all_zero() -> None:
    blank = coloured(0, 255)
    blank[..., 3] = 0
    plan = Plan(SIDE, 4)
    assert alpha(decode(tga(blank, 0), plan)) == [255] * 8
    assert alpha(decode(tga(blank, 8), plan)) == [0] * 8
    assert alpha(decode(tga(coloured(0, 0), 0), plan)) == [0] * 4 + [255] * 4


def test_bmps_whose_fourth_bytes_are_all_zero_are_opaque(tmp_path: Path) -> None:
    pixels = [coloured(seed, 255) for seed in range(20)]
    for each in pixels:
        each[..., 3] = 0
    data = open_data(folder(tmp_path / "set", [bmp(each) for each in pixels], "bmp", alpha="auto"))
    stored = {each[..., :3].transpose(2, 0, 1).tobytes() for each in pixels}
    rows = [row for part in (data.train, data.held_out) for row in np.asarray(part.samples)]
    assert {row.tobytes() for row in rows} == stored

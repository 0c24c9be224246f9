"""Decoding of pictures: sizes, colours, orientation, and what cannot be read."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from steadygan.data.images.decode import Plan, decode, quiet_pillow
from steadygan.data.images.depth import Levels, Unreadable
from steadygan.data.images.formats import picture_suffixes
from steadygan.data.images.scan import read_head
from steadygan.data.options import Fit
from tests.data.making import colours, encoded, picture

RGB8 = Plan(8, 3)
GREY8 = Plan(8, 1)


def solid(colour: object, mode: str = "RGB", size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def only(result: NDArray[np.uint8]) -> tuple[int, ...]:
    """The one colour of a decoded picture."""
    assert (result == result[:, :1, :1]).all()
    return tuple(result[:, 0, 0].tolist())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "PCX", "SGI", "QOI", "WEBP", "JPEG2000"])
def test_lossless_formats_come_out_to_the_last_bit(kind: str) -> None:
    pixels = colours(1, 16)[0]
    options = {"lossless": True} if kind == "WEBP" else {}
    result = decode(encoded(Image.fromarray(pixels), kind, **options), Plan(16, 3))
    assert result.dtype == np.uint8
    assert np.array_equal(result, pixels.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("image", "kind", "plan", "expected"),
    [
        (solid((10, 20, 30)), "PNG", RGB8, (10, 20, 30)),
        (solid(77, "L"), "PNG", RGB8, (77, 77, 77)),
        (solid(1, "1"), "PNG", RGB8, (255, 255, 255)),
        (solid(1, "1"), "TIFF", GREY8, (255,)),
        (solid((100, 100, 100)), "PNG", GREY8, (100,)),
        (solid((255, 0, 0)), "PNG", GREY8, (76,)),
        (solid((0, 255, 255, 0), "CMYK"), "TIFF", RGB8, (255, 0, 0)),
        (solid((12, 200, 90)).convert("P"), "GIF", Plan(8, 4), None),
        (solid((255, 0, 0, 128), "RGBA"), "PNG", RGB8, (255, 127, 127)),
        (solid((255, 0, 0, 0), "RGBA"), "PNG", RGB8, (255, 255, 255)),
        (solid((0, 0), "LA"), "PNG", GREY8, (255,)),
        (solid((0, 0), "LA"), "PNG", Plan(8, 2), (0, 0)),
        (solid((9, 8, 7, 6), "RGBA"), "PNG", Plan(8, 4), (9, 8, 7, 6)),
        (solid((9, 8, 7)), "PNG", Plan(8, 4), (9, 8, 7, 255)),
        (solid(50, "L"), "PNG", Plan(8, 2), (50, 255)),
        (solid((50, 60, 70), "HSV").convert("RGB"), "PNG", Plan(8, 2), None),
    ],
)
def test_every_mode_becomes_what_is_asked(
    image: Image.Image, kind: str, plan: Plan, expected: tuple[int, ...] | None
) -> None:
    result = decode(encoded(image, kind), plan)
    assert result.shape == plan.shape
    if expected is not None:
        assert all(abs(got - want) <= 1 for got, want in zip(only(result), expected, strict=True))


def test_a_transparent_palette_colour_becomes_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 0, 0, 255, *[0] * 762])
    image.paste(0, (0, 0, 4, 8))
    result = decode(encoded(image, "GIF", transparency=0), RGB8)
    assert tuple(result[:, 0, 0]) == (255, 255, 255)
    assert tuple(result[:, 0, 7]) == (0, 0, 255)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    values = np.arange(256, dtype=np.uint16).reshape(16, 16)
    for kind in ("PNG", "TIFF"):
        result = decode(encoded(Image.fromarray(values * 257), kind), Plan(16, 1))
        assert np.array_equal(result[0], values.astype(np.uint8))
    big_endian = encoded(Image.fromarray((values * 257).astype(">u2")), "TIFF")
    assert np.array_equal(decode(big_endian, Plan(16, 1))[0], values.astype(np.uint8))


def test_sixteen_bit_colour_keeps_its_range() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 65535, 32768, 0) * 8 for _ in range(8))
    assert only(decode(_png(8, 8, 16, 2, rows), RGB8)) == (255, 128, 0)


def test_float_pixels_from_0_to_1_and_from_0_to_255() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    expected = np.rint(ramp * 255)
    assert np.array_equal(decode(encoded(Image.fromarray(ramp), "TIFF"), GREY8)[0], expected)
    wide = Plan(8, 1, levels=Levels(real=(-1000.0, 3000.0)))
    stored = Image.fromarray(ramp * 4000 - 1000)
    assert np.array_equal(decode(encoded(stored, "TIFF"), wide)[0], expected)
    clipped = decode(encoded(Image.fromarray(ramp * 9), "TIFF"), GREY8)[0]
    assert np.array_equal(clipped, np.rint(255 * (9 * ramp).clip(0, 1)))
    for wrong, said in ((ramp * np.nan, "NaN"), (ramp + np.inf, "infinite")):
        with pytest.raises(Unreadable, match=said):
            decode(encoded(Image.fromarray(wrong), "TIFF"), GREY8)


def test_integers_of_32_bits() -> None:
    ramp = np.arange(64, dtype=np.int32).reshape(8, 8)
    assert np.array_equal(decode(encoded(Image.fromarray(ramp * 1028), "TIFF"), GREY8)[0], ramp * 4)
    wide = Plan(8, 1, levels=Levels(whole=(-63e6, 0.0)))
    found = decode(encoded(Image.fromarray(ramp * -(10**6)), "TIFF"), wide)[0]
    assert np.array_equal(found, np.rint((63 - ramp) * 255 / 63))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_turned_upright(kind: str, turn: int) -> None:
    upright = Image.new("RGB", (16, 16), "white")
    upright.paste((255, 0, 0), (0, 0, 8, 8))
    upright.paste((0, 0, 255), (8, 0, 16, 8))
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[turn]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    raw = encoded(upright.transpose(undo) if undo is not None else upright, kind, exif=exif, **options)
    result = decode(raw, Plan(16, 3)).astype(int)
    expected = np.asarray(upright).transpose(2, 0, 1).astype(int)
    assert abs(result[:, 2:6, 2:6] - expected[:, 2:6, 2:6]).max() < 12
    assert abs(result[:, 2:6, 10:14] - expected[:, 2:6, 10:14]).max() < 12
    assert abs(result[:, 10:14, :] - expected[:, 10:14, :]).max() < 12
    assert read_head(raw).rotated == (turn > 1)


def test_sizes_are_told_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "TIFF"):
        head = read_head(encoded(picture(size=(30, 10)), kind, exif=exif))
        assert head.size == (10, 30)


def test_broken_exif_means_upright() -> None:
    raw = encoded(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff broken")
    with quiet_pillow():
        assert decode(raw, Plan(16, 3)).shape == (3, 16, 16)


def test_crop_keeps_the_middle() -> None:
    for size in ((90, 30), (30, 90)):
        image = Image.new("RGB", size, (255, 0, 0))
        middle = (30, 0, 60, 30) if size[0] > size[1] else (0, 30, 30, 60)
        image.paste((0, 255, 0), middle)
        result = decode(encoded(image), Plan(10, 3))
        assert (result[1, 1:-1, 1:-1] >= 250).all()
        assert (result[0, 1:-1, 1:-1] <= 5).all()


def test_pad_keeps_everything_and_fills_with_black() -> None:
    result = decode(encoded(solid((255, 255, 255), size=(40, 20))), Plan(8, 3, "pad"))
    assert (result[:, 2:6] == 255).all()
    assert (result[:, :2] == 0).all()
    assert (result[:, 6:] == 0).all()
    tall = decode(encoded(solid((1, 2, 3), size=(1, 500))), Plan(8, 3, "pad"))
    assert tall.shape == (3, 8, 8)
    assert tall.any()


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (8, 8), (9, 8), (2, 900), (900, 2), (257, 511)])
def test_any_size_becomes_the_size_asked(size: tuple[int, int], fit: Fit) -> None:
    assert decode(encoded(picture(size=size)), Plan(8, 3, fit)).shape == (3, 8, 8)


def test_shrinking_is_antialiased() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    result = decode(encoded(Image.fromarray(checks.astype(np.uint8))), GREY8)
    assert abs(result.astype(int) - 127.5).max() < 8


def test_large_jpegs_are_decoded_small_and_come_out_the_same() -> None:
    across, down = np.meshgrid(np.linspace(0, 255, 1200), np.linspace(0, 255, 900))
    image = Image.fromarray(np.stack([across, down, 255 - across], axis=-1).astype(np.uint8))
    jpeg = decode(encoded(image, "JPEG", quality=95), Plan(32, 3)).astype(int)
    exact = decode(encoded(image, "PNG"), Plan(32, 3)).astype(int)
    assert abs(jpeg - exact).max() <= 3


def test_jpegs_of_cmyk_and_grey() -> None:
    assert only(decode(encoded(solid((0, 0, 0, 255), "CMYK"), "JPEG"), RGB8)) == (0, 0, 0)
    assert only(decode(encoded(solid(128, "L"), "JPEG"), GREY8)) == (128,)


def test_of_animated_files_the_first_frame_is_used() -> None:
    frames = [solid((255, 0, 0)), solid((0, 255, 0))]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        raw = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert only(decode(raw, RGB8)) == (255, 0, 0)
        assert read_head(raw).animated


def _png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("side", "megapixels"), [(10_500, 110), (40_000, 1600)])
def test_a_decompression_bomb_is_one_unreadable_file(side: int, megapixels: int) -> None:
    bomb = _png(side, side, 1, 0, b"\0" * 100)
    said = f"too large \\({megapixels} megapixels"
    with warnings.catch_warnings(record=True) as warned, quiet_pillow(), pytest.raises(Unreadable, match=said):
        decode(bomb, RGB8)
    assert not warned


def test_a_file_too_large_for_a_picture_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture()))
    assert not read_head(path).error
    os.truncate(path, 10**12)  # it takes no room: the file has a hole
    assert read_head(path).error == "too large (a file of 1.0 TB)"


def test_the_reasons_of_unreadable_files_are_a_few_words(tmp_path: Path) -> None:
    good = encoded(picture(size=(64, 64)), "JPEG", quality=95)
    cases = {
        b"": "empty",
        b"hello, I am text": "not a picture that Pillow knows",
        good[: len(good) // 2]: "truncated",
        good[:20]: "truncated",
    }
    for content, expected in cases.items():
        with pytest.raises(Unreadable) as error:
            decode(content, RGB8)
        assert str(error.value).startswith((expected, "corrupt", "not a picture"))
        if expected in ("empty", "truncated") and len(content) != 20:
            assert str(error.value) == expected
    with pytest.raises(Unreadable, match="broken link"):
        decode(tmp_path / "missing.png", RGB8)
    with pytest.raises(Unreadable, match="not a regular file"):
        decode(tmp_path, RGB8)


def test_broken_bytes_anywhere_are_unreadable_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    sources = [encoded(picture(size=(40, 30)), kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")]
    broken = 0
    for raw in sources:
        for _ in range(40):
            content = bytearray(raw)
            for place in rng.integers(0, len(content), 8):
                content[place] = rng.integers(0, 256)
            with quiet_pillow():
                head = read_head(bytes(content))
                try:
                    assert decode(bytes(content), RGB8).shape == (3, 8, 8)
                    assert not head.error
                except Unreadable:
                    broken += 1
    assert broken > 20


def test_postscript_named_as_a_picture_starts_no_other_program() -> None:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(Unreadable, match="not a picture"):
        decode(eps, RGB8)
    assert ".eps" not in picture_suffixes()
    assert {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tiff", ".bmp", ".heic"} <= picture_suffixes()


def test_arrays_of_the_right_shape_are_left_as_they_are() -> None:
    array = colours(1, 8)[0].transpose(2, 0, 1)
    assert decode(array, RGB8) is array


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_arrays_of_any_channels_become_any_channels(channels: int, wanted: int) -> None:
    array = np.full((channels, 6, 10), 200, dtype=np.uint8)
    result = decode(array, Plan(8, wanted))
    assert result.shape == (wanted, 8, 8)
    if channels in (1, 3) and wanted in (1, 3):
        assert (result == 200).all()

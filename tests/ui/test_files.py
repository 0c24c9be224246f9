"""Only a run's own files are read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.ui.files import SIDE, Thumbnails, inside, png, read_inside, thumbnail


def test_links_out_of_a_run_are_no_files_of_it(root: Path, tmp_path: Path) -> None:
    run = root / "done"
    (run / "samples" / "000007.png").symlink_to(tmp_path / "secret.png")
    (run / "samples" / "000008.png").symlink_to("000001.png")
    (run / "out").symlink_to(tmp_path)
    (run / "loop").symlink_to("loop")
    for path in ("samples/000007.png", "out/secret.png", "../../secret.png", "loop", "samples", "none", "a\0"):
        assert inside(run, path) is None and read_inside(run, path, 10**6) is None
    assert inside(run, "samples/000008.png") == run / "samples" / "000001.png"
    assert png(run, run / "recipe.yaml") is None and read_inside(run, "recipe.yaml", 3) is None


def test_thumbnails_are_small_and_made_once(root: Path) -> None:
    run = root / "done"
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    path = run / "samples" / "000050.png"
    Image.fromarray(pixels).save(path)
    made = Thumbnails()
    content = made.of(run, path)
    assert content is not None and max(Image.open(io.BytesIO(content)).size) == SIDE
    assert made.of(run, path) is content
    assert Thumbnails(most=1).of(run, run / "recipe.yaml") is None


def _bomb() -> bytes:
    head = struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\nIHDR", _bomb()])
def test_what_is_no_picture_has_no_thumbnail(content: bytes | None) -> None:
    assert thumbnail(content) is None

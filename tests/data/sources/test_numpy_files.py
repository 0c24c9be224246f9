"""Numpy files that are damaged, hostile or unusual."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.sources.arrays import headers
from steadygan.errors import DataError
from tests.data.making import colours


def with_header(header: str, content: bytes = b"\0" * 100) -> bytes:
    """A .npy with this text as its header."""
    text = header.encode()
    text += b" " * (64 - (10 + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def shaped(shape: Any, descr: str = "|u1", content: bytes = b"\0" * 100) -> bytes:
    return with_header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}", content)


def packed(path: Path, content: bytes, name: str = "images.npy", method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as error:
        open_data(DataOptions(source=str(path)))
    line = str(error.value)
    assert line.isprintable() and len(line) < 500
    return line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (shaped((-5, 8, 8, 3)), "its header has the shape"),
        (shaped((1,) * 100), "its header has the shape"),
        (shaped((2**40, 8, 8, 3)), "is cut short"),
        (shaped((2**62, 2**62, 2**62)), "is cut short"),
        (shaped((40, 8, 8, 0)), "empty"),
        (shaped((40, 8, 8), "|O", bytes(40 * 64 * 8)), "holds object"),
        (shaped((40, 8, 8), "|V0"), "holds |V0"),
        (with_header("(" * 3_000), "cannot read"),
        (with_header("{'descr': '|u1', 'fortran_order': False}"), "cannot read"),
        (with_header("\x1b[31m"), "cannot read"),
        (b"\x93NUMPY\x01", "cannot read"),
        (b"", "cannot read"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_headers_that_are_torn_or_lie_are_one_line(tmp_path: Path, suffix: str, content: bytes, said: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "npy":
        path.write_bytes(content)
    else:
        packed(path, content)
    assert said in refusal(path)


def test_pictures_of_more_pixels_than_are_decoded_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(shaped((1, 20_000, 20_000, 3)))
    os.truncate(path, 2 * 10**9)  # it takes no room: the file has a hole
    assert "too large (400 megapixels" in refusal(path)


def test_members_that_numpy_cannot_have_written_are_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.npz", shaped((40, 8, 8), content=bytes(2_560))).read_bytes()
    entry = whole.index(b"PK\x01\x02")
    for offset, value, said in ((10, 99, "method 99"), (10, 12, "method 12"), (8, 1, "is encrypted")):
        changed = bytearray(whole)
        changed[entry + offset : entry + offset + 2] = struct.pack("<H", value)
        (tmp_path / "b.npz").write_bytes(changed)
        assert said in refusal(tmp_path / "b.npz")


def test_a_member_that_announces_more_than_its_bytes_can_hold_is_refused_unread(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.npz", shaped((40, 8, 8), content=bytes(2_560)))
    whole = bytearray(path.read_bytes())
    entry = whole.index(b"PK\x01\x02")
    whole[entry + 24 : entry + 28] = struct.pack("<I", 2**31)
    path.write_bytes(whole)
    assert "is damaged" in refusal(path)


def test_labels_that_unpack_to_more_than_the_bound_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, images=colours(40, 8), labels=np.zeros((40, 10**6), np.uint8))
    assert path.stat().st_size < 10**5
    monkeypatch.setenv("STEADYGAN_MEMORY", "1e7")
    tracemalloc.start()
    assert "it unpacks to 40 MB" in refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7


def test_files_that_are_no_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.npz")
    (tmp_path / "d.npy").symlink_to("/dev/zero")
    assert "is a FIFO" in refusal(tmp_path / "f.npz")
    assert "is a device" in refusal(tmp_path / "d.npy")


@pytest.mark.parametrize("dtype", ["<u2", ">u2", ">f4", "<f8", "<f2", "|b1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_order_of_bytes_and_axes_is_read_alike(tmp_path: Path, dtype: str, order: str) -> None:
    array = (colours(40, 8) > 127).astype(dtype)
    np.savez(tmp_path / "a.npz", images=np.asarray(array, order=order))  # type: ignore[call-overload]
    (found,) = headers(tmp_path / "a.npz").values()
    np.testing.assert_array_equal(np.concatenate(list(found.pieces())), array)
    np.testing.assert_array_equal(found.load(), array)
    pictures = open_data(DataOptions(source=str(tmp_path / "a.npz"))).train.some()[0]
    assert set(np.unique(pictures)) == {0, 255}


def test_a_file_that_changes_while_it_is_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, colours(40, 8))
    found = headers(path)["images"]
    np.save(path, colours(40, 4))
    for read in (found.load, lambda: list(found.pieces())):
        with pytest.raises(DataError, match="has changed"):
            read()


def test_names_of_classes_and_members_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=colours(40, 8), labels=np.array(["\x1b]0;pwned\x07", "b" * 5_000] * 20))
    audit = audit_data(DataOptions(source=str(path)))
    text = "\n".join(audit.lines())
    assert r"\x1b]0;pwned\x07 " in text and "\x1b" not in text
    assert max(map(len, audit.lines())) < 1_000
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    packed(tmp_path / "b.npz", buffer.getvalue(), "\x1b[31m.npy")
    assert r"\x1b[31m" in refusal(tmp_path / "b.npz")

"""Damage to the bytes of a file: truncations, bits, random bytes, extreme numbers, another format's content."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

_EXTREMES = (b"\xff" * 4, b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\xff" * 7 + b"\x7f", b"\0" * 8, b"\x80" + b"\0" * 7)
_TEXTS = (b"-1", b"1e999", b"NaN", b"null", b"[" * 40_000, b"{}", b"[]", b'"\\ud800"', b"\x1b]0;x\x07", b"9" * 5_000)
_FEW = 256  # bytes at either end, where headers and footers stand


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def flip_bits(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 16)):
        if changed:
            changed[_somewhere(changed, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(content: bytes, rng: random.Random) -> bytes:
    start = _somewhere(content, rng)
    count = rng.randint(1, 64)
    return content[:start] + rng.randbytes(count) + content[start + count :]


def extreme_number(content: bytes, rng: random.Random) -> bytes:
    start, number = _somewhere(content, rng), rng.choice(_EXTREMES)
    return content[:start] + number + content[start + len(number) :]


def insert_text(content: bytes, rng: random.Random) -> bytes:
    start = _somewhere(content, rng)
    return content[:start] + rng.choice(_TEXTS) + content[start:]


def replace_text(content: bytes, rng: random.Random) -> bytes:
    """A word or number of a text becomes another one."""
    places = [index for index, byte in enumerate(content[:20_000]) if chr(byte).isalnum()]
    if not places:
        return overwrite(content, rng)
    start = end = rng.choice(places)
    while end < len(content) and chr(content[end]).isalnum():
        end += 1
    return content[:start] + rng.choice(_TEXTS) + content[end:]


def duplicate(content: bytes, rng: random.Random) -> bytes:
    start = _somewhere(content, rng)
    end = min(len(content), start + rng.randint(1, 4_096))
    return content[:end] + content[start:]


def cut_out(content: bytes, rng: random.Random) -> bytes:
    start = _somewhere(content, rng)
    return content[:start] + content[start + rng.randint(1, 512) :]


def random_bytes(content: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randint(0, 4_096))


def nothing(content: bytes, rng: random.Random) -> bytes:
    return b""


CONTENTS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncate,
    flip_bits,
    overwrite,
    extreme_number,
    insert_text,
    replace_text,
    duplicate,
    cut_out,
    random_bytes,
    nothing,
)


def damage(path: Path, other: bytes, rng: random.Random) -> str:
    """Damages a file: mostly its bytes, else what stands at its path, such as another file's bytes; in words."""
    kinds = ("fifo", "folder", "link to itself", "socket", "another file", "device")
    if rng.random() < 0.85:
        mutation = rng.choice(CONTENTS)
        path.write_bytes(mutation(path.read_bytes(), rng))
        return mutation.__name__
    kind = rng.choice(kinds)
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "socket":
        _make_socket(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(other)
    return kind


def _make_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path has 107 bytes at most
    try:
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def _somewhere(content: bytes | bytearray, rng: random.Random) -> int:
    """A random place, most often near the start or the end."""
    last = max(1, len(content))
    where = rng.random()
    if where < 0.4:
        return rng.randrange(min(last, _FEW))
    if where < 0.6:
        return last - 1 - rng.randrange(min(last, _FEW))
    return rng.randrange(last)

"""Files that grow: each line once, whatever is written when."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from steadygan.ui import tail
from steadygan.ui.tail import Tail, last_lines, spread_lines


@pytest.mark.parametrize("seed", range(5))
def test_every_line_is_read_once_however_it_was_written(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    lines = [b"%d " % n + b"x" * draw.randrange(200) for n in range(300)]
    content = b"".join(line + b"\n" for line in lines)
    path, found, offset = tmp_path / "f", list[bytes](), 0
    follower = Tail(path)
    assert follower.read() == []
    while offset < len(content):
        piece = draw.randrange(1, 4000)
        with open(path, "ab") as file:
            file.write(content[offset : offset + piece])
        offset += piece
        for _ in range(draw.randrange(3)):
            found += follower.read(draw.randrange(1, 3000))
    while follower.read(0) or follower.behind:
        found += follower.read()
    assert found == lines and follower.begun == 1 and follower.offset == len(content)


@pytest.mark.parametrize("how", ["cut", "replaced", "cut and grown again", "removed"])
def test_a_file_that_is_another_one_is_read_from_its_beginning(tmp_path: Path, how: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"".join(b"old %03d\n" % n for n in range(100)))
    follower = Tail(path)
    assert len(follower.read()) == 100
    new = b"".join(b"new %03d\n" % n for n in range(150 if how != "cut" else 20))
    if how == "replaced":
        (tmp_path / "g").write_bytes(path.read_bytes()[:400] + new)
        os.replace(tmp_path / "g", path)
        new = path.read_bytes()
    else:
        if how == "removed":
            path.unlink()
            assert follower.read() == []
        with open(path, "r+b" if how != "removed" else "wb") as file:
            file.truncate(0)
            file.write(new)
    found = follower.read() + follower.read()
    assert found == new.splitlines() and follower.begun == 2


def test_a_line_without_end_takes_no_memory_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"first\n" + b"x" * (5 * tail.LONGEST) + b"\nlast\n")
    follower, found = Tail(path), list[bytes]()
    while lines := follower.read(tail.LONGEST // 2) or follower.behind:
        found += lines if isinstance(lines, list) else []
        assert len(follower._torn) <= tail.LONGEST
    assert found == [b"first", b"last"]


def test_lines_from_the_end_and_from_all_over_a_file_are_whole_lines_of_it(tmp_path: Path) -> None:
    path = tmp_path / "f"
    lines = [b"%06d" % n + b"." * (n % 50) for n in range(5000)]
    path.write_bytes(b"\n".join(lines) + b"\ntorn")
    assert last_lines(path, 500) == lines[-len(last_lines(path, 500)) :] and len(last_lines(path, 500)) > 5
    some = spread_lines(path, 100)
    assert len(some) == 100 and some == sorted(set(some)) and set(some) <= set(lines)
    assert some[0] == lines[0] and int(some[-1][:6]) > 4900
    assert last_lines(tmp_path / "none") == [] == spread_lines(tmp_path / "none", 9)


def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert Tail(tmp_path / "fifo").read() == last_lines(tmp_path / "fifo") == spread_lines(tmp_path / "fifo", 3) == []

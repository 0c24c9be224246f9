"""Only regular files are opened; whatever else stands under a name is refused at once."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygan.errors import UsageError
from steadygan.system.regular import NotRegularError, TooLargeError, check_regular, kind_of, open_regular, read_regular


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))


OTHERS: dict[str, Callable[[Path], None]] = {
    "FIFO": lambda path: os.mkfifo(path),
    "folder": lambda path: path.mkdir(),
    "socket": a_socket,
    "device": lambda path: path.symlink_to("/dev/null"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_file_is_refused_by_its_kind_at_once(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is limited to 108 bytes
    path = Path("x")
    OTHERS[kind](path)
    errors: list[BaseException] = []

    def attempt() -> None:
        for read in (open_regular, check_regular, lambda p: read_regular(p, 10)):
            try:
                read(path)
            except (NotRegularError, UsageError) as error:
                errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "waits"
    assert len(errors) == 3
    assert all(f"a {kind}, not a file" in str(error) for error in errors)


def test_a_link_to_a_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"content"
    check_regular(tmp_path / "link")


def test_reads_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(TooLargeError, match=r"5 bytes.* up to 4"):
        read_regular(path, 4)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    with pytest.raises(UsageError, match="none"):
        check_regular(tmp_path / "none")


def test_kinds_of_modes() -> None:
    assert kind_of(stat.S_IFREG | 0o644) is None
    assert kind_of(stat.S_IFBLK) == kind_of(stat.S_IFCHR) == "a device"

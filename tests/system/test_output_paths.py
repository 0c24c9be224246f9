"""What stands under an output's name: files are replaced, links followed, everything else is left as it is."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygan.errors import UsageError
from steadygan.system.files import write_text, written_aside
from steadygan.system.output_paths import check_output_file, check_output_folder


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path.name)


OTHERS: dict[str, Callable[[Path], None]] = {
    "a FIFO": lambda path: os.mkfifo(path),
    "a socket": a_socket,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_not_replaced(
    kind: str, linked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    OTHERS[kind](tmp_path / "x")
    before = os.stat("x")
    out = tmp_path / "x"
    if linked:
        out = tmp_path / "link"
        out.symlink_to("x")
    for write in (check_output_file, lambda path: write_text(path, "text")):
        with pytest.raises(UsageError, match=kind):
            write(out)
    after = os.stat("x")
    assert (stat.S_IFMT(after.st_mode), after.st_ino) == (stat.S_IFMT(before.st_mode), before.st_ino)
    assert {path.name for path in tmp_path.iterdir()} == ({"x", "link"} if linked else {"x"})


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(exists: bool, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "page.html", tmp_path / "link.html"
    if exists:
        target.write_text("earlier")
    link.symlink_to("there/page.html")
    check_output_file(link)
    write_text(link, "new")
    assert link.is_symlink()
    assert not target.is_symlink()
    assert target.read_text() == "new"


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UsageError, match="cannot be written"):
        write_text(tmp_path / "a", "text")


def test_a_folder_does_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("content")
    with pytest.raises(UsageError, match="is a file"), written_aside(tmp_path / "x") as aside:
        aside.mkdir()
    with pytest.raises(UsageError, match="is a file"):
        check_output_folder(tmp_path / "x")
    assert (tmp_path / "x").read_text() == "content"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("check", [check_output_file, check_output_folder])
def test_a_file_above_and_impossible_names_are_refused(check: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    for bad in (tmp_path / "file" / "x", tmp_path / "file" / "y" / "x", tmp_path / ("n" * 300), tmp_path / "a\0b"):
        with pytest.raises(UsageError) as caught:
            check(bad)
        assert "\n" not in str(caught.value)
    check(tmp_path / "new" / "folders" / "x")
    assert {path.name for path in tmp_path.iterdir()} == {"file"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    for check in (check_output_file, check_output_folder):
        with pytest.raises(UsageError, match="permission"):
            check(tmp_path / "x")
    tmp_path.chmod(0o700)


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".txt")
    write_text(path, "text")
    assert path.read_text() == "text"


@pytest.mark.parametrize("check", [check_output_file, check_output_folder])
def test_a_name_that_is_too_long_is_refused_below_folders_that_are_not_there_yet(
    check: Callable[[Path], None], tmp_path: Path
) -> None:
    check(tmp_path / "new" / ("n" * 255) / "end")
    for name in ("n" * 256, "ü" * 128):
        for path in (tmp_path / "new" / name / "end", tmp_path / "new" / name, tmp_path / name):
            with pytest.raises(UsageError, match="cannot be written: File name too long"):
                check(path)

"""Atomic writes of files and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.errors import RunError
from steadygan.system.files import written_aside


def test_a_file_appears_only_once_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    with written_aside(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_after_an_error_the_earlier_file_stands_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("earlier")

    def fail() -> None:
        with written_aside(path) as aside:
            aside.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_is_replaced_atomically(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    path.mkdir()
    (path / "old.png").write_text("old")
    with written_aside(path) as aside:
        aside.mkdir()
        (aside / "new.png").write_text("new")
    assert [p.name for p in path.iterdir()] == ["new.png"]
    assert [p.name for p in tmp_path.iterdir()] == ["samples"]


@pytest.mark.parametrize("name", ["a" * 255, "ö" * 127])
@pytest.mark.parametrize("folder", [True, False])
def test_a_name_as_long_as_can_be_is_written_and_replaced(name: str, folder: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    for text in ("first", "second"):
        with written_aside(path) as aside:
            if folder:
                aside.mkdir()
            (aside / "file" if folder else aside).write_text(text)
    assert (path / "file" if folder else path).read_text() == "second"
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_disk_that_refuses_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError) as caught, written_aside(tmp_path / "file" / "page.html") as aside:
        aside.write_text("page")
    assert "page.html" in str(caught.value)
    assert "\n" not in str(caught.value)

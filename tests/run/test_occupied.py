"""A new run writes over nothing that it did not write, and takes nothing for its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.run import layout
from steadygan.run.environment import Environment
from steadygan.run.occupied import occupied
from steadygan.run.removal import FILES, FOLDERS, LAST
from steadygan.system.files import write_json

FOLDER_NAMES = sorted(FOLDERS)
FILE_NAMES = sorted({*FILES, *LAST} - {layout.RECIPE})


@pytest.mark.parametrize("name", [*FILE_NAMES, "events.out.tfevents.1.mine"])
def test_a_file_that_a_run_would_write_is_named(tmp_path: Path, name: str) -> None:
    assert occupied(tmp_path) is None
    (tmp_path / name).write_text("mine")
    assert f"holds {name}, but no {layout.RECIPE}" in str(occupied(tmp_path))


@pytest.mark.parametrize("name", FOLDER_NAMES)
def test_a_folder_that_a_run_would_write_into_is_named_unless_it_is_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert occupied(tmp_path) is None
    (tmp_path / name / "mine.png").touch()
    assert f"holds {name}" in str(occupied(tmp_path))


def test_other_files_and_what_a_run_left_that_was_killed_as_it_began_are_no_reason(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    write_json(tmp_path / layout.ENVIRONMENT, ENVIRONMENT.to_json())
    (tmp_path / layout.DATA).touch()
    (tmp_path / layout.MARKS).touch()
    assert occupied(tmp_path) is None
    assert occupied(tmp_path / "none") is None


def test_the_folder_of_the_data_is_refused_by_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert occupied(Path("photos"), "photos") is None  # of none, reading says
    Path("photos").mkdir()
    Path("photos/a.png").touch()
    for source in ("photos", "./photos/", str(tmp_path / "photos")):
        assert "is the folder of the data" in str(occupied(Path("photos"), source))
    assert occupied(Path("photos/run"), "photos") is None


ENVIRONMENT = Environment({}, "3.11", "Linux", "cpu", "cpu", "fp32", 1, 2, None)

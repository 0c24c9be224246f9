"""Folders that are deep, endless, linked in circles, or full of what is no file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from PIL import Image

from steadygan.data import DataOptions, audit_data, contact_sheet, open_data
from steadygan.data.sheet_mark import ENDING
from steadygan.data.sources import walk as walking
from steadygan.data.sources.walk import MOST_DEPTH, walk
from steadygan.errors import DataError
from steadygan.run import layout
from tests.data.making import fill


def test_links_in_circles_end_and_linked_folders_are_walked(tmp_path: Path) -> None:
    fill(tmp_path / "data/a", 20)
    (tmp_path / "data/b").symlink_to("a")
    (tmp_path / "data/a/up").symlink_to("..")
    (tmp_path / "data/self").symlink_to("self")
    found = walk(tmp_path / "data")
    inside = {file.parts[:-1] for file in found.pictures}
    assert inside == {("a",), ("b",)}
    assert all(file.path.is_file() for file in found.pictures)


def test_links_that_double_at_each_level_are_refused(tmp_path: Path) -> None:
    for level in range(30):
        folder = tmp_path / f"data/{level}"
        folder.mkdir(parents=True)
        for name in "ab":
            (folder / name).symlink_to(f"../{level + 1}")
    (tmp_path / "data/30").mkdir()
    with pytest.raises(DataError, match="by more than 16 paths"):
        walk(tmp_path / "data/0")


def test_folders_that_are_too_deep_are_said_and_left_out(tmp_path: Path) -> None:
    fill(tmp_path / "data", 20)
    before = Path.cwd()
    os.chdir(tmp_path / "data")
    try:
        for _ in range(300):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(before)
    found = walk(tmp_path / "data")
    assert len(found.pictures) == 20 and len(found.deep) == 1
    assert f"{MOST_DEPTH} folders deep" in found.notes()[0]
    assert any("folders deep" in line for line in audit_data(DataOptions(source=str(tmp_path / "data"))).lines())


def test_what_is_no_file_is_counted_as_unreadable_and_not_waited_for(tmp_path: Path) -> None:
    folder = fill(tmp_path / "data", 60)
    os.mkfifo(folder / "pipe.png")
    with socket.socket(socket.AF_UNIX) as made:
        before = Path.cwd()
        os.chdir(folder)
        made.bind("socket.png")
        os.chdir(before)
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "broken.png").symlink_to("nowhere")
    (folder / "empty.png").touch()
    audit = audit_data(DataOptions(source=str(folder)))
    assert dict(audit.unreadable) == {
        "pipe.png": "not a regular file",
        "socket.png": "not a regular file",
        "device.png": "not a regular file",
        "broken.png": "broken link",
        "empty.png": "empty",
    }


def test_more_files_than_fit_in_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "data", 20)
    monkeypatch.setenv("STEADYGAN_MEMORY", str(10 * walking._BYTES))
    with pytest.raises(DataError, match="to know 20 files takes"):
        walk(tmp_path / "data")


def test_the_files_found_so_far_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MANY", 3)
    fill(tmp_path / "data/a", 3)
    fill(tmp_path / "data/b", 4)
    counts: list[int] = []
    walk(tmp_path / "data", counts.append)
    assert counts == [3, 7]


@pytest.mark.skipif(os.name != "posix" or os.uname().sysname == "Darwin", reason="file names there are Unicode")
def test_folders_and_classes_whose_names_are_no_utf8_are_data(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bilder-\xe4"))
    for name in (b"a", b"b\xff"):
        fill(root / os.fsdecode(name), 20)
    data = open_data(DataOptions(source=str(root)))
    assert data.name == r"bilder-\xe4"
    assert data.class_names == ("a", r"b\xff")
    assert data.audit is not None
    "\n".join(data.audit.lines()).encode()


def test_runs_and_contact_sheets_inside_the_data_are_no_data(tmp_path: Path) -> None:
    folder = fill(tmp_path / "data", 20)
    before = open_data(DataOptions(source=str(folder))).fingerprint
    run = folder / "runs/one"
    fill(run / "samples", 3)
    for name in walking.RUN_FILES:
        (run / name).touch()
    contact_sheet(open_data(DataOptions(source=str(folder))), folder / f"data{ENDING}")
    fill(folder / "runs/other", 0)
    Image.new("RGB", (8, 8)).save(folder / f"knight{ENDING}")  # of a game
    found = walk(folder)
    assert [file.parts for file in found.pictures if len(file.parts) > 1] == []
    assert f"knight{ENDING}" in {file.parts[0] for file in found.pictures}
    assert found.notes() == [f"Left out: 'data{ENDING}' and 1 more, made by steadygan."]
    (folder / f"knight{ENDING}").unlink()
    assert open_data(DataOptions(source=str(folder))).fingerprint == before


def test_in_a_folder_that_became_a_run_its_own_pictures_are_no_data(tmp_path: Path) -> None:
    folder = fill(tmp_path / "data", 20)
    fill(folder / layout.SAMPLES, 3)
    assert len(walk(folder).pictures) == 23
    for name in walking.RUN_FILES:
        (folder / name).touch()
    assert len(walk(folder).pictures) == 20


def test_the_names_of_a_run_are_those_of_its_layout() -> None:
    assert {layout.RECIPE, layout.ENVIRONMENT} == walking.RUN_FILES
    assert {layout.SAMPLES, layout.CHECKPOINTS, layout.GENERATED} == walking.RUN_FOLDERS

"""The list of runs: states, nested folders, links, odd names, and files that are read once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from steadygan.run import layout
from steadygan.run.owner import owned
from steadygan.ui import overview as module
from steadygan.ui.overview import Overview, find_runs, recipe_head
from tests.ui.folders import run_folder, save_picture


def test_states_rounds_and_data_are_those_of_the_files(root: Path) -> None:
    run_folder(root / "odd").joinpath(layout.RECIPE).write_text("{{{")
    run_folder(root / "cut", 9, 3).joinpath("checkpoints/000003/state.json").write_text("{}")
    live = run_folder(root / "live", 50, 10, [{"round": 33, "seconds": 5.0, "seconds_left": 2.5}])
    with owned(live):
        runs = {run.key: run for run in Overview(root).runs()}
    assert {key: (run.state, run.done, run.rounds) for key, run in runs.items()} == {
        "done": ("finished", 40, 40),
        "study/trials/a/run": ("interrupted", 20, 100),
        "odd": ("damaged", 0, None),
        "cut": ("damaged", 0, 9),
        "live": ("running", 33, 50),
    }
    assert next(iter(runs)) == "live" and runs["live"].left == 2.5 and f"process {os.getpid()}" in runs["live"].owner
    assert runs["done"].data == "done" and runs["done"].recipe == "wgan-gp" and runs["done"].picture == 40
    assert runs["study/trials/a/run"].title == "a/run" and runs["study/trials/a/run"].place == "study/trials/"


def test_runs_that_stay_as_they_are_are_not_read_again(root: Path, monkeypatch) -> None:
    overview = Overview(root)
    before = overview.runs()
    read: list[str] = []
    summarise = module.summarise
    monkeypatch.setattr(
        module, "summarise", lambda key, *rest, **more: read.append(key) or summarise(key, *rest, **more)
    )
    assert overview.runs() == before and read == []
    save_picture(layout.picture_path(root / "done", 41))
    assert {run.key: run.picture for run in overview.runs()}["done"] == 41 and read == ["done"]


def test_folders_that_stay_as_they_are_are_not_read_again_and_new_runs_are_found(root: Path, monkeypatch) -> None:
    (root / ".hidden").mkdir()
    run_folder(root / ".hidden" / "run")
    (root / "later").mkdir()
    for folder in (root, root / "study", root / "study" / "trials", root / "study" / "trials" / "a", root / "later"):
        os.utime(folder, (1, 1))
    known: dict[Path, Any] = {}
    before = find_runs(root, known)
    read: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(Path(path).name) or scandir(path))
    assert find_runs(root, known) == before == find_runs(root) and read.count("study") == 1  # of the last, without them
    (root / "later" / layout.RECIPE).write_text("rounds: 1\n")
    run_folder(root / "study" / "trials" / "b" / "run")
    run_folder(root / "study" / "trials" / "b" / "again")
    assert set(find_runs(root, known)) - set(before) == {"later", "study/trials/b/run", "study/trials/b/again"}
    assert set(find_runs(root, known)) == set(find_runs(root))


def test_links_lead_to_runs_but_not_to_folders_of_runs_nor_in_circles(root: Path, tmp_path: Path) -> None:
    elsewhere = run_folder(tmp_path / "elsewhere" / "far")
    (root / "linked").symlink_to(elsewhere)
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "study" / "up").symlink_to(root)
    assert set(find_runs(root)) == {"done", "study/trials/a/run", "linked"}


@pytest.mark.parametrize("name", [b"caf\xff", b"a\nb", "größer 中文?&#%2e".encode(), b"\xe2\x80\xaegnp"])
def test_a_run_of_any_name_has_a_key_and_a_name_that_can_be_shown(root: Path, name: bytes) -> None:
    folder = run_folder(root / os.fsdecode(name))
    (run,) = (each for each in Overview(root).runs() if each.folder == folder)
    assert run.key.isprintable() and run.name.encode() and Overview(root).run(run.key) == run


@pytest.mark.parametrize("key", ["", ".", "..", "../runs/done", "done/", "done/../done", "/etc", "done\0", "study"])
def test_a_key_that_names_no_run_is_none(root: Path, key: str) -> None:
    assert Overview(root).run(key) is None


@pytest.mark.parametrize(
    "text",
    [
        "name: a\nrounds: 7\ndata:\n  cache: true\n  source: b/c\n",
        "data:\n  source: b/c\nname: 'a'\nrounds: 7 # of them\n",
        "{name: a, rounds: 7, data: {source: b/c}}\n",
        'rounds: 7\ndata: {"source": "b/c"}\nname: a\n',
    ],
)
def test_a_recipe_s_head_is_read_however_it_is_written(tmp_path: Path, text: str) -> None:
    run_folder(tmp_path / "run").joinpath(layout.RECIPE).write_text(text)
    head = recipe_head(tmp_path / "run")
    assert (head["name"], head["rounds"], head["source"]) == ("a", 7, "b/c")

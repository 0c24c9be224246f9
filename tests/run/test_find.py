"""Finding runs, and names for new ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from steadygan.errors import UsageError
from steadygan.run.find import new_folder
from steadygan.run.owner import owned


def test_names_that_are_asked_for_at_once_are_different(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_folder("wgan-gp-digits", tmp_path), range(40)))
    assert len(set(folders)) == 40
    assert {folder.name for folder in folders} == {"wgan-gp-digits", *(f"wgan-gp-digits-{n}" for n in range(2, 41))}


def test_a_name_whose_training_never_began_is_free_again(tmp_path: Path) -> None:
    folder = new_folder("run", tmp_path)
    with pytest.raises(UsageError), owned(folder):
        raise UsageError("no such recipe")
    assert not folder.exists()
    assert new_folder("run", tmp_path) == folder


def test_other_processes_of_a_run_make_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not new_folder("run", tmp_path).exists()
    monkeypatch.setenv("WORLD_SIZE", "1")  # a scheduler's number of a process that trains alone
    assert new_folder("run", tmp_path).exists()


def test_a_folder_of_a_user_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(KeyError), owned(tmp_path / "mine"):
        raise KeyError
    assert (tmp_path / "mine").is_dir()

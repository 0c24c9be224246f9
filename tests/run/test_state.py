"""The state of a run in one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan import recipe as recipes
from steadygan.recipe import Recipe
from steadygan.run.hashes import sealed
from steadygan.run.owner import owned
from steadygan.run.state import run_state
from steadygan.system.files import write_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of 10 rounds without a checkpoint."""
    (tmp_path / "recipe.yaml").write_text(recipes.dumps(Recipe(rounds=10)))
    return tmp_path


def save(folder: Path, round_: int) -> Path:
    counters = {"round": round_, "critic_steps": 1, "position": 1, "seen": 1, "seconds": 0.5}
    path = folder / "checkpoints" / f"{round_:06d}" / "state.json"
    write_json(path, sealed({"format": 2, **counters, "files": {}}))
    return path


def test_the_last_checkpoint_and_the_owner_decide(folder: Path) -> None:
    assert run_state(folder) == "interrupted"
    save(folder, 4)
    assert run_state(folder) == "interrupted"
    with owned(folder):
        assert run_state(folder) == "running"
    save(folder, 10)
    assert run_state(folder) == "finished"


def test_what_cannot_be_read_is_damaged(folder: Path) -> None:
    path = save(folder, 4)
    path.write_text(path.read_text().replace('"seen": 1', '"seen": 2'))
    assert run_state(folder) == "damaged"
    save(folder, 10)
    (folder / "recipe.yaml").write_text("{{{")
    assert run_state(folder) == "damaged"

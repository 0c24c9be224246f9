"""The state of a run in one word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from steadygan import recipe as recipes
from steadygan.errors import UsageError
from steadygan.losses import Wasserstein
from steadygan.objectives import Adversarial
from steadygan.recipe import Recipe
from steadygan.run import Run
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


@dataclass(frozen=True)
class OwnLoss(Wasserstein):
    """A loss that no file can bring."""


def test_a_run_with_a_loss_of_ones_own_is_read_without_its_code(folder: Path) -> None:
    recipe = Recipe(rounds=10, objective=Adversarial(OwnLoss()))
    (folder / "recipe.yaml").write_text(recipes.dumps(recipe))
    save(folder, 10)
    assert run_state(folder) == "finished"
    run = Run(folder)
    assert run.finished and repr(run).endswith("10 of 10 rounds)")
    assert ">10 of 10</td>" in run._repr_html_() and ">finished</td>" in run._repr_html_()
    with pytest.raises(UsageError, match=r"unknown kind 'OwnLoss'.*in Python kinds="):
        _ = run.recipe


def test_a_damaged_run_has_a_repr(folder: Path) -> None:
    (folder / "recipe.yaml").write_text("{{{")
    assert repr(Run(folder)).endswith("damaged)")

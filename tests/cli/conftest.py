"""A finished run, and folders to work in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.evaluation import during_training
from tests.cli.lines import SMALL


@pytest.fixture(scope="package", autouse=True)
def _few_samples() -> Iterator[None]:
    """Evaluations of trainings are of 200 samples, which take a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(during_training, "COUNT", 200)
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of 4 rounds in runs/tiny, with checkpoints of rounds 2 and 4."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        code = main(
            ["train", "wgan-gp", *SMALL, "--rounds=4", "--run.checkpoint-every=2", "--out", "runs/tiny", "--seed", "3"]
        )
    assert code == 0
    return root


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all commands share, so that a classifier is trained once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEADYGAN_CACHE", str(shared_cache))
    return tmp_path


@pytest.fixture
def runs(trained: Path, place: Path) -> Path:
    """A folder to work in, with a copy of the run."""
    shutil.copytree(trained / "runs", place / "runs")
    return place

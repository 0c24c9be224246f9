"""The page of the runs below a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("starlette")

from steadygan.ui.app import Pages
from tests.ui.folders import TOKEN, run_folder

ROWS = [{"round": n, "critic_loss": 1 / n, "generator_loss": float(n % 3), "seconds": n / 10} for n in range(1, 41)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Runs: one finished, one interrupted in a folder of a study, and a file beside them that is of no run."""
    run_folder(tmp_path / "runs" / "done", 40, 40, ROWS, (1, 20, 40))
    run_folder(tmp_path / "runs" / "study" / "trials" / "a" / "run", 100, 20, ROWS[:20], (20,))
    (tmp_path / "secret.png").write_bytes((tmp_path / "runs/done/samples/000001.png").read_bytes())
    return tmp_path / "runs"


@pytest.fixture
def pages(root: Path) -> Pages:
    return Pages(root, TOKEN)

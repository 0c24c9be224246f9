"""A doctor beside several processes, compiled steps and a GPU: the same weights, and one log."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from steadygan.diagnostics import read_log
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.losses import NonSaturating
from steadygan.objectives import Adversarial
from steadygan.recipe import RunOptions
from steadygan.training.checking import check_run
from steadygan.training.engines.by_name import ENGINES
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.select import has_compiler
from steadygan.training.session import new_run
from steadygan.types import SampleSpec
from tests.training.doctored_together import LOOKS, ROUNDS
from tests.training.games import image_data, small_recipe
from tests.training.runs import rows, weights

ROOT = Path(__file__).parents[2]
NAMES = ("together", "began")


def check_same_weights(looked_at: Path, alone: Path, round_: int) -> None:
    """To the last bit."""
    got, want = weights(looked_at, round_), weights(alone, round_)
    assert {key for key in got if not key.startswith("doctor.")} == want.keys()
    assert all(torch.equal(got[key], want[key]) for key in want)
    assert rows(looked_at) == rows(alone)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_with_a_doctor_train_as_two_without_and_write_one_log(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.training.forked", "2", "doctored_together", str(tmp_path), *NAMES]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        folder = tmp_path / f"{name}-with"
        for round_ in (3, ROUNDS):
            check_same_weights(folder, tmp_path / f"{name}-without", round_)
        assert len((folder / "signals.jsonl").read_text().splitlines()) == len(LOOKS.rounds)
        log = read_log(folder / "signals.jsonl")
        assert [row["round"] for row in log] == list(LOOKS.rounds)
        assert all({"distance_ratio", "gap", "slope_between"} <= set(row) for row in log)
        assert "rise" in log[-1] and "rise" not in log[0]
        assert check_run(folder).whole
        assert not (tmp_path / f"{name}-without" / "signals.jsonl").exists()


def trained(folder: Path, device: str, doctor: GameDoctor | None, **options: object) -> Path:
    run = RunOptions(precision="fp32", log_every=2, picture_every=3, checkpoint_every=3, pictured=4, **options)  # type: ignore[arg-type]
    plain = small_recipe(objective=Adversarial(NonSaturating()), penalties=())  # fewer lines to compile
    recipe = dataclasses.replace(plain, rounds=ROUNDS, run=run)
    torch.manual_seed(5)
    new_run(recipe, image_data(200, SampleSpec((1, 8, 8))), folder, device=device, doctor=doctor)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_a_compiled_run_with_a_doctor_is_the_run_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the steps as they are traced, which the compiler's last stage only fuses."""
    monkeypatch.setitem(ENGINES, "compiled", lambda: Compiled("aot_eager"))
    looked_at = trained(tmp_path / "with", "cpu", GameDoctor(LOOKS), engine="compiled")
    alone = trained(tmp_path / "without", "cpu", None, engine="compiled")
    check_same_weights(looked_at, alone, ROUNDS)
    log = read_log(looked_at / "signals.jsonl")
    assert [row["round"] for row in log] == list(LOOKS.rounds) and "rise" in log[-1] and "slope_between" in log[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("engine", ["eager", "graph"])
def test_a_run_on_a_gpu_with_a_doctor_is_the_run_without(engine: str, tmp_path: Path) -> None:
    torch.backends.cudnn.deterministic = True
    looked_at = trained(tmp_path / "with", "cuda", GameDoctor(LOOKS), engine=engine)
    alone = trained(tmp_path / "without", "cuda", None, engine=engine)
    check_same_weights(looked_at, alone, ROUNDS)
    log = read_log(looked_at / "signals.jsonl")
    assert [row["round"] for row in log] == list(LOOKS.rounds) and "rise" in log[-1]

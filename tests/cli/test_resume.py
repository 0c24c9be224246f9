"""``steadygan resume``."""

from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan import api
from steadygan.cli import main
from steadygan.run.owner import owned


def test_a_run_can_be_extended(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", "--rounds", "+3", "tiny", "--micro-batch", "2"]) == 0
    assert "run runs/tiny: round 4 of 7".replace("/", os.sep) in capsys.readouterr().out
    run = api.load()
    assert run.rounds_done == run.recipe.rounds == 7
    assert run.recipe.run.micro_batch == 2


def test_resuming_a_finished_run_trains_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (runs / "runs/tiny/metrics.jsonl").read_bytes()
    assert main(["resume"]) == 0
    assert "is finished: 4 rounds" in capsys.readouterr().out
    assert (runs / "runs/tiny/metrics.jsonl").read_bytes() == before


def test_going_back_to_a_round_that_there_is_not_is_one_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", "--from-round", "500"]) == 2
    assert "has no checkpoint of round 500" in capsys.readouterr().err


def test_rates_and_settings_can_change_which_report_and_check_show(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "resume tiny --rounds +2 --lr 3e-5 --generator-optimizer.lr 2e-5 --run.precision fp32 --run.keep-last 5"
    assert main(line.split()) == 0
    recipe = api.load("tiny").recipe
    assert (recipe.critic_optimizer.lr, recipe.generator_optimizer.lr) == (3e-5, 2e-5)
    assert (recipe.run.precision, recipe.run.keep_last) == ("fp32", 5)
    changes = ("critic_optimizer.lr: 0.0001 → 3e-05 from round 4 on", "rounds: 4 → 6 from round 4 on")
    out = capsys.readouterr().out
    assert all(change in out for change in changes)
    page = (runs / "runs/tiny/report.html").read_text(encoding="utf-8")
    assert all(change in page for change in changes)
    assert main(["check", "tiny"]) == 0
    out = capsys.readouterr().out
    assert all(change in out for change in changes)


def test_moved_data_is_found_by_its_new_place_and_stays_the_same(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for folder, seed in (("pictures", 0), ("others", 1)):
        Path(folder).mkdir()
        rng = np.random.default_rng(seed)
        for number in range(40):
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(f"{folder}/{number}.png")
    options = "--rounds 2 --batch 8 --run.threads 1 --generator.width 4 --critic.width 4 --run.evaluate none"
    assert main(f"train dcgan --data pictures {options} --data.size 16 --out run".split()) == 0
    whole = api.load("run").recipe
    os.rename("pictures", "moved")
    capsys.readouterr()
    for command in ("resume run --rounds +1", "evaluate run --metrics frechet --features pixels"):
        assert main(command.split()) == 2
        assert "--data PLACE says where it is now" in capsys.readouterr().err
    assert main(["resume", "run", "--rounds", "+1", "--data", "others"]) == 1
    assert "is not the data with which run began" in capsys.readouterr().err
    assert (
        main(["evaluate", "run", "--metrics", "frechet", "--features", "pixels", "--count", "60", "--data", "moved"])
        == 0
    )
    assert api.load("run").recipe.data.source == str(place / "moved")
    os.rename("moved", "again")
    assert main(["resume", "run", "--rounds", "+1", "--data", "again"]) == 0
    recipe = api.load("run").recipe
    assert recipe.data == dataclasses.replace(whole.data, source=str(place / "again"))
    assert main(["resume", "run", "--rounds", "+1"]) == 0
    assert main(["train", "--from", "run", "--data", "again", "--rounds", "1", "--out", "tuned"]) == 0


def test_a_run_that_is_being_trained_is_left_alone(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused: list[int] = []

    def others() -> None:
        refused.extend(main(line.split()) for line in ("resume tiny --rounds +1", "train --out runs/tiny --rounds 1"))

    with owned(Path("runs/tiny")):
        thread = threading.Thread(target=others)
        thread.start()
        thread.join()
        assert main(["report", "tiny"]) == 0
        assert main(["check", "tiny"]) == 2
    assert refused == [2, 2]
    assert capsys.readouterr().err.count("is being trained") == 3  # train says that there is a run
    assert main(["check", "tiny"]) == 0

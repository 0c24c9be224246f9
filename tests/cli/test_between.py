"""``steadygan sample --interpolate``: ways between samples and between real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan import api
from steadygan.cli import main
from steadygan.inversion import Descent, descent


def test_an_interpolation_begins_at_the_first_sample_and_ends_at_another(runs: Path) -> None:
    run = api.load("tiny")
    strip = run.interpolate(2, 5, seed=1)
    assert strip.shape == (5, 2, 1, 8, 8)
    assert np.array_equal(strip[0], run.sample(2, seed=1))
    assert np.array_equal(strip[-1], run.sample(4, seed=1)[2:])


def test_a_loop_has_no_jump_at_its_end(runs: Path) -> None:
    run = api.load("tiny")
    frames = run.interpolate(1, 4, seed=1, loop=True)
    arc = run.interpolate(1, 2, seed=1)
    assert np.array_equal(frames[0], arc[0])
    assert np.array_equal(frames[1], arc[1])  # a quarter of the way round


def test_strips_and_animations_are_written(runs: Path) -> None:
    assert main(["sample", "--interpolate", "--out", "strip.png", "--count", "7"]) == 0
    width, height = Image.open("strip.png").size
    assert width > 5 * height
    assert main(["sample", "--gif", "--out", "loop.gif", "--count", "4"]) == 0
    animation = Image.open("loop.gif")
    assert getattr(animation, "n_frames", 1) > 10


def test_ways_between_real_pictures_are_written(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "Descent", lambda steps, rate: Descent(steps // 10, rate))  # rough ones do
    for name, level in (("dark", 40), ("light", 200)):
        Image.new("RGB", (20, 16), (level, level, level)).save(f"{name}.png")
    for files, rows in ((["dark.png", "light.png"], 1), (["dark.png"], 1), ([], 6)):
        assert main(["sample", "tiny", "--out", "strip.png", "--overwrite", "--count", "3", "--between", *files]) == 0
        assert "mean error of the inversion: " in capsys.readouterr().out
        strip = Image.open("strip.png")
        tile = (strip.width + 2) // 5
        assert abs(strip.height - rows * tile) <= 12 and "Real pictures" in strip.info["Description"]
    assert main(["sample", "tiny", "--seed", "0", "--between"]) == 0
    assert Path("runs/tiny/generated/between-round-4-seed-0.png").exists()

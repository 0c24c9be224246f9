"""Nearest training images beside samples: against distances that are written out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from steadygan import api
from steadygan.cli import main
from steadygan.evaluation.neighbours import HELD_OUT, nearest_of_run
from tests.cli.conftest import place, runs, shared_cache, trained

__all__ = ["place", "runs", "shared_cache", "trained"]


def rms(images: NDArray[np.uint8], image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Root mean square differences from one image."""
    different = images.astype(np.float64) - image
    return np.sqrt((different**2).mean(axis=(1, 2, 3)))


def test_the_nearest_are_those_of_all_distances_and_a_copy_is_told(runs: Path) -> None:
    run = api.load("tiny")
    dataset = api.prepare(run.recipe, run.recipe.data).dataset
    train, held_out = np.asarray(dataset.train.samples), np.asarray(dataset.held_out.samples)
    samples = np.concatenate([run.sample(5), train[17:18]])
    found = nearest_of_run(run, samples, 3)
    for row, sample in enumerate(samples):
        distances = rms(train, sample)
        assert np.allclose(found.distances[row], np.sort(distances)[:3])
        assert np.allclose(rms(found.nearest[row], sample), np.sort(distances)[:3])
    assert found.distances[5, 0] == 0 and (found.nearest[5, 0] == train[17]).all()
    assert "1 of 6 are copies" in found.line
    expected = [rms(train, image).min() for image in held_out[:HELD_OUT]]
    assert np.allclose(found.held_out, expected)


def test_the_command_draws_a_row_a_sample(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "tiny", "--nearest", "2", "--count", "4", "--seed", "1", "--out", "n.png"]) == 0
    said = capsys.readouterr().out
    assert "grey levels away" in said and "none is a copy" in said
    width, height = Image.open("n.png").size
    assert abs(width / height - 3 / 4) < 0.05
    assert main(["sample", "tiny", "--nearest"]) == 0
    assert "nearest-round-4-seed" in capsys.readouterr().out
    for line in (
        "--nearest --gif",
        "--nearest --out n.npz",
        "--nearest 0",
        "--data digits",
        "--nearest --data 8gaussians",
    ):
        assert main(["sample", "tiny", *line.split()]) in (1, 2)
        assert len(capsys.readouterr().err.splitlines()) == 1

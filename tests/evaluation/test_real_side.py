"""The real side of an evaluation: computed once, shared, and the same numbers as a fresh one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.real_side import RealSide, pixel_vectors
from steadygan.features.base import Extracted


class Means:
    """Mean and deviation of an image; counts the calls."""

    name, identity, width, facts = "means", "a" * 64, 2, {}

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, images: np.ndarray) -> Extracted:
        self.calls.append(len(images))
        flat = images.reshape(len(images), -1)
        return Extracted(np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1).astype(np.float32))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data(DataOptions("digits"))


def numbers(real: RealSide, samples: np.ndarray, *names: str, seed: int = 0) -> list[object]:
    material = Material(real, samples, seed=seed)
    measures = select(names, Subject(real.dataset, len(samples)))
    return [number for measure in measures for number in measure.compute(material)]


def test_real_features_are_extracted_once_for_all_samples(digits: Dataset, tmp_path: Path) -> None:
    features = Means()
    real = RealSide(digits, features, cache=str(tmp_path))
    for count in (60, 70, 80):
        numbers(real, digits.train.samples[:count], "frechet", "kernel", "manifold")
    assert sorted(features.calls) == [60, 70, 80, len(digits.held_out), len(digits.train)]


def test_a_shared_real_side_gives_the_numbers_of_a_fresh_one(digits: Dataset, tmp_path: Path) -> None:
    shared = RealSide(digits, Means(), cache=str(tmp_path))
    for count, seed in ((100, 0), (150, 1)):
        fresh = RealSide(digits, Means(), cache=str(tmp_path))
        samples = digits.train.samples[-count:]
        names = ("frechet", "kernel", "sliced_wasserstein")
        assert numbers(shared, samples, *names, seed=seed) == numbers(fresh, samples, *names, seed=seed)


def test_nothing_of_it_can_be_set(digits: Dataset) -> None:
    material = Material(RealSide(digits), digits.held_out.samples)
    for thing, name in ((material, "samples"), (material.real, "features")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, None)


def test_pixels_above_32_are_averaged_over_squares() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 70, 66), dtype=np.uint8)
    expected = images[:, :, :69, :66].reshape(5, 2, 23, 3, 22, 3).mean(axis=(3, 5)).reshape(5, -1)
    np.testing.assert_allclose(pixel_vectors(images), expected, rtol=1e-6)
    assert (pixel_vectors(images[:, :, :32, :32]) == images[:, :, :32, :32].reshape(5, -1)).all()

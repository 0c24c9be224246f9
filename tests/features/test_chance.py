"""Whether a classifier knows more than chance."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.evaluation.extracting import ignorance_of, make_features
from steadygan.features import classifier_network
from steadygan.features.chance import Knowledge, lower_bound


@pytest.mark.parametrize(("right", "count"), [(1, 1), (24, 24), (12, 24), (30, 100), (2, 1000)])
def test_the_bound_is_where_the_tail_is_one_percent(right: int, count: int) -> None:
    bound = lower_bound(right, count)
    tail = sum(math.comb(count, k) * bound**k * (1 - bound) ** (count - k) for k in range(right, count + 1))
    assert tail == pytest.approx(0.01, rel=1e-6)
    assert lower_bound(0, count) == 0


@pytest.mark.parametrize(
    ("right", "count", "chance", "enough"),
    [
        (24, 24, 0.5, True),
        (2, 2, 0.5, False),  # two right guesses prove nothing
        (15, 24, 0.25, True),
        (8, 24, 0.25, False),
        (2600, 10_000, 0.25, False),  # above chance for certain, and still next to nothing
        (50, 1000, 0.001, True),
        (9000, 10_000, 0.9, False),  # the most frequent class alone
        (0, 100, 0.1, False),
    ],
)
def test_accuracy_counts_above_chance(right: int, count: int, chance: float, enough: bool) -> None:
    assert Knowledge(right / count, chance, lower_bound(right, count), count).enough == enough


def _labelled(tmp_path: Path, telling: bool) -> Dataset:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    images = rng.integers(0, 60, (400, 8, 8), dtype=np.uint8)
    if telling:
        images[labels == 1] += 180
    np.savez(tmp_path / "set.npz", images=images, labels=labels)
    return open_data(DataOptions(source=str(tmp_path / "set.npz"), range=(0, 255), held_out=0.3))


@pytest.mark.parametrize("telling", [False, True])
def test_a_classifier_that_knows_nothing_is_replaced_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, telling: bool
) -> None:
    monkeypatch.setattr(classifier_network, "_LEAST_PASSES", 2_000)
    monkeypatch.setattr(classifier_network, "_EPOCHS", 4)
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    data = _labelled(tmp_path, telling)
    said: list[str] = []
    extractor: Any = make_features("auto", data, say=said.append)
    assert extractor.name == ("classifier" if telling else "patches")
    assert len(said) == (not telling)
    asked = make_features("classifier", data, say=said.append)
    assert asked.name == "classifier"
    assert bool(ignorance_of(asked, data)) != telling
    if not telling:
        assert "features patches are taken" in said[0]
        assert "its features mean little" in said[1]


def test_measures_of_an_ignorant_classifier_are_left_out_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadygan.evaluation.measures import Subject, select
    from steadygan.evaluation.measuring import measurable
    from steadygan.evaluation.real_side import RealSide

    monkeypatch.setattr(classifier_network, "_LEAST_PASSES", 2_000)
    monkeypatch.setattr(classifier_network, "_EPOCHS", 4)
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    for telling in (False, True):
        data = _labelled(tmp_path, telling)
        real = RealSide(data, None, lambda data=data: make_features("classifier", data))
        said: list[str] = []
        names = {measure.name for measure in measurable(select(None, Subject(data, 200)), None, real, said.append)}
        assert ("classes" in names) == telling
        assert "frechet" in names
        asked = select(["classes"], Subject(data, 200))
        assert measurable(asked, ["classes"], real, said.append) == asked
        assert len(said) == (0 if telling else 2)

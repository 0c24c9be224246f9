"""The line of judgement, and the signs that a run's events give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from steadygan.report.judgement import Signs, judgement
from steadygan.report.watch import Watch
from steadygan.training.observers import Picture, RunStart
from steadygan.training.spread import some_values, spread
from steadygan.types import SampleSpec


@pytest.mark.parametrize(
    ("signs", "line"),
    [
        (Signs(0.03), "too early to say (3% of the planned rounds)"),
        (Signs(0.0), "too early to say (0% of the planned rounds)"),
        # all samples of an untrained generator are alike
        (Signs(0.099, spread=0.01, change=0.0), "too early to say (9% of the planned rounds)"),
        (Signs(0.5, spread=0.08, change=1.0), "samples look alike: they vary 0.08 times as much as the data"),
        (Signs(0.5, spread=0.3, change=1.0), "samples still change"),
        (Signs(0.5, spread=0.9, change=0.01), "samples hardly change any more"),
        (Signs(0.5, spread=0.9), ""),
        (Signs(0.5), ""),
        # a slow machine has seen 100 images when a tenth of its rounds is done
        (Signs(0.2, seen=1999, spread=0.01, change=0.0), "too early to say (fewer than 2,000 images seen)"),
        (Signs(0.2, seen=2000, spread=0.08), "samples look alike: they vary 0.08 times as much as the data"),
        (
            Signs(0.2, spread=0.08, spreading=True),
            "samples look alike, but less and less: they vary 0.08 times as much as the data",
        ),
        (Signs(0.01, finite=False), "a loss is not finite"),
        (Signs(0.9, finite=False, spread=0.0, change=0.0), "a loss is not finite"),
    ],
)
def test_the_line_follows_from_the_signs(signs: Signs, line: str) -> None:
    assert judgement(signs, "images") == line


def images(seed: int, scale: float, count: int = 64) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, scale, (count, 3, 8, 12))
    return (128 + noise).clip(0, 255).astype(np.uint8)


def watch(data_spread: float | None = 40.0, rounds: int = 1000) -> Watch:
    return Watch(RunStart(Path("run"), "r", SampleSpec((3, 8, 12)), 0, rounds, data_spread=data_spread))


def picture(round_: int, samples: NDArray[np.uint8]) -> Picture:
    return Picture(Path("run"), round_, samples)


def test_the_spread_is_the_standard_deviation_of_a_value() -> None:
    values = np.random.default_rng(0).normal(5.0, 3.0, (4000, 7)).astype(np.float32)
    assert spread(values + 100 * np.arange(7)) == pytest.approx(3.0, rel=0.02)  # offsets of values are no spread
    assert spread(np.tile(values[:1], (50, 1))) == pytest.approx(0, abs=1e-5)
    assert spread(values[:7]) is None
    assert spread(np.full((20, 3), np.nan, np.float32)) is None


@pytest.mark.parametrize("shape", [(3, 256, 256), (1, 64, 64), (3, 100, 41)])
def test_the_spread_of_large_samples_is_that_of_some_of_their_values(shape: tuple[int, ...]) -> None:
    smooth = np.random.default_rng(0).normal(0, 1, (30, 3, 1, 1)) + np.linspace(0, 9, shape[2])
    noise = np.random.default_rng(1).normal(0, 2, (30, *shape))
    values = (smooth[:, : shape[0]] + noise).astype(np.float32)
    assert spread(values) == pytest.approx(np.sqrt(values.astype(float).var(0, ddof=1).mean()), rel=0.02)
    assert some_values(values).shape[1] <= 4096


def test_samples_that_collapse_are_found_by_two_pictures() -> None:
    seen = watch()
    for round_ in (200, 300):
        seen.pictured(picture(round_, images(0, 40)))
    assert seen.signs.spread == pytest.approx(1.0, rel=0.05)
    seen.pictured(picture(400, images(0, 2)))
    assert seen.signs.spread == pytest.approx(1.0, rel=0.05)  # one alone is no alarm
    seen.pictured(picture(500, images(0, 2)))
    assert seen.signs.spread == pytest.approx(2 / 40, rel=0.1)


def test_a_spread_that_grows_is_seen_to_grow() -> None:
    seen = watch()
    for index, scale in enumerate((1, 2, 3, 4, 4, 4, 4)):
        seen.pictured(picture(100 * index, images(0, scale)))
        assert seen.signs.spreading is (0 < index < 6), index


def test_independent_samples_have_changed_by_1_and_equal_ones_by_0() -> None:
    seen = watch()
    seen.pictured(picture(100, images(0, 40)))
    assert seen.signs.change is None
    seen.pictured(picture(150, images(1, 40)))
    assert seen.signs.change is None  # too near to be compared
    seen.pictured(picture(200, images(2, 40)))
    assert seen.signs.change == pytest.approx(1.0, rel=0.03)
    seen.pictured(picture(300, images(2, 40)))
    assert seen.signs.change == 0


@pytest.mark.parametrize("every", [1, 7, 60, 400])
def test_pictures_at_any_interval_are_compared_over_a_tenth_of_the_run(every: int) -> None:
    seen = watch()
    last = 0
    for round_ in range(every, 1001, every):
        drift = images(0, 15).astype(float) - 60 + round_ * 0.1  # all of them grow lighter, by 1 in 10 rounds
        seen.pictured(picture(round_, drift.clip(0, 255).round().astype(np.uint8)))
        last = round_
    assert seen.signs.change is not None
    between = -(-100 // every) * every
    assert seen.signs.change == pytest.approx(between * 0.1 / (2**0.5 * 15), rel=0.15), last


def test_a_loss_that_is_not_finite_is_seen_at_once() -> None:
    seen = watch()
    seen.logged({"round": 1, "critic_loss": 1.0, "generator_loss": float("nan")})
    assert not seen.signs.finite
    seen.logged({"round": 2, "critic_loss": float("inf")})
    assert not seen.signs.finite
    seen.logged({"round": 3, "critic_loss": 1.0, "gradient_norm_mean": float("nan")})
    assert seen.signs.finite


def test_nothing_is_known_of_text_nor_without_the_data() -> None:
    seen = Watch(RunStart(Path("run"), "r", SampleSpec((9, 4)), 0, 10))
    for round_ in (4, 9):
        seen.pictured(Picture(Path("run"), round_, np.zeros((20, 4), np.uint8), lines=("a",) * 20))
    seen.logged({"round": 9, "critic_loss": 0.0})
    assert judgement(seen.signs) == ""
    for data in (None, 0.0):
        seen = watch(data)
        seen.pictured(picture(100, images(0, 1)))
        seen.pictured(picture(200, images(0, 1)))
        assert seen.signs.spread is None

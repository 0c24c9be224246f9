"""Outcome numbers of constructed samples: k of K modes, one sample, noise, held-out samples, copies."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.doctor.materials import Source, nearest_centre, open_source, with_fault
from benchmarks.doctor.outcomes import COUNT, NOT_FINITE, Judge
from benchmarks.doctor.points import SETS


@pytest.fixture(scope="module")
def eight() -> Judge:
    return Judge(open_source(Source("8gaussians")))


@pytest.fixture(scope="module")
def digits() -> Judge:
    return Judge(open_source(Source("digits")))


@pytest.fixture(scope="module")
def text() -> Judge:
    return Judge(open_source(Source("text")))


def fresh(name: str, seed: int = 99, count: int = COUNT) -> np.ndarray:
    return SETS[name].draw(np.random.default_rng(seed), count)


def test_fresh_samples_of_the_distribution_are_as_good_as_real_ones(eight):
    outcome = eight.measure(fresh("8gaussians"))
    assert abs(outcome.excess) < 0.05
    assert outcome.modes == 1.0
    assert outcome.effective == pytest.approx(1.0, abs=0.02)
    assert outcome.coverage == pytest.approx(1.0, abs=0.05)
    assert outcome.spread == pytest.approx(1.0, abs=0.05)
    assert outcome.copies == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("kept", [1, 2, 4, 7])
def test_k_of_eight_modes_are_counted_and_the_rest_missed(eight, kept):
    points = fresh("8gaussians", count=12 * COUNT)
    chosen = points[nearest_centre(points, SETS["8gaussians"].centres) < kept][:COUNT]
    outcome = eight.measure(chosen)
    assert outcome.modes == kept / 8
    assert outcome.effective == pytest.approx(kept / 8, rel=0.05)
    assert outcome.coverage == pytest.approx(kept / 8, rel=0.15)


def test_w1_of_all_samples_at_the_mean_is_the_radius_of_the_ring(eight):
    assert eight.ends[1] == pytest.approx(2 / 1.414, rel=0.01)
    mean = np.repeat(eight.material.clean.mean(0, keepdims=True), COUNT, 0)
    outcome = eight.measure(mean)
    assert outcome.excess == pytest.approx(1.0, abs=1e-6)
    assert outcome.spread == outcome.near == 0.0


def test_samples_beyond_any_use_are_not_finite(eight):
    assert eight.measure(np.full((COUNT, 2), 1e9, np.float32)) == NOT_FINITE
    assert eight.measure(np.full((COUNT, 2), np.nan, np.float32)) == NOT_FINITE


def test_training_samples_with_a_little_noise_are_copies(digits):
    train = np.asarray(digits.material.dataset.train.samples)
    again = np.clip(train + np.random.default_rng(0).integers(0, 3, train.shape), 0, 255).astype(np.uint8)
    assert digits.measure(again).copies > 0.98
    assert digits.measure(digits.material.reference).copies == pytest.approx(0.5, abs=1e-9)


def test_some_classes_of_the_digits_are_these_classes(digits):
    material = digits.material
    chosen = material.clean[material.clean_labels < 3]
    outcome = digits.measure(chosen)
    assert outcome.modes == pytest.approx(0.3, abs=0.01)
    assert outcome.effective == pytest.approx(0.3, abs=0.05)
    assert outcome.excess > 0.2
    assert digits.measure(digits.noise()).coverage < 0.6


def test_text_of_one_subject_has_one_mode_and_noise_no_n_gram(text):
    material = text.material
    one = material.reference[material.reference_labels == 2]
    outcome = text.measure(np.tile(one, (5, 1))[:COUNT])
    assert outcome.modes == 1 / 8
    assert text.measure(material.clean[-COUNT:]).excess == pytest.approx(0.0, abs=0.05)
    assert text.measure(text.noise()).excess > 1.0
    lines = [text._lines(np.full((1, one.shape[1]), index))[0] for index in range(int(material.clean.max()) + 1)]
    empty = text.measure(np.full((COUNT, one.shape[1]), lines.index("")))  # no line has four characters
    floor, constant = text.ends
    assert empty.finite and empty.excess == pytest.approx((1.0 - floor) / (constant - floor))


def test_no_training_sees_the_reference():
    for base in ("8gaussians", "digits", "glyphs8"):
        material = open_source(Source(base))
        parts = (material.dataset.train.samples, material.dataset.held_out.samples, material.reference)
        rows = [{row.tobytes() for row in np.asarray(part)} for part in parts]
        assert not rows[0] & rows[2] and not rows[1] & rows[2]


@pytest.mark.parametrize(
    ("fault", "excess", "distinct"),
    [("one-class", 0.5, None), ("duplicates", None, 0.12), ("blank", 0.4, 0.2), ("noise", 0.1, None)],
)
def test_faulty_data_is_measured_as_faulty(fault, excess, distinct):
    judge = Judge(open_source(Source("8gaussians", fault=fault)))
    assert excess is None or judge.training_excess > excess
    assert distinct is None or judge.training_distinct < distinct
    clean = Judge(open_source(Source("8gaussians")))
    assert abs(clean.training_excess) < 0.05 and clean.training_distinct == 1.0


def test_unknown_faults_are_refused():
    with pytest.raises(ValueError, match="no fault"):
        with_fault(np.zeros((4, 2)), np.zeros(4, np.int64), "rust", np.random.default_rng(0))

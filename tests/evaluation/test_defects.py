"""Real held-out digits, spoiled in known ways: each metric is monotone, and some metric detects each defect."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from benchmarks.defects import defects, measure, real_sides
from steadygan.data import DataOptions, open_data


@pytest.fixture(scope="module")
def measured(digits_cache):
    """All numbers of held-out digits, and of each defect's levels from weak to strong."""
    patch = pytest.MonkeyPatch()
    patch.setenv("STEADYGAN_CACHE", str(digits_cache))
    dataset = open_data(DataOptions("digits"))
    look = partial(measure, real_sides(dataset, ["classifier", "patches"]))
    found = {"none": [look(np.asarray(dataset.held_out.samples))]}
    for defect, levels in defects(dataset.held_out, dataset.train):
        found[defect] = [look(samples) for _, samples in levels]
    yield found
    patch.undo()


def values(measured, defect, metric):
    return [numbers[metric].value for numbers in (*measured["none"], *measured[defect])]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "defects_seen"),
    [
        ("frechet, classifier", ["noise", "dropped classes", "few different"]),
        ("kernel, classifier", ["noise", "dropped classes", "few different"]),
        ("frechet, patches", ["noise", "blur", "dropped classes", "few different"]),
        ("sliced_wasserstein", ["noise", "few different"]),
        ("class_distance", ["dropped classes"]),
        ("nearer_than_held_out", ["memorised"]),
        ("near_copies", ["memorised"]),
    ],
)
def test_a_distance_grows_with_each_level_of_a_defect(measured, metric, defects_seen):
    for defect in defects_seen:
        found = values(measured, defect, metric)
        slack = 0.02 * (max(found) - min(found))  # the weakest levels lie within the noise of 180 images
        assert np.all(np.diff(found) > -slack), (defect, found)
        assert found[-1] > 1.25 * found[0], (defect, found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "defects_seen"),
    [
        ("precision, classifier", ["noise"]),
        ("recall, classifier", ["blur", "dropped classes", "few different"]),
        ("coverage, classifier", ["noise", "blur", "dropped classes", "few different"]),
        ("inception_score", ["noise", "dropped classes"]),
        ("within_class_variance", ["blur", "few different"]),
    ],
)
def test_a_share_or_score_falls_with_each_level_of_a_defect(measured, metric, defects_seen):
    for defect in defects_seen:
        found = values(measured, defect, metric)
        assert np.all(np.diff(found) < 0.05 * max(found)), (defect, found)
        assert found[-1] < 0.85 * found[0], (defect, found)


@pytest.mark.slow
def test_ten_class_means_repeated_score_well_by_some_metrics_and_badly_by_prominent_ones(measured):
    (means,), (real,) = measured["class means"], measured["none"]
    assert means["inception_score"].value > real["inception_score"].value  # the known weakness
    assert means["recall, classifier"].value == 0
    assert means["within_class_variance"].value == 0
    assert means["coverage, classifier"].value < 0.3 * real["coverage, classifier"].value
    assert means["frechet, classifier"].value > 2 * real["frechet, classifier"].value
    assert means["frechet, patches"].value > 5 * real["frechet, patches"].value


@pytest.mark.slow
def test_images_learned_by_heart_are_seen_by_memorisation_alone(measured):
    by_heart, real = measured["memorised"][-1], measured["none"][0]
    assert by_heart["frechet, classifier"].value < real["frechet, classifier"].value
    assert by_heart["nearer_than_held_out"].value == 1

"""1-NN two-sample accuracy: equal distributions, far ones, copies, and scikit-learn's leave-one-out classifier."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from steadygan.diagnostics.signals import neighbour_accuracy
from steadygan.errors import UsageError


def test_a_leave_one_out_classifier_of_scikit_learn_says_the_same():
    rng = np.random.default_rng(0)
    fake, real = rng.standard_normal((60, 3)), 0.7 + rng.standard_normal((60, 3))
    rows, kinds = np.concatenate([fake, real]), np.repeat([0, 1], 60)
    scores = cross_val_score(KNeighborsClassifier(1), rows, kinds, cv=LeaveOneOut())
    assert neighbour_accuracy(fake, real) == pytest.approx(scores.mean(), abs=1e-12)


def test_samples_of_one_distribution_cannot_be_told_and_far_ones_all_can():
    rng = np.random.default_rng(1)
    found = [neighbour_accuracy(rng.standard_normal((100, 4)), rng.standard_normal((100, 4))) for _ in range(20)]
    assert np.mean(found) == pytest.approx(0.5, abs=3 * 0.05 / np.sqrt(20))
    assert neighbour_accuracy(rng.standard_normal((50, 4)), 99 + rng.standard_normal((50, 4))) == 1


def test_copies_lie_nearest_to_what_they_copy_and_ties_count_half():
    real = np.arange(10.0)[:, None]
    assert neighbour_accuracy(real, real) == 0
    assert neighbour_accuracy(np.zeros((5, 2)), np.zeros((5, 2))) == 0.5


def test_samples_of_another_width_are_refused():
    with pytest.raises(UsageError):
        neighbour_accuracy(np.zeros((9, 2)), np.zeros((9, 3)))

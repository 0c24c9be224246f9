"""Slopes along the optimal coupling: appendix A of WGAN-GP."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.networks import parameter_count
from steadygan.studies.experiments.optimal_critic import POINTS, STUDY, slopes_between
from steadygan.types import CriticOutput
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    check_report(STUDY, smoke(STUDY, tmp_path))


class Plane(nn.Module):
    """A linear critic."""

    def __init__(self, slope):
        super().__init__()
        self.slope = torch.tensor(slope)

    def forward(self, points):
        return CriticOutput(points @ self.slope)


def test_the_optimal_critic_of_a_shift_has_norm_and_cosine_1_and_a_steeper_one_its_slope():
    fake = np.random.default_rng(0).standard_normal((50, 2))
    real = fake + np.array([3.0, 4.0])
    norms, cosines = slopes_between(Plane([0.6, 0.8]), real, fake, np.random.default_rng(1))
    np.testing.assert_allclose(norms, 1, atol=1e-6)
    np.testing.assert_allclose(cosines, 1, atol=1e-6)
    norms, cosines = slopes_between(Plane([-1.6, 1.2]), real, fake, np.random.default_rng(1))
    np.testing.assert_allclose(norms, 2, atol=1e-6)
    np.testing.assert_allclose(cosines, 0, atol=1e-6)


def test_points_lie_between_the_pairs():
    seen = []

    class Watched(Plane):
        def forward(self, points):
            seen.append(points.detach().numpy())
            return super().forward(points)

    real, fake = np.array([[0.0, 0.0], [5.0, 5.0]]), np.array([[1.0, 0.0], [5.0, 7.0]])
    slopes_between(Watched([1.0, 0.0]), real, fake, np.random.default_rng(0))
    assert 0 < seen[0][0, 0] < 1
    assert seen[0][0, 1] == 0
    assert 5 < seen[0][1, 1] < 7


def test_the_papers_settings():
    weights = {"penalty, weight 10": [10.0], "penalty, weight 0.1": [0.1], "weight clipping": []}
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        assert parameter_count(recipe.critic.build(POINTS)) == 527_361
        assert (recipe.batch, trial.work.rounds) == (256, 500_000)
        assert [penalty.weight for penalty in recipe.penalties] == weights[trial.settings["method"]]

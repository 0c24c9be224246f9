"""Value surfaces of critics alone: figure 1a of WGAN-GP."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.constraints import WeightClip
from steadygan.networks import parameter_count
from steadygan.studies.experiments._potential import correlation_beyond_quadratic, measure
from steadygan.studies.experiments.value_surfaces import POINTS, STUDY
from steadygan.types import CriticOutput
from tests.studies.experiments.common import check_report, smoke

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return smoke(STUDY, tmp_path_factory.mktemp("surfaces"))


def test_it_runs_and_reports(results):
    check_report(STUDY, results)


class Exact(nn.Module):
    """The exact potential as a critic, at fakes whose values are given."""

    def __init__(self, fakes, values):
        super().__init__()
        self.fakes, self.values = torch.from_numpy(fakes), torch.from_numpy(values)

    def forward(self, points):
        return CriticOutput((torch.cdist(points.double(), self.fakes) + self.values).min(dim=1).values)


def test_the_exact_potential_has_correlation_1_with_itself():
    from steadygan.data import open_data
    from steadygan.data.options import DataOptions
    from steadygan.metrics.potentials import transport
    from steadygan.studies.experiments._critic_alone import held_out_pairs

    dataset = open_data(DataOptions("8gaussians"))
    exact = transport(*held_out_pairs(dataset, 100, seed=3))
    found = measure(Exact(exact.y, exact.at_y), dataset, 3, 100)
    assert found["rank_correlation"] == pytest.approx(1)
    assert found["higher_moments"] == pytest.approx(1)
    assert found["slope"] == pytest.approx(0.5)  # 1 at real points; fakes are the tips of its cones, where torch has 0
    np.testing.assert_allclose(found["surface"], found["optimum"], atol=1e-5)


def test_beyond_a_quadratic_nothing_is_left_of_a_quadratic():
    points = np.random.default_rng(0).standard_normal((500, 2)).astype(np.float32)
    x, y = points.astype(np.float64).T
    quadratic, cubic = 3 + x - 2 * y + x * y + 4 * y * y, x**3
    assert correlation_beyond_quadratic(points, cubic + quadratic, cubic - 5 * quadratic) == pytest.approx(1)
    assert correlation_beyond_quadratic(points, quadratic - cubic, cubic) == pytest.approx(-1)
    assert abs(correlation_beyond_quadratic(points, x**3 - 3 * x, y**3 - 3 * y)) < 0.3


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        assert parameter_count(recipe.critic.build(POINTS)) == 527_361
        assert (recipe.batch, trial.work.rounds) == (256, 500_000)  # 100,000 iterations of 5 steps
        clipped = trial.settings["method"] == "weight clipping"
        assert recipe.constraint == (WeightClip(0.01) if clipped else None)
        assert [penalty.weight for penalty in recipe.penalties] == ([] if clipped else [0.1])

"""Exact couplings and potentials of optimal transport."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial.distance import cdist, pdist, squareform

from steadygan.errors import UsageError
from steadygan.metrics.potentials import transport
from steadygan.metrics.transport import wasserstein1


def clouds(count, seed=0, dimensions=2):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, dimensions))
    return x, 2 * rng.standard_normal((count, dimensions)) + 0.5


def test_the_potential_attains_the_dual_of_a_linear_program():
    x, y = clouds(12)
    costs = cdist(x, y)
    # max mean f - mean g with f_i - g_j <= c_ij, by another solver
    rows, b = [], []
    for i in range(12):
        for j in range(12):
            row = np.zeros(24)
            row[i], row[12 + j] = 1, -1
            rows.append(row)
            b.append(costs[i, j])
    objective = np.concatenate([-np.full(12, 1 / 12), np.full(12, 1 / 12)])
    optimum = -linprog(objective, A_ub=np.array(rows), b_ub=b, bounds=(None, None)).fun
    found = transport(x, y)
    assert found.potential(x).mean() - found.potential(y).mean() == pytest.approx(optimum, abs=1e-9)
    assert found.distance == pytest.approx(optimum, abs=1e-9)
    assert found.distance == pytest.approx(wasserstein1(x, y), abs=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_potential_is_1_lipschitz_everywhere_and_rises_by_the_distance_along_the_coupling(dimensions):
    x, y = clouds(60, seed=3, dimensions=dimensions)
    found = transport(x, y)
    points = np.concatenate([x, y, np.random.default_rng(1).uniform(-4, 4, (40, dimensions))])
    values = found.potential(points)
    steepest = np.abs(values[:, None] - values) - squareform(pdist(points))
    assert steepest.max() < 1e-9
    rise = found.potential(found.x) - found.potential(found.y)
    np.testing.assert_allclose(rise, np.linalg.norm(found.x - found.y, axis=1), atol=1e-8)


def test_a_shifted_set_has_the_plane_as_its_potential():
    x, _ = clouds(200)
    shift = np.array([3.0, 4.0])
    found = transport(x + shift, x)
    plane = x @ shift / 5
    np.testing.assert_allclose(found.distance, 5)
    assert np.corrcoef(found.potential(x), plane)[0, 1] > 0.98
    middle = (found.x + found.y) / 2
    along = found.potential(middle + 0.01 * shift / 5) - found.potential(middle)
    np.testing.assert_allclose(along, 0.01, atol=1e-9)


def test_on_a_line_the_potential_is_the_integral_of_the_order():
    x, y = np.array([[0.0], [4.0]]), np.array([[1.0], [2.0]])
    found = transport(x, y)  # 0 goes with 1, 4 with 2
    assert found.distance == pytest.approx(1.5)
    values = found.potential([[0.0], [1.0], [2.0], [4.0]])
    assert values[0] - values[1] == pytest.approx(1)
    assert values[3] - values[2] == pytest.approx(2)


def test_other_numbers_of_points_are_refused():
    with pytest.raises(UsageError, match="3 and 2 points"):
        transport(np.zeros((3, 2)), np.ones((2, 2)))

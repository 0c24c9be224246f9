"""Principal directions: eigenvectors of E[Jᵀ J], which are known for maps whose Jacobian is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from steadygan.export.page.directions import directions_of, principal_directions

SCALES = torch.tensor([3.0, 0.2, 5.0, 1.0])


def directions(samples, **options):
    """Those of a map of latents [N, 4] from N(0, I)."""
    run = SimpleNamespace(
        recipe=SimpleNamespace(prior=SimpleNamespace(size=4)),
        latents=lambda count: torch.randn(count, 4, generator=torch.Generator().manual_seed(3)),
        labels=lambda count: torch.zeros(count, dtype=torch.long),
    )
    module = SimpleNamespace(conditional=False, samples=samples)
    return principal_directions(run, module, **options)


def turned(size: int) -> torch.Tensor:
    """An orthogonal matrix [size, size]."""
    return torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(1)))[0]


def test_of_a_linear_map_they_are_its_right_singular_vectors():
    left, right = turned(6)[:, :4], turned(4)
    found = directions(lambda latents, _: latents @ (left @ torch.diag(SCALES) @ right.T).T, terms=4096)
    expected = right[:, [2, 0, 3, 1]].T  # by falling singular value
    assert ((found.vectors * expected).sum(1).abs() > 0.99).all()
    shares = SCALES[[2, 0, 3, 1]] ** 2 / (SCALES**2).sum()
    torch.testing.assert_close(torch.tensor(found.shares), shares, atol=0.02, rtol=0)


def test_of_another_map_the_mean_is_over_latents():
    """x_i = a_i z_i² / 2 has J = diag(a_i z_i), whose mean is 0, and E[Jᵀ J] = diag(a_i²)."""
    found = directions(lambda latents, _: SCALES * latents**2 / 2, terms=8192, most=2)
    torch.testing.assert_close(found.vectors, torch.eye(4)[[2, 0]], atol=0.1, rtol=0)
    assert found.shares == pytest.approx([25 / 35.04, 9 / 35.04], abs=0.04)


def test_they_are_orthonormal_with_a_fixed_sign():
    found = directions(lambda latents, _: latents @ turned(4), most=3)
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(3))
    assert (found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True)) > 0).all()


def test_a_generator_that_does_not_respond_has_no_shares():
    found = directions_of(torch.zeros(4, 4, dtype=torch.float64), most=8)
    assert found.vectors.shape == (4, 4) and found.shares == (0.0,) * 4

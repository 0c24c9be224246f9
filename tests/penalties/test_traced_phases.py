"""Phases of penalties alone, of samples and of weights, in traced steps."""

from __future__ import annotations

import pytest
import torch

from steadygan.networks import MLPCritic
from steadygan.penalties import R1, Orthogonal, PathLength
from steadygan.training.setup import SetupBuilder
from tests.training.games import image_data, small_recipe
from tests.training.worlds import traced_errors


@pytest.mark.slow
def test_they_have_the_eager_gradients():
    lazy = (R1(1.0, every=3), PathLength(every=2), Orthogonal(0.2, every=2))
    recipe = small_recipe(
        penalties=(*lazy, Orthogonal(0.1), Orthogonal(0.1, player="critic")),
        critic=MLPCritic(width=16, depth=1, spectral=True),
    )
    found = traced_errors(SetupBuilder(recipe, image_data(), torch.device("cpu")))
    for phase in ("generator", "generator every 2", "critic", "critic every 3"):
        assert any(name.startswith(f"{phase}.") for name in found)
    assert max(found.values()) < 1e-9

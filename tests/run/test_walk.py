"""Walks through latent space: arcs between random latents, on which latents are distributed as the prior says."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.priors import Normal, Prior, Uniform
from steadygan.rng import Stream, draw_random, stream_generator
from steadygan.run.interpolate import through

STOPS, STEPS, COUNT = 3, 4, 500


@pytest.mark.parametrize("prior", [Normal(16), Uniform(16)])
def test_a_walk_passes_its_stops_and_closes(prior: Prior) -> None:
    path = list(through(prior, COUNT, STOPS, STEPS, 7))
    assert len(path) == STOPS * STEPS
    stops = prior.latents(draw_random(prior.random_spec(), stream_generator(7, Stream.SAMPLES), STOPS * COUNT))
    for index in range(STOPS):
        assert torch.allclose(path[index * STEPS], stops[index * COUNT : (index + 1) * COUNT], atol=1e-4)
    steps = [float((after - before).abs().mean()) for before, after in zip(path, [*path[1:], path[0]], strict=True)]
    assert max(steps) < 1.3 * min(steps)  # no jump, neither at a stop nor where it closes
    for latents in path:  # the moments of the prior at each step
        variance = 1.0 if isinstance(prior, Normal) else 1 / 3
        assert abs(float(latents.mean())) < 5 * math.sqrt(variance / latents.numel())
        assert abs(float(latents.var()) / variance - 1) < 0.06


def test_halfway_both_stops_weigh_alike() -> None:
    path = list(through(Normal(8), 2, 2, 2, 1))
    assert torch.allclose(path[1], (path[0] + path[2]) / math.sqrt(2), atol=1e-6)

"""The generator of a run as one module: the samples of ``Run``, for each family."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.export.generator import exportable, fixed_inputs
from steadygan.run.styles import truncated
from tests.export.untrained import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_are_those_of_the_run(family):
    run = FAMILIES[family]()
    module = exportable(run)
    inputs = fixed_inputs(run, module, 5)
    made = module(**inputs).round().numpy() if run.sample_spec.is_image else module(**inputs).numpy()
    np.testing.assert_array_equal(made, run.decode(run.latents(5), run.labels(5)))
    assert ("labels" in inputs) == run.conditional == module.conditional
    assert not any("parametrizations" in name for name in module.state_dict())


@pytest.mark.parametrize("psi", [0.0, 0.5, 1.5])
def test_truncation_is_an_input(psi):
    run = FAMILIES["StyleGAN2"]()
    module = exportable(run)
    inputs = fixed_inputs(run, module, 5, psi)
    network = run.load_generator()
    with truncated(network, psi):
        expected = run.decode(inputs["latents"], inputs["labels"], generator=network)
    np.testing.assert_array_equal(module(**inputs).round().numpy(), expected)


def test_generators_that_draw_for_themselves_are_refused(monkeypatch):
    run = FAMILIES["points"]()
    load = run.load_generator

    class Noisy(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, latents, labels=None):
            return self.network(latents) + torch.randn(2)

    monkeypatch.setattr(run, "load_generator", lambda *_: Noisy(load()))
    with pytest.raises(UsageError, match="random numbers of its own"):
        exportable(run)


def test_numbers_that_are_not_finite_are_refused(monkeypatch):
    run = FAMILIES["points"]()
    network = run.load_generator()
    next(iter(network.parameters()))[0, 0] = float("nan")
    monkeypatch.setattr(run, "load_generator", lambda *_: network)
    with pytest.raises(UsageError, match="not finite"):
        exportable(run)

"""The largest difference of an export from PyTorch: what counts, and as a share of what."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.data.units import Units
from steadygan.errors import UsageError
from steadygan.export.generator import exportable, fixed_inputs
from steadygan.export.parity import difference, parity
from steadygan.networks import MLPGenerator
from steadygan.representations import Plain
from steadygan.types import SampleSpec
from tests.export.untrained import FAMILIES, Untrained


def test_pictures_are_compared_as_a_share_of_255_levels():
    run = FAMILIES["multi-scale"]()
    module = exportable(run)
    inputs = fixed_inputs(run, module, 3)
    made = module(**inputs)
    assert difference(module, inputs, made) == 0
    made[1, 0, 2, 3] += 0.51
    assert difference(module, inputs, made) == pytest.approx(0.002, rel=1e-3)
    made[0, 0, 0, 0] = math.nan
    assert difference(module, inputs, made) == math.inf
    assert difference(module, inputs, made[:2]) == difference(module, inputs, made.double()) == math.inf


def test_text_is_compared_by_how_likely_its_characters_are():
    run = FAMILIES["text"]()
    module = exportable(run)
    inputs = fixed_inputs(run, module, 2)
    likely = module.samples(**inputs)
    made = module(**inputs)
    made[1, 2] = (made[1, 2] + 1) % 5
    expected = likely[1, :, 2].max() - likely[1, made[1, 2], 2]
    assert difference(module, inputs, made) == pytest.approx(float(expected))


def test_numbers_with_units_may_differ_by_a_step_of_float32():
    """Offsets of 1e9: a step is 64, a tenth of the range of a column whose scale is 320."""
    units = Units(offsets=(1e9, 0.0), scales=(320.0, 2.0), names=("a", "b"))
    run = Untrained("wgan-gp", SampleSpec((2,)), units, generator=MLPGenerator(4))
    module = exportable(run)
    inputs = fixed_inputs(run, module, 3)
    made = module(**inputs)
    made[0, 0] += 64
    assert difference(module, inputs, made) == 0
    made[1, 1] += 0.4
    assert difference(module, inputs, made) == pytest.approx(0.1, rel=1e-4)


def test_colours_below_an_alpha_that_is_rounded_otherwise_are_not_compared():
    run = Untrained("wgan-gp", SampleSpec((4, 8, 8)), representation=Plain(colour="over_white"))
    module = exportable(run)
    inputs = fixed_inputs(run, module, 2)
    made = module(**inputs)
    at = (0, slice(None), 3, 3)
    whole = made[at][-1].round()
    made[at] = torch.tensor([9.0, 9.0, 9.0, float(whole) + (0.6 if made[at][-1] <= whole else -0.6)])
    assert difference(module, inputs, made) == pytest.approx(float(abs(made[at][-1] - module(**inputs)[at][-1])) / 255)


def test_a_difference_beyond_the_limit_is_one_line():
    run = FAMILIES["points"]()
    module = exportable(run)
    assert parity(run, module, lambda inputs: module(**inputs), "it") == 0
    with pytest.raises(UsageError, match="it differs from PyTorch"):
        parity(run, module, lambda inputs: module(**inputs) * 1.001, "it")
    with pytest.raises(UsageError, match="differs"):
        parity(run, module, lambda inputs: module(**inputs)[:1].expand(len(inputs["latents"]), -1), "it")

"""What networks make, as numbers of the data: rounded, they are those of ``Run.decode``."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from steadygan.data.units import Units
from steadygan.export.values import Characters, Levels, Numbers, values_of
from steadygan.representations import OneHot, Plain, Pyramid
from steadygan.types import SampleSpec


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("colour", ["as_stored", "over_white"])
@pytest.mark.parametrize("plain", [{}, {"low": 0.0, "high": 2.0}, {"dequantise": "paper"}])
def test_rounded_levels_are_those_of_decode(plain, colour, channels):
    representation = Plain(**plain, colour=colour)
    values = values_of(representation, SampleSpec((channels, 16, 16)), None)
    assert isinstance(values, Levels)
    samples = representation.low + (representation.high - representation.low) * (
        1.2 * torch.rand(8, channels, 16, 16) - 0.1
    )
    made = values(samples)
    assert made.dtype == torch.float32 and made.min() >= 0 and made.max() <= 255
    if plain.get("dequantise") == "paper" and colour == "over_white" and channels in (2, 4):
        made, samples = made[:, -1:], samples  # colours are divided by a level that paper's noise moves
        assert torch.equal(made.round().to(torch.uint8), representation.decode(samples)[:, -1:])
    else:
        assert torch.equal(made.round().to(torch.uint8), representation.decode(samples))


def test_stored_pictures_come_back():
    stored = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    for representation in (Plain(), Plain(low=0.0), Pyramid()):
        encoded = Plain.encode(representation.image if isinstance(representation, Pyramid) else representation, stored)
        made = values_of(representation, SampleSpec((1, 16, 16)), None)(encoded)
        assert (made - stored).abs().max() < 1e-4


def test_numbers_have_the_units_of_the_data():
    """Offsets a million times the scales: float64 inside, one float32 step of what ``Units.restored`` gives."""
    units = Units(offsets=(1.7e9, -3.0), scales=(1e3, 0.0), names=("date", "constant"))
    values = values_of(Plain(), SampleSpec((2,)), units)
    assert isinstance(values, Numbers)
    samples = torch.randn(50, 2)
    np.testing.assert_allclose(values(samples).numpy(), units.restored(samples.numpy()), rtol=1.2e-7)
    signal = Units(offsets=(1.0, 2.0), scales=(3.0, 4.0))
    samples = torch.rand(5, 2, 7) * 2 - 1
    made = values_of(Plain(low=0.0), SampleSpec((2, 7), kind="signal"), signal)((samples + 1) / 2)
    np.testing.assert_allclose(made.numpy(), signal.restored(samples.numpy()), rtol=1e-6, atol=1e-6)


def test_text_is_the_likeliest_character():
    values = values_of(OneHot(3), SampleSpec((3, 4), kind="text"), None)
    assert isinstance(values, Characters)
    ids = torch.tensor([[0, 2, 1, 1]])
    assert torch.equal(values(OneHot(3).encode(ids)), ids)

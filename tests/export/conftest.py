"""One real run, and torch's table of ONNX operations made once: making it takes longer than an export."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import pytest

import steadygan as sg
from steadygan.networks import DCGANGenerator, LabelledGenerator
from steadygan.priors import Uniform
from steadygan.recipe import RunOptions
from steadygan.recipes import acgan


@pytest.fixture(scope="session", autouse=True)
def _one_table() -> Iterator[None]:
    from torch.onnx._internal.exporter import _registration

    with pytest.MonkeyPatch.context() as patch:
        made = functools.cache(_registration.ONNXRegistry.from_torchlib)
        patch.setattr(_registration.ONNXRegistry, "from_torchlib", staticmethod(made))
        yield


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> sg.Run:
    """A run on pictures with labels and batch norms, of latents that are uniform; 2 rounds."""
    sample = sg.SampleSpec((1, 8, 8), 10)
    recipe = dataclasses.replace(
        acgan(sample),
        generator=LabelledGenerator(DCGANGenerator(4)),
        prior=Uniform(6),
        batch=8,
        run=RunOptions(precision="fp32", threads=1, picture_every=100, evaluate="none", checkpoint_every=1),
    )
    return sg.train(recipe, data="digits", out=tmp_path_factory.mktemp("exported") / "a_run", rounds=2, observers=[])

"""One real run, and torch's table of ONNX operations made once: making it takes longer than an export."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import steadygan as sg
from steadygan.evaluation import record
from steadygan.export.facts import ExportFacts
from steadygan.export.hub_folder import write_hub_folder
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


@pytest.fixture(scope="session")
def folder(run: sg.Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportFacts]:
    """A hub folder of a run that was evaluated, with names that hold Markdown's signs."""
    path = tmp_path_factory.mktemp("hub") / "folder"
    origin = dataclasses.asdict(
        record.Provenance(
            **dict.fromkeys(("data", "data_hash", "features", "features_hash", "resize"), "x"),
            split="train",
            real=9,
            count=8,
            weights="average",
            samples="uint8",
            precision="fp32",
            recipe="a|b",
            recipe_hash="y",
            training_seed=0,
            round=2,
            sampling_seed=5,
        )
    )
    numbers = (record.Number("frechet", 10.0, 0.5, 2.0), record.Number("recall", 0.25, better="higher"))
    other = record.Provenance(**{**origin, "round": 1})
    record.add(run.folder, [record.Evaluation(record.Provenance(**origin), numbers)])
    record.add(run.folder, [record.Evaluation(other, (record.Number("kernel", 77.0),))])
    return path, write_hub_folder(run, path)

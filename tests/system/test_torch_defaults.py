"""What a notebook has set in torch changes no training and no sample, and is as it was afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import steadygan as sg
from steadygan.networks import LabelledGenerator
from steadygan.system.torch_defaults import torch_defaults
from tests.training.games import image_data, small_recipe


@contextlib.contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def default_device(device: str) -> Iterator[None]:
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


AROUND: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "another device": lambda: default_device("meta"),
    "a device's block": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
}


def everything(folder: Path) -> dict[str, Any]:
    """Weights of a training that was resumed, and what a run gives that was loaded."""
    recipe = small_recipe(rounds=1, prior=sg.priors.Uniform(4))
    recipe = dataclasses.replace(recipe, generator=LabelledGenerator(recipe.generator))
    sg.train(recipe, data=image_data(), out=folder, device="cpu", observers=[])
    run = sg.load(sg.resume(folder, data=image_data(), more_rounds=1, device="cpu", observers=[]).folder)
    blocks = [samples for samples, _ in run.blocks(3, label=2)]
    latents = run.latents(2)
    return {
        **load_file(run.checkpoint() / "critic.safetensors"),
        **load_file(run.checkpoint() / "average.safetensors"),
        "samples": run.sample(3),
        "of a class": run.sample(3, label=[1, 2]),
        "blocks": np.concatenate(blocks),
        "between": run.interpolate(1, 2),
        "mixed": run.mix(latents, latents, 2, labels=run.labels(2)),
        "found": run.invert(run.sample(1), steps=2, starts=1).latents.points,
    }


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return everything(tmp_path_factory.mktemp("plain") / "run")


@pytest.mark.parametrize("name", AROUND)
def test_training_and_samples_are_the_same(name: str, right: dict[str, Any], tmp_path: Path) -> None:
    with AROUND[name]():
        found = everything(tmp_path / "run")
    assert found.keys() == right.keys()
    for each, value in found.items():
        np.testing.assert_array_equal(np.asarray(value), np.asarray(right[each]), err_msg=each)
        assert value.dtype == right[each].dtype, each


@pytest.mark.parametrize("name", AROUND)
def test_the_caller_finds_torch_as_it_was(name: str) -> None:
    def state() -> tuple[Any, ...]:
        made = torch.ones(1)
        return made.dtype, made.device, torch.is_autocast_enabled("cpu"), torch.is_grad_enabled(), made.is_inference()

    plain = state()
    with AROUND[name]():
        before = state()
        assert before != plain
        with torch_defaults():
            assert state() == plain
        assert state() == before
    assert state() == plain

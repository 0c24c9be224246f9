"""The default recipes for points, tables, and grids of numbers: signals, volumes, images of many bands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from steadygan.default_recipe.choice import FEW, Choice, count_of, for_count, minutes_on, with_width
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import wgan_gp

if TYPE_CHECKING:
    from steadygan.data import Dataset

_RATE = Adam(2e-4, betas=(0.0, 0.9))


def for_points(dataset: Dataset) -> Choice:
    """WGAN-GP, for points of the toy distributions."""
    why = "recipe wgan-gp: its critic's surface shows what it has learned of points; 3,000 rounds show every mode"
    return Choice(dataclasses.replace(wgan_gp(dataset.sample), rounds=3_000), None, (why,))


def for_table(dataset: Dataset) -> Choice:
    """WGAN-GP with fully connected networks, for a table of numbers."""
    recipe = dataclasses.replace(
        wgan_gp(dataset.sample),
        generator=MLPGenerator(width=256),
        critic=MLPCritic(width=256, activation="leaky_relu"),
        generator_optimizer=_RATE,
        critic_optimizer=_RATE,
        rounds=10_000,
    )
    columns = dataset.sample.shape[0]
    why = (
        f"recipe wgan-gp: for a table of {columns:,} columns, standardised; fully connected networks of width 256",
        "10,000 rounds (--rounds N or --minutes N for another length)",
    )
    return Choice(recipe, None, why)


def for_grid(dataset: Dataset, device: str) -> Choice:
    """WGAN-GP with convolutions over as many dimensions as the samples have."""
    sample, minutes, count = dataset.sample, minutes_on(device), count_of(dataset)
    width = 64 if device == "cuda" else 16 if sample.is_volume else 32
    recipe = with_width(wgan_gp(sample), width)
    recipe = dataclasses.replace(recipe, generator_optimizer=_RATE, critic_optimizer=_RATE)
    over = {"signal": "one dimension", "volume": "three dimensions"}.get(sample.kind, "two dimensions")
    what = "a GPU" if device == "cuda" else "this device"
    reasons = [
        f"recipe wgan-gp: the steadiest on small sets; a sample is {sample}: convolutions over {over}",
        f"width {width}, {minutes:.0f} minutes: for {what} (--minutes N for another time)",
    ]
    if count < FEW:
        reasons.append(f"{count} {sample.plural} are few: expect near copies; more of them help most")
    return Choice(for_count(recipe, count), minutes, tuple(reasons))

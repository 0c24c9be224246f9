"""The default recipe for text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from steadygan.default_recipe.choice import Choice, minutes_on
from steadygan.networks import TextCritic, TextGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import text
from steadygan.schedules import Constant

if TYPE_CHECKING:
    from steadygan.data import Dataset


def for_text(dataset: Dataset, device: str) -> Choice:
    """WGAN-GP on characters, narrower than the paper's; on a CPU with fewer critic steps and higher rates."""
    base = text(dataset.sample)
    length = dataset.sample.shape[1]
    minutes = minutes_on(device)
    on_gpu = device == "cuda"
    width = 256 if on_gpu else 64
    recipe = dataclasses.replace(base, generator=TextGenerator(width), critic=TextCritic(width))
    reasons = [
        f"recipe text: WGAN-GP on characters; a sample is a line of {length} (--data.length N for another length)",
        f"width {width} in place of the paper's 512, {minutes:.0f} minutes: for {'a GPU' if on_gpu else 'a CPU'} "
        "(--minutes N for another time, --generator.width N --critic.width N for other networks)",
    ]
    if not on_gpu:
        rate = Adam(5e-4, betas=(0.5, 0.9))
        recipe = dataclasses.replace(recipe, critic_steps=Constant(5), generator_optimizer=rate, critic_optimizer=rate)
        reasons.append("5 critic steps in place of 10, rates of 5e-4 in place of 1e-4: learns more in the same time")
    return Choice(recipe, minutes, tuple(reasons))

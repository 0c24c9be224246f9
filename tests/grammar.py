"""A grammar of short sentences as a text file, and a recipe that learns it in seconds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import steadygan as sg
from steadygan.data import DataOptions
from steadygan.networks import TextCritic, TextGenerator
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipe import RunOptions
from steadygan.recipes import text
from steadygan.schedules import Constant

NOUNS, VERBS = ("cat", "dog", "owl", "fox"), ("sees", "hits", "bites")
GRAMMAR = [f"{one} {verb} {other}" for one in NOUNS for verb in VERBS for other in NOUNS] * 4
RUN = RunOptions(precision="fp32", threads=1, log_every=5, picture_every=5, checkpoint_every=5, evaluate_every=10)


def data(path: Path) -> DataOptions:
    """Samples of 12 characters, a quarter of them held out."""
    return DataOptions(source=str(path), length=12, held_out=0.25)


def small(make=text, **changes) -> sg.Recipe:
    """A recipe for text on networks that learn in seconds."""
    optimizer = Adam(2e-3, betas=(0.5, 0.9))
    fields = {
        "generator": TextGenerator(16, blocks=2, kernel=3),
        "critic": TextCritic(16, blocks=2, kernel=3),
        "critic_steps": Constant(3),
        "generator_optimizer": optimizer,
        "critic_optimizer": optimizer,
        "batch": 32,
        "prior": Normal(16),
        "run": RUN,
        "rounds": 12,
    }
    return dataclasses.replace(make(), **{**fields, **changes})


def trained(path: Path, out: Path, **changes) -> sg.Run:
    """A run of the recipe, with fields changed."""
    return sg.train(small(**changes), data=data(path), out=out, observers=[])

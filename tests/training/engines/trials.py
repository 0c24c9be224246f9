"""Setups of small recipes, and the gradient errors of engines in them."""

from __future__ import annotations

import torch

from steadygan.training.engines.agreement import disagreement
from steadygan.training.setup import SetupBuilder
from tests.training.games import image_data
from tests.training.worlds import made, sample_of


def trial(recipe, data=None):
    """A setup of a recipe on the CPU."""
    data = image_data() if data is None else data
    return SetupBuilder(recipe, data, torch.device("cpu"))


def small_trial(name):
    """A setup of a named recipe on narrow networks."""
    return trial(made(name, batch=8), image_data(200, sample_of(name)))


def errors(tried, engine):
    """The distance of each gradient from the eager one, by parameter."""
    return disagreement(engine, tried.build, [tried.drawer.round(0, 0), tried.drawer.round(1, 0)])

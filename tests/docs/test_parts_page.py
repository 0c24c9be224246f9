"""The commands of docs/parts.md are parsed as the command line parses them, and trained for a round."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest
import torch

from steadygan.cli import overrides
from steadygan.perturbations import Adaptive, DiffAugment, InstanceNoise
from steadygan.recipe import Recipe
from steadygan.recipes import find
from steadygan.training.validate import check_game
from steadygan.types import SampleSpec
from tests.training.games import image_data, table, training_round

PAGE = Path(__file__).parents[2] / "docs" / "parts.md"
SAMPLE = SampleSpec((1, 32, 32))
COMMANDS = re.findall(r"^steadygan train (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
LINES = [line for line in COMMANDS if "--from" not in line]
"""those that need no other run"""
FIXED = {"--set": True, "--data.size": True}


def recipe_of(line: str) -> Recipe:
    """What a line trains, narrow and on small batches where it can be."""
    name, *words = shlex.split(line)
    made = find(name)
    rest, changes = overrides.split(words, FIXED)
    while rest:
        option, value = rest.pop(0), rest.pop(0)
        assert option in FIXED
        changes += [overrides.setting(value)] if option == "--set" else []
    recipe = overrides.apply(made(SAMPLE), changes)
    small = {}
    for player in ("generator", "critic"):
        network = getattr(recipe, player)
        small[player] = dataclasses.replace(network, width=8)
    return dataclasses.replace(recipe, **small, batch=8)


@pytest.mark.parametrize("line", LINES)
def test_each_line_trains(line):
    recipe = recipe_of(line)
    game, feed, drawer = table(recipe, image_data(40, SAMPLE))
    check_game(game)
    report = training_round(game, feed, drawer.round(0, 0), 0, 0)
    assert torch.isfinite(report.critic_loss) and torch.isfinite(report.generator_loss)


def test_the_page_names_every_perturbation():
    kinds = {type(recipe_of(line).perturbation) for line in LINES}
    assert {DiffAugment, Adaptive, InstanceNoise} <= kinds

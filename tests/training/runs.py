"""What runs in folders leave behind, and runs that were cut off: helpers that the training tests share."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file

from steadygan.recipe import load
from steadygan.run.layout import list_checkpoints
from steadygan.run.records import TIMES
from steadygan.training.session import new_run, resume_run
from tests.training.games import image_data


class Watcher:
    """Remembers what a run told."""

    def __init__(self):
        self.told = []

    def started(self, start):
        self.told.append(("started", start))

    def logged(self, row):
        self.told.append(("logged", row))

    def evaluated(self, row):
        self.told.append(("evaluated", row))

    def pictured(self, picture):
        self.told.append(("pictured", picture))

    def saved(self, round_, path):
        self.told.append(("saved", round_))

    def ended(self, end):
        self.told.append(("ended", end))

    def all(self, what):
        return [value for name, value in self.told if name == what]


class Stop(Watcher):
    """Ends a run once the checkpoint of a round is written."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def saved(self, round_, path):
        if round_ == self.at:
            raise KeyboardInterrupt


def sends(number, function, at):
    """The function, which sends this process a signal when its call of that number begins."""
    calls = itertools.count(1)

    def wrapped(*arguments, **options):
        if next(calls) == at:
            signal.raise_signal(number)
        return function(*arguments, **options)

    return wrapped


def rows(folder):
    """The record, without what two equal runs may differ in."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


def weights(folder, round_):
    """Every tensor of a checkpoint by file and name."""
    found = {}
    for path in sorted((folder / "checkpoints" / f"{round_:06d}").glob("*.safetensors")):
        found.update({f"{path.stem}.{key}": tensor for key, tensor in load_file(path).items()})
    return found


def assert_same_end(one, other, round_, but=()):
    """Two runs have equal records (``but`` for some fields), and checkpoints of a round equal to the last digit."""
    first, second = ([{k: v for k, v in row.items() if k not in but} for row in rows(run)] for run in (one, other))
    assert first == second
    a, b = weights(one, round_), weights(other, round_)
    assert a.keys() == b.keys()
    for key in a:
        assert torch.equal(a[key], b[key]), key


def check_resumed_from_copies(recipe, folder, after):
    """Trains a recipe to its end; copies of the run as it was killed some rounds after a checkpoint end the same.

    Args:
        recipe: of small images
        folder: an empty one; the whole run is left in it as 'whole'
        after: rounds of checkpoints, from each of which a copy goes on
    """
    whole = folder / "whole"
    new_run(
        dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, keep_last=99)),
        image_data(),
        whole,
        device="cpu",
    )
    for round_ in after:
        cut = folder / f"cut-{round_}"
        shutil.copytree(whole, cut)
        for path in list_checkpoints(cut / "checkpoints"):
            if int(path.name) > round_:
                shutil.rmtree(path)
        with open(cut / "metrics.jsonl", "a") as file:
            file.write(f'{{"round": {recipe.rounds + 1}, "torn')
        assert resume_run(load(cut / "recipe.yaml"), image_data(), cut, device="cpu") == "finished"
        assert_same_end(whole, cut, recipe.rounds)


def check_resumed_after_stops(recipe, folder, after):
    """The same where the runs were stopped right after those checkpoints, and know nothing of later ones."""
    new_run(recipe, image_data(), folder / "whole", device="cpu")
    for round_ in after:
        cut = folder / f"cut-{round_}"
        with pytest.raises(KeyboardInterrupt):
            new_run(recipe, image_data(), cut, device="cpu", observers=[Stop(round_)])
        resume_run(recipe, image_data(), cut, device="cpu")
        assert_same_end(folder / "whole", cut, recipe.rounds)

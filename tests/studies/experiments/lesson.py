"""A study of a lesson, tried: all of it at smoke scale, and its functions of results that are few or none."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from steadygan.networks.building import build_critic, build_generator
from steadygan.recipe import Recipe
from steadygan.studies import Results, Row, Study, find
from steadygan.types import SampleSpec

CIFAR10 = SampleSpec((3, 32, 32), classes=10)


def at_smoke_scale(name: str, folder: Path) -> Results:
    """The results of all smoke trials; what the study makes of them, of one and of none is what it has to be."""
    study = find(name)
    trials = study.trials("smoke", [0])
    assert len({trial.name for trial in trials}) == len(trials)
    rows = tuple(Row(trial.settings, 0, trial.work.carry_out(folder / trial.name, 0)) for trial in trials)
    assert all(math.isfinite(row.values["distance"]) for row in rows)
    for some in (rows, rows[:1], ()):
        _understood(study, Results(some))
    assert study.plots(Results(rows)) and study.table(Results(rows)).rows
    return Results(rows)


def _understood(study: Study, results: Results) -> None:
    for plot in study.plots(results):
        assert plot.caption and isinstance(plot.image, Figure)
        plot.image.canvas.draw()
    table = study.table(results)
    assert all(len(row) == len(table.columns) for row in table.rows)
    for claim in study.claims:
        decision = claim.decide(results)
        assert decision.answer == "not decided here" and decision.evidence, claim.name


def well_planned(name: str, count: int) -> None:
    """At laptop scale: so many trials of each seed, at least three seeds, whole seeds first."""
    study = find(name)
    assert study.seeds["laptop"] >= 3 and all(claim.rule and claim.source for claim in study.claims)
    trials = study.trials("laptop", [3, 5])
    assert [trial.seed for trial in trials] == [3] * count + [5] * count
    assert len({trial.name for trial in trials}) == 2 * count


def paper_recipes(name: str) -> list[tuple[Mapping[str, Any], Recipe]]:
    """Settings and recipe of each trial at the papers' scale, built for CIFAR-10."""
    made = []
    for trial in find(name).trials("paper", [0]):
        work = getattr(trial.work, "first", trial.work)
        recipe = work.recipe(CIFAR10)  # type: ignore[attr-defined]
        made.append((trial.settings, work.change(recipe) if work.change is not None else recipe))  # type: ignore[attr-defined]
        assert work.data.source == "cifar10"  # type: ignore[attr-defined]
    return made


def parameters(recipe: Recipe) -> tuple[int, int]:
    """Numbers of parameters of generator and critic for CIFAR-10; spectral norm, which has none, needs numbers."""
    critic = recipe.critic
    if getattr(critic, "spectral", False):
        critic = dataclasses.replace(critic, spectral=False)  # type: ignore[call-arg,type-var]
    with torch.device("meta"):
        networks = build_generator(recipe.generator, CIFAR10, recipe.prior.size), build_critic(critic, CIFAR10)
    first, second = (sum(parameter.numel() for parameter in network.parameters()) for network in networks)
    return first, second


def made_up(rows: Iterable[tuple[Mapping[str, Any], Sequence[float]]], value: str = "distance") -> Results:
    """Results of settings with a value for each seed from 0 on."""
    return Results(tuple(Row(given, seed, {value: each}) for given, some in rows for seed, each in enumerate(some)))


def answer(name: str, claim: str, results: Results) -> str:
    """What a study says of a claim."""
    return next(each for each in find(name).claims if each.name == claim).decide(results).answer

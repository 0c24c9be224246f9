"""Losses by K: what the loss sees, closed forms of scores, and claims on made-up results."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from steadygan.data import DataOptions, open_data
from steadygan.objectives import Adversarial
from steadygan.representations import Plain
from steadygan.studies.experiments.loss_and_lipschitz import LOSSES, ranges, score_interval
from steadygan.types import CriticOutput
from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("loss-and-lipschitz", tmp_path)
    for loss in ("wasserstein", "non-saturating"):
        narrow, wide = (results.values("score_interval", loss=loss, K=constant)[0] for constant in (0.1, 100.0))
        assert wide == pytest.approx(1_000 * narrow, rel=0.05)  # after a few rounds, from the same weights


def test_it_is_planned_for_a_laptop():
    well_planned("loss-and-lipschitz", 16)


def test_at_the_papers_scale_each_loss_has_each_constant():
    found = {(given["loss"], given["K"]): recipe for given, recipe in paper_recipes("loss-and-lipschitz")}
    assert len(found) == 16
    for (loss, constant), recipe in found.items():
        assert recipe.objective == Adversarial(LOSSES[loss], score_scale=constant)
        assert recipe.critic.spectral and recipe.critic.width == 64 and recipe.rounds == 100_000


def test_the_interval_of_scores_is_that_of_the_critic_times_k():
    """A critic that sums coordinates, generated points at 0 and at (3, 4), real ones on the ring."""
    dataset = open_data(DataOptions("8gaussians"))
    made = np.array([[0.0, 0.0], [3.0, 4.0]], np.float32)
    run = SimpleNamespace(
        recipe=SimpleNamespace(objective=Adversarial(score_scale=10.0), representation=Plain()),
        sample=lambda count, weights: made,
        critic=lambda points: CriticOutput(points.sum(1)),
    )
    lowest = min(
        0.0, float(torch.from_numpy(np.asarray(dataset.train.draw(np.random.default_rng(0), 1_000)[0])).sum(1).min())
    )
    got = score_interval(run, SimpleNamespace(dataset=dataset))  # type: ignore[arg-type]
    assert got == pytest.approx(10 * (7 - lowest), rel=1e-5)


def results(small: list[float], one: list[float], large: list[float]):
    rows = []
    for constant, some in ((0.1, small), (1.0, one), (100.0, large)):
        for loss, distance in zip(LOSSES, some, strict=True):
            rows.append(({"loss": loss, "K": constant}, [distance, 1.01 * distance, 1.02 * distance]))
    return made_up(rows)


def test_ranges_are_log_ratios_and_decide_the_claims():
    papers = results([1.0, 1.1, 1.2, 1.1], [1.0, 1.1, 1.1, 1.2], [1.0, 5.0, 6.0, 8.0])
    assert ranges(papers, 0.1)[0] == pytest.approx(math.log(1.2)) and ranges(papers, 100.0)[2] == pytest.approx(
        math.log(8)
    )
    claims = (
        "alike at small K",
        "losses matter more at large K",
        "the linear loss holds up",
        "the loss matters little",
    )
    assert {answer("loss-and-lipschitz", claim, papers) for claim in claims} == {"holds"}
    reverse = results([8.0, 1.0, 2.0, 1.0], [9.0, 1.0, 1.0, 1.0], [8.0, 7.0, 7.0, 7.0])
    assert {answer("loss-and-lipschitz", claim, reverse) for claim in claims} == {"does not hold"}

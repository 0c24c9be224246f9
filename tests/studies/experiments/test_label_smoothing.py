"""Label smoothing: the critic's confidence against closed forms, and claims on made-up results."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from steadygan.data import DataOptions, open_data
from steadygan.representations import Plain
from steadygan.studies.experiments.label_smoothing import confidence
from steadygan.types import CriticOutput
from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("label-smoothing", tmp_path)
    assert all(0 < value < 1 for value in results.values("confidence"))


def test_it_is_planned_for_a_laptop():
    well_planned("label-smoothing", 4 * 3)


def test_at_the_papers_scale_the_label_alone_differs():
    found = [(given["label"], recipe.objective.real_label) for given, recipe in paper_recipes("label-smoothing")]
    assert [given for given, _ in found] == [label for _, label in found] == [1.0, 0.9, 0.7] * 2


@pytest.mark.parametrize(("label", "score"), [(0.9, math.log(9)), (0.5, 0.0)])
def test_confidence_is_the_mean_probability_of_real_samples(label, score):
    """The best constant critic where there are real samples alone has sigmoid(D) = label."""
    dataset = SimpleNamespace(dataset=open_data(DataOptions("8gaussians")))
    run = SimpleNamespace(
        recipe=SimpleNamespace(representation=Plain()),
        critic=lambda points: CriticOutput(torch.full((len(points),), score)),
    )
    assert confidence(run, dataset) == pytest.approx(label, rel=1e-6)  # type: ignore[arg-type]


def results(one: float, smoothed: float, value: str):
    rows = [({"case": case, "label": 1.0}, [one, 1.001 * one, 1.002 * one]) for case in "ab"]
    return made_up(
        [*rows, *(({"case": case, "label": 0.9}, [smoothed, 1.001 * smoothed, 0.999 * smoothed]) for case in "ab")],
        value,
    )


def test_claims_are_decided_by_distance_and_confidence():
    assert answer("label-smoothing", "better samples", results(4.0, 2.0, "distance")) == "holds"
    lesson, reverse = results(0.95, 0.8, "confidence"), results(0.6, 0.95, "confidence")
    for claim in ("a less confident critic", "confidence at most the label"):
        assert answer("label-smoothing", claim, lesson) == "holds"
        assert answer("label-smoothing", claim, reverse) == "does not hold"

"""Gradient norms by layer: figure 1b of WGAN-GP."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.networks import parameter_count
from steadygan.run import Run
from steadygan.studies.experiments.gradient_norms import LIMITS, PENALTY, POINTS, STUDY
from steadygan.studies.results import Results, Row
from tests.studies.experiments.common import check_report, smoke

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("gradient-norms")


@pytest.fixture(scope="module")
def results(folder):
    return smoke(STUDY, folder)


def test_it_runs_and_reports(results):
    check_report(STUDY, results)


def test_the_norms_are_those_of_the_layers_written_out(results, folder):
    trial = STUDY.trials("smoke", [0])[-1]
    run = Run(folder / trial.name / "run")
    critic = copy.deepcopy(run.critic).double().requires_grad_(True)
    layers = [part for part in critic.modules() if isinstance(part, nn.Linear)]
    real = torch.from_numpy(trial.work.prepared(0).dataset.held_out.samples[:1000]).double()
    fake = torch.from_numpy(run.sample(1000, weights="raw")).double()
    outputs, scores = [], []
    for points in (real, fake):
        outputs.append([layers[0](points)])
        for layer in layers[1:]:
            outputs[-1].append(layer(torch.relu(outputs[-1][-1])))
        scores.append(outputs[-1][-1])
    loss = scores[1].mean() - scores[0].mean()
    of_both = [torch.autograd.grad(loss, each, retain_graph=True) for each in outputs]
    norms = [float(torch.cat(pair).norm()) for pair in zip(*of_both, strict=True)]
    row = results.where(method=PENALTY).rows[0]
    np.testing.assert_allclose(row.values["norms"], norms, rtol=1e-6)
    slope = np.polyfit(-np.arange(len(norms)), np.log10(norms), 1)[0]
    assert row.values["slope"] == pytest.approx(slope)


def test_clipped_weights_are_counted_at_the_limit(results, folder):
    for method, limit in LIMITS.items():
        row = results.where(method=method).rows[0]
        trial = next(t for t in STUDY.trials("smoke", [0]) if t.settings["method"] == method)
        weights = torch.cat([each.flatten() for each in Run(folder / trial.name / "run").critic.parameters()])
        assert row.values["share_at_ends"] == pytest.approx(float((weights.abs() > 0.999 * limit).double().mean()))
        assert weights.abs().max() <= limit


def rows_of(slopes):
    return Results(
        tuple(
            Row({"method": method}, seed, {"slope": slope + 0.001 * seed, "share_at_ends": 0.9})
            for method, slope in slopes.items()
            for seed in range(3)
        )
    )


@pytest.mark.parametrize(
    ("slopes", "clipped", "flat"),
    [((-2.0, -1.0, 0.5, 0.01), "holds", "holds"), ((-2.0, 0.02, 0.5, -0.4), "does not hold", "does not hold")],
)
def test_slopes_decide(slopes, clipped, flat):
    results = rows_of(dict(zip([*LIMITS, PENALTY], slopes, strict=True)))
    assert STUDY.claims[0].decide(results).answer == clipped
    assert STUDY.claims[1].decide(results).answer == flat
    assert STUDY.claims[2].decide(results).answer == "does not hold"  # 90% at the ends under the penalty too


def test_the_papers_networks_have_twelve_hidden_layers():
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        assert parameter_count(recipe.critic.build(POINTS)) == 3 * 512 + 11 * (512 * 512 + 512) + 513
        assert parameter_count(recipe.generator.build(POINTS, 2)) == 3 * 512 + 11 * (512 * 512 + 512) + 2 * 513
        assert (recipe.batch, trial.work.rounds, recipe.steps(0)) == (256, 100_000, 5)
        assert trial.work.data == "swissroll"

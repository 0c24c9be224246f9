"""ELU and smooth ELU critics: appendix D of WGAN-GP."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from steadygan.networks import parameter_count
from steadygan.studies.experiments.elu import STUDY
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    check_report(STUDY, smoke(STUDY, tmp_path))


def test_the_critics_have_the_papers_functions():
    for trial in STUDY.trials("laptop", [0]):
        shape = (2,) if trial.settings["data"] == "25gaussians" else (1, 8, 8)
        critic = trial.work.recipe.critic.build(SampleSpec(shape))
        names = {type(part).__name__ for part in critic.modules() if not list(part.children())}
        x = torch.linspace(-3, 3, 61, dtype=torch.float64)
        if trial.settings["activation"] == "elu":
            assert "ELU" in names
        elif trial.settings["activation"] == "smooth_elu":
            smooth = next(part for part in critic.modules() if "elu" in type(part).__name__.lower())
            assert not isinstance(smooth, nn.ELU)
            torch.testing.assert_close(smooth(x), softplus(2 * x + 2) / 2 - 1)
            assert float(smooth(torch.zeros((), dtype=torch.float64))) == pytest.approx(0.06346, abs=1e-5)


def rows(left):
    return Results(
        tuple(
            Row({"activation": activation, "data": data}, seed, {"left": value + 0.01 * seed})
            for activation, value in left.items()
            for data in ("25gaussians", "digits")
            for seed in range(5)
        )
    )


@pytest.mark.parametrize(
    ("elu", "smooth", "answers"),
    [
        (0.9, 0.1, ("holds", "holds", "holds")),
        (0.1, 0.1, ("does not hold", "holds", "not decided here")),
        (0.1, 0.9, ("does not hold", "does not hold", "does not hold")),
    ],
)
def test_successes_decide(elu, smooth, answers):
    results = rows({"elu": elu, "smooth_elu": smooth})
    assert tuple(claim.decide(results).answer for claim in STUDY.claims)[:2] == answers[:2]
    if answers[2] != "not decided here":
        assert STUDY.claims[2].decide(results).answer == answers[2]


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        assert trial.work.rounds == 100_000
        if trial.settings["data"] == "cifar10":
            assert (recipe.batch, recipe.critic.width, recipe.penalties[0].weight) == (64, 128, 10.0)
        else:
            assert parameter_count(recipe.critic.build(SampleSpec((2,)))) == 527_361

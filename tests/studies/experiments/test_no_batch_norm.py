"""Generators without batch norm: figure 6 of WGAN."""

from __future__ import annotations

import pytest
import torch

from steadygan.studies.experiments.no_batch_norm import BARE, GENERATORS, METHODS, NORMED, STUDY
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    check_report(STUDY, smoke(STUDY, tmp_path))


@pytest.mark.parametrize(("scale", "side"), [("laptop", 8), ("paper", 32)])
def test_bare_generators_have_no_batch_norm_and_one_width(scale, side):
    for trial in STUDY.trials(scale, [0]):
        generator = trial.work.recipe.generator.build(SampleSpec((3, side, side)), 128)
        norms = [part for part in generator.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
        convolutions = [part for part in generator.modules() if isinstance(part, torch.nn.ConvTranspose2d)]
        widths = {part.in_channels for part in convolutions}
        assert len(convolutions) >= 2
        if trial.settings["generator"] == BARE:
            assert not norms
            assert len(widths) == 1
        else:
            assert norms
            assert len(widths) == len(convolutions)


def rows(left):
    return Results(
        tuple(
            Row({"method": method, "generator": generator}, seed, {"left": value + 0.003 * seed})
            for (method, generator), value in left.items()
            for seed in range(3)
        )
    )


def test_what_is_left_decides():
    normed = {(method, NORMED): 0.1 for method in METHODS}
    left = {**normed, ("WGAN", BARE): 0.12, ("WGAN-GP", BARE): 0.8, ("GAN", BARE): 0.9}
    results = rows(left)
    moved = [Row(r.settings, r.seed, {"left": r.values["left"] + 0.001 * (r.seed == 1)}) for r in results.rows[-3:]]
    results = Results((*results.rows[:-3], *moved))
    decisions = [claim.decide(results) for claim in STUDY.claims]
    assert [each.answer for each in decisions] == ["holds", "does not hold", "holds"]
    assert decisions[0].interval.mean == pytest.approx(0.123)
    assert set(GENERATORS) == {NORMED, BARE}


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        assert (recipe.batch, trial.work.rounds, recipe.critic.width) == (64, 200_000, 64)
        rate = {"WGAN": 5e-5, "WGAN-GP": 1e-4, "GAN": 2e-4}[trial.settings["method"]]
        assert recipe.critic_optimizer.lr == recipe.generator_optimizer.lr == rate

"""began-gamma: BEGAN's balance at several gammas, and what follows of it."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.recipe import fitted
from steadygan.schedules import LinearDecay
from steadygan.studies.experiments import began_gamma as study
from steadygan.studies.experiments._began import spread
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up

FACES = SampleSpec((3, 64, 64))


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    assert results.settings("gamma") == [0.3, 0.7]
    assert all(row.values["ratio"] > 0 for row in results)


def test_paper_scale_has_the_papers_settings():
    trials = study.trials("paper", [0])
    assert [trial.settings["gamma"] for trial in trials] == [0.3, 0.5, 0.7]
    for trial in trials:
        recipe = trial.work.recipe(FACES)
        assert (recipe.objective.gamma, recipe.objective.rate) == (trial.settings["gamma"], 0.001)
        assert recipe.objective.least == 0 and recipe.critic_optimizer.lr == 1e-4
        assert (recipe.generator.width, recipe.critic.width, recipe.critic.code, recipe.prior.size) == (64,) * 4
        assert (trial.work.data.size, recipe.batch, trial.work.rounds) == (64, 16, 100_000)
        assert fitted(recipe, trial.work.rounds).generator.carry == LinearDecay(16_000)


def test_spread_is_1_for_real_pictures_and_0_for_one_repeated():
    from steadygan.preparation import prepare

    dataset = prepare("began", "digits").dataset
    real = np.asarray(dataset.train.samples)
    assert spread(real, dataset) == pytest.approx(1)
    assert spread(np.repeat(real[:1], 50, axis=0), dataset) == 0
    assert spread((real // 2).astype(np.uint8), dataset) == pytest.approx(0.5, abs=0.02)


def gammas(values):
    return made_up([({"gamma": gamma}, seed, values(gamma, seed)) for gamma in (0.3, 0.5, 0.7) for seed in range(3)])


def test_slopes_are_those_of_lines():
    results = gammas(lambda g, seed: {"spread": 1 + (2 + seed) * g})
    assert study.slopes(results, "spread") == pytest.approx([2, 3, 4])
    assert study.slopes(made_up([({"gamma": 0.3}, 0, {"spread": 1.0})]), "spread") == []


def test_claims_are_decided_by_ratio_and_slopes():
    held, diversity, artefacts = study.STUDY.claims
    rises = gammas(
        lambda g, seed: {"ratio": g * (1 + 0.01 * seed), "spread": g, "precision": (1 - g) * (1 + 0.01 * seed)}
    )
    assert {claim.decide(rises).answer for claim in (held, diversity, artefacts)} == {"holds"}
    falls = gammas(lambda g, seed: {"ratio": 0.6 + 0.01 * seed, "spread": 1 - g, "precision": g * (1 + 0.1 * seed)})
    assert {claim.decide(falls).answer for claim in (held, diversity, artefacts)} == {"does not hold"}

"""text: the language model of table 4 and its measure."""

from __future__ import annotations

import collections

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from steadygan.networks import parameter_count
from steadygan.studies.experiments import text as study
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    for row in results:
        assert row.values["rounds"] == [1, 2] and len(row.values["lines"]) == study.SHOWN
        assert all(row.values[f"floor_{n}"] < row.values[f"js_{n}"][-1] for n in study.ORDERS)
        assert all(0 < row.values[f"empty_{n}"] < 1 for n in study.ORDERS) and 0 < row.values["different"] <= 1


@pytest.mark.parametrize("characters", [96, 2_048])
def test_paper_scale_has_the_published_networks_and_steps(characters):
    sample = SampleSpec((characters, 32))
    for trial in study.trials("paper", [0]):
        recipe = trial.work.recipe(sample)
        assert parameter_count(recipe.generator.build(sample, 128)) == 15_225_856 + 513 * characters
        assert parameter_count(recipe.critic.build(sample)) == 13_129_217 + 512 * characters
        assert (recipe.batch, recipe.steps(0), trial.work.rounds, trial.work.data.length) == (64, 10, 200_000, 32)
        assert recipe.critic_optimizer.lr == 1e-4 and recipe.critic_optimizer.betas == (0.5, 0.9)
        assert bool(recipe.penalties) == (trial.settings["objective"] == "wgan-gp")


@pytest.mark.parametrize("n", study.ORDERS)
def test_the_divergence_is_jensen_and_shannons_in_bits(n):
    rng = np.random.default_rng(n)
    real, fake = rng.integers(0, 3, (40, 9)), rng.integers(0, 4, (30, 9))

    def shares(lines, grams):
        counts = collections.Counter(tuple(line[i : i + n]) for line in lines.tolist() for i in range(10 - n))
        return np.array([counts[gram] for gram in grams], float)

    grams = sorted({tuple(line[i : i + n]) for line in [*real.tolist(), *fake.tolist()] for i in range(10 - n)})
    expected = jensenshannon(shares(real, grams), shares(fake, grams), base=2) ** 2
    assert study.divergence(real, fake, n) == pytest.approx(expected, abs=1e-12)


def curves(gp, gan, floor=0.02):
    rows = []
    for objective, last in (("wgan-gp", gp), ("gan", gan)):
        for seed in range(3):
            values = {f"js_{n}": [1.0, last + 0.001 * seed] for n in study.ORDERS} | {"rounds": [1, 2]}
            values |= {f"floor_{n}": floor for n in study.ORDERS}
            rows.append(({"objective": objective}, seed, values))
    return made_up(rows)


def test_claims_are_decided_by_the_last_divergences():
    learns, incomparable = study.STUDY.claims
    assert learns.decide(curves(0.05, 0.4)).answer == incomparable.decide(curves(0.05, 0.4)).answer == "holds"
    assert learns.decide(curves(0.3, 0.1)).answer == incomparable.decide(curves(0.3, 0.1)).answer == "does not hold"
    shown = study.table(curves(0.05, 0.4)).rows
    assert [row[0] for row in shown] == ["WGAN-GP", "standard GAN", "real lines"] and shown[2][1] == pytest.approx(0.02)

"""Modes covered by several methods."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data import open_data
from steadygan.data.options import DataOptions
from steadygan.data.sources.points import MODES
from steadygan.networks import parameter_count
from steadygan.preparation import Prepared
from steadygan.recipes import gan
from steadygan.studies.experiments._covered import STACKS, measure
from steadygan.studies.experiments.modes import GAN, METHODS, PACKED, STUDY, TITLES
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    check_report(STUDY, smoke(STUDY, tmp_path))


class Fixed:
    """A run whose samples are given."""

    def __init__(self, samples):
        self.samples = samples

    def sample(self, count, weights):
        assert weights == "raw"
        return self.samples[:count]


def prepared(name):
    dataset = open_data(DataOptions(name))
    return Prepared(gan(dataset.sample), dataset)


def test_points_at_three_of_eight_modes_cover_three():
    centres = MODES["8gaussians"].centres
    points = np.concatenate([np.repeat(centres[:3], 100, axis=0), np.zeros((100, 2))]).astype(np.float32)
    found = measure(Fixed(points), prepared("8gaussians"), points=400, stacks=0)
    assert (found["modes"], found["share"], found["near"]) == (3, 3 / 8, 0.75)
    assert found["kl"] == pytest.approx(np.log(8 / 3))


@pytest.mark.slow
def test_real_stacks_cover_what_draws_of_their_number_do():
    ready = prepared(STACKS)
    stacks, labels = ready.dataset.train.draw(np.random.default_rng(0), 1_000)
    found = measure(Fixed(stacks), ready, points=0, stacks=1_000)
    assert found["modes"] == pytest.approx(len(set(labels.tolist())), abs=25)
    assert found["share"] > 0.95
    same = measure(Fixed(np.repeat(stacks[:1], 1_000, axis=0)), ready, points=0, stacks=1_000)
    assert same["modes"] == 1
    assert same["kl"] == pytest.approx(np.log(1_000))


def test_shares_of_modes_are_paired_and_pooled():
    def rows(method, share):
        return [
            Row({"method": method, "data": data}, seed, {"share": share + 0.01 * seed})
            for data in TITLES
            for seed in range(3)
        ]

    results = Results((*rows(GAN, 0.4), *rows(PACKED, 0.9), *rows("WGAN", 0.2), *rows("R3GAN", 0.4)))
    answers = {claim.name: claim.decide(results).answer for claim in STUDY.claims}
    assert answers["packing"] == "holds"
    assert answers["WGAN"] == "does not hold"
    assert answers["R3GAN"] == answers["WGAN-GP"] == "not decided here"


def test_packing_alone_tells_the_packed_gan_from_the_gan():
    by_data = {}
    for trial in STUDY.trials("laptop", [0]):
        by_data.setdefault(trial.settings["data"], {})[trial.settings["method"]] = trial.work
    for works in by_data.values():
        assert list(works) == list(METHODS)
        plain, packed = works[GAN].recipe, works[PACKED].recipe
        assert (plain.critic.packing, packed.critic.packing) == (1, 2)
        assert plain.generator == packed.generator
        assert works[GAN].rounds == works[PACKED].rounds


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe, data = trial.work.recipe, trial.settings["data"]
        if data == STACKS:
            assert (trial.work.rounds, trial.work.data.size) == (50_000, 28)
        else:
            assert (recipe.batch, trial.work.rounds) == (256, 100_000)
            assert parameter_count(recipe.generator.build(SampleSpec((2,)), 2)) == 527_874
        if trial.settings["method"] == GAN:
            assert (recipe.critic_optimizer.lr, recipe.critic_optimizer.betas) == (2e-4, (0.5, 0.999))
        if trial.settings["method"] == "WGAN":
            assert recipe.critic_optimizer.lr == 5e-5

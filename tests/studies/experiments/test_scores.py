"""scores: the networks of table 3, with and without labels."""

from __future__ import annotations

import pytest

from steadygan.errors import UsageError
from steadygan.networks import parameter_count
from steadygan.schedules import LinearDecay
from steadygan.studies.experiments import scores as study
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up

CIFAR = SampleSpec((3, 32, 32), classes=10)


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    assert results.settings("method") == list(study.METHODS)
    assert "Inception score" not in study.table(results).columns  # no file of weights is named, and digits are grey


def paper(method):
    return study.recipe_of(method, CIFAR, size=study.SIZES["paper"])


def test_paper_scale_has_the_published_parameters_and_settings():
    plain, labelled = paper("wgan-gp-resnet"), paper("wgan-gp-resnet-labels")
    assert parameter_count(plain.generator.build(CIFAR, 128)) == 1_204_483
    assert parameter_count(plain.critic.build(CIFAR)) == 1_053_825
    assert parameter_count(labelled.critic.build(CIFAR)) == 1_053_825 + 1_290
    norms = 6 * 2 * 128  # scale and offset of the blocks' norms, for nine classes more
    assert parameter_count(labelled.generator.build(CIFAR, 128)) == 1_204_483 + 9 * norms
    for recipe in (plain, labelled):
        assert (recipe.batch, recipe.fakes, recipe.steps(0)) == (64, 128, 5)
        assert recipe.critic_optimizer.lr == 2e-4 and recipe.critic_optimizer.lr_factor == LinearDecay(100_000)
        assert recipe.representation.dequantise == "paper" and recipe.average.half_life == 0
    assert (labelled.objective.critic_weight, labelled.objective.generator_weight) == (1.0, 0.1)
    assert {trial.work.rounds for trial in study.trials("paper", [0])} == {100_000}


@pytest.mark.parametrize("method", study.METHODS)
def test_laptop_scale_narrows_all_networks(method):
    recipe, sample = study.recipe_of(method, CIFAR, size=study.SIZES["laptop"]), CIFAR
    whole = paper(method)
    assert (
        parameter_count(recipe.generator.build(sample, 128)) < parameter_count(whole.generator.build(sample, 128)) / 3
    )
    assert parameter_count(recipe.critic.build(sample)) < parameter_count(whole.critic.build(sample)) / 3
    assert recipe.critic_optimizer.lr == pytest.approx(2.5 * whole.critic_optimizer.lr)


def test_pictures_without_classes_are_refused():
    with pytest.raises(UsageError, match="classes"):
        study.recipe_of("dcgan", SampleSpec((3, 32, 32)), size=study.SIZES["laptop"])


def test_the_papers_numbers_stand_in_a_column_of_their_own():
    results = made_up([({"method": method}, 0, {"score": 5.0, "real_score": 9.0}) for method in study.METHODS])
    table = study.table(results)
    assert [row[-1] for row in table.rows[:-1]] == list(study.PAPER.values())
    assert table.rows[-1][:2] == ["held-out pictures", 9.0]
    assert table.columns[-1].endswith("paper") and "not to be compared" in table.note


def test_claims_are_decided_by_differences_of_scores():
    def of(plain, dcgan, labels):
        rows = [("wgan-gp-resnet", plain), ("dcgan", dcgan), ("wgan-gp-resnet-labels", labels)]
        return made_up([({"method": m}, seed, {"score": v + 0.01 * seed}) for m, v in rows for seed in range(3)])

    higher, labels = study.STUDY.claims
    assert higher.decide(of(7.0, 6.0, 8.0)).answer == labels.decide(of(7.0, 6.0, 8.0)).answer == "holds"
    assert higher.decide(of(5.0, 6.0, 4.0)).answer == labels.decide(of(5.0, 6.0, 4.0)).answer == "does not hold"

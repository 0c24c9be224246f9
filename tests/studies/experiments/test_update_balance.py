"""Balance by counts: what each arm changes, and claims on made-up results."""

from __future__ import annotations

import pytest

from steadygan.balance import LossRatio
from steadygan.perturbations import InstanceNoise
from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    assert len(at_smoke_scale("update-balance", tmp_path)) == 4


def test_it_is_planned_for_a_laptop():
    well_planned("update-balance", 2 * 7)


def test_an_arm_changes_its_setting_alone():
    made = {given["updates"]: recipe for given, recipe in paper_recipes("update-balance")}
    assert [made[f"1 : {count}"].generator_steps for count in (1, 2, 3)] == [1, 2, 3]
    assert made["by losses"].balance == LossRatio()
    noise = made["instance noise"].perturbation
    assert isinstance(noise, InstanceNoise)
    rounds = made["instance noise"].rounds
    assert [noise.strength(round_) for round_ in (0, rounds // 2, rounds)] == pytest.approx([0.1, 0.05, 0.0])
    assert made["label smoothing"].objective.real_label == 0.9 and made["1 : 1"].objective.real_label == 1.0
    assert made["spectral norm"].critic.spectral
    for name, recipe in made.items():
        assert (recipe.balance is not None, recipe.perturbation is not None) == (
            name == "by losses",
            name == "instance noise",
        )


def results(counts: float, others: float):
    """Distances of 10 with one step each."""
    arms = {"1 : 1": 10.0, "1 : 2": counts, "1 : 3": counts, "by losses": counts}
    arms |= dict.fromkeys(("spectral norm", "instance noise", "label smoothing"), others)
    return made_up([({"case": "a", "updates": name}, [d, 1.01 * d, 1.02 * d]) for name, d in arms.items()])


def test_claims_are_about_means_over_counts_and_over_other_means():
    lesson, reverse = results(9.5, 2.0), results(2.0, 9.5)
    for claim in ("counts do not mend it", "other means do more"):
        assert answer("update-balance", claim, lesson) == "holds"
        assert answer("update-balance", claim, reverse) == "does not hold"
    assert answer("update-balance", "counts do not mend it", results(30.0, 1.0)) == "holds"  # worse is no mending

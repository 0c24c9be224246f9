"""Instance noise: its schedule, and claims on made-up results."""

from __future__ import annotations

import pytest

from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    assert at_smoke_scale("instance-noise", tmp_path).settings("noise") == [0.0, 0.1]


def test_it_is_planned_for_a_laptop():
    well_planned("instance-noise", 4 * 3)


def test_noise_begins_at_its_setting_and_ends_with_the_run():
    for given, recipe in paper_recipes("instance-noise"):
        if given["noise"]:
            strengths = [recipe.perturbation.strength(round_) for round_ in (0, recipe.rounds)]
            assert strengths == pytest.approx([given["noise"], 0.0])
        else:
            assert recipe.perturbation is None


def results(strong: float, usual: float, value: str = "distance"):
    """Values of 10 without noise."""
    rows = []
    for case, with_noise in (("digits, strong critic", strong), ("digits", usual)):
        for deviation, number in ((0.0, 10.0), (0.1, with_noise), (0.3, with_noise)):
            rows.append(({"case": case, "noise": deviation}, [number, 1.01 * number, 1.02 * number]))
    return made_up(rows, value)


def test_claims_tell_games_that_the_critic_wins_from_usual_ones():
    some = results(strong=2.0, usual=30.0)
    assert answer("instance-noise", "helps where the critic wins", some) == "holds"
    assert answer("instance-noise", "helps a usual training", some) == "does not hold"
    assert answer("instance-noise", "a harder task", results(20.0, 20.0, "critic_loss")) == "holds"
    assert answer("instance-noise", "a harder task", results(5.0, 5.0, "critic_loss")) == "does not hold"

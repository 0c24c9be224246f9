"""began-vs-ebgan: samples and paths of both, in numbers with closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.studies.experiments import _paths
from steadygan.studies.experiments import began_vs_ebgan as study
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up

FACES = SampleSpec((3, 64, 64))


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    for row in results:
        assert row.values["path"].shape == (study.FRAMES, 2, 1, 8, 8)
        assert row.values["fade"].dtype == np.uint8


def test_paper_scale_has_the_recipes_own_networks():
    by_method = {trial.settings["method"]: trial for trial in study.trials("paper", [0])}
    recipes = {method: trial.work.recipe(FACES) for method, trial in by_method.items()}
    assert recipes["began"].generator.width == 64 and recipes["began"].objective.gamma == 0.5
    assert recipes["ebgan"].generator.width == 128 and recipes["ebgan"].critic.width == 64
    assert (recipes["ebgan"].objective.pulling_away, recipes["ebgan-pt"].objective.pulling_away) == (0.0, 0.1)
    assert {(recipe.batch, by_method[method].work.rounds) for method, recipe in recipes.items()} == {(16, 100_000)}


def test_a_cross_fade_is_even_and_a_jump_is_not():
    first, last = np.zeros((2, 1, 4, 4), np.uint8), np.full((2, 1, 4, 4), 240, np.uint8)
    fade = _paths.cross_fade(first, last, 9)
    assert fade.dtype == np.uint8 and fade[:, 0, 0, 0, 0].tolist() == list(range(0, 241, 30))
    assert _paths.unevenness(fade) == pytest.approx([1, 1])
    jump = np.concatenate([np.repeat(first[None], 4, 0), np.repeat(last[None], 5, 0)])
    assert _paths.unevenness(jump) == pytest.approx([8, 8])
    assert _paths.unevenness(np.repeat(first[None], 9, 0)) == pytest.approx([1, 1])


def test_the_middle_is_measured_from_the_nearest_real_picture():
    rng = np.random.default_rng(0)
    path, real = (rng.integers(0, 256, shape).astype(np.uint8) for shape in ((9, 3, 1, 4, 4), (20, 1, 4, 4)))
    differences = path[4][:, None].astype(float) - real[None]
    expected = np.sqrt(np.square(differences).mean(axis=(2, 3, 4)).min(axis=1))
    assert _paths.between(path, real) == pytest.approx(expected)


def test_travel_is_the_share_of_the_difference_that_is_kept():
    first, last = np.zeros((2, 1, 2, 2)), np.full((2, 1, 2, 2), 100.0)
    assert _paths.travel(np.stack([first + 20, last - 20]), first, last) == pytest.approx(0.6)


def measured(ebgan, unevenness, faded, travel):
    rows = []
    for seed in range(3):
        values = {"distance": 0.5, "unevenness": unevenness, "between": 20.0, "faded": faded, "travel": travel}
        rows.append(({"method": "began"}, seed, {name: value + 0.001 * seed for name, value in values.items()}))
        rows.append(({"method": "ebgan"}, seed, {"distance": ebgan - 0.002 * seed}))
    return made_up(rows)


def test_claims_are_decided_by_their_intervals():
    as_said, other = measured(0.9, 1.3, 30.0, 0.9), measured(0.2, 4.0, 10.0, 0.9)
    assert {claim.decide(as_said).answer for claim in study.STUDY.claims} == {"holds"}
    assert {claim.decide(other).answer for claim in study.STUDY.claims} == {"does not hold"}
    flat = measured(0.9, 1.3, 30.0, 0.1)  # reconstructions that hardly differ are near to each other, not to anything
    assert study.STUDY.claims[2].decide(flat).answer == "not decided here"

"""Growing by images shown: stages, fades and batches against tables by hand."""

from __future__ import annotations

import pytest

from steadygan.balance import LossRatio
from steadygan.errors import UsageError
from steadygan.growth import Growth, Stage
from steadygan.recipe import Recipe, dumps, loads, stretched
from steadygan.schedules import CriticWarmUp
from steadygan.timeline import Replan

GROWTH = Growth(100, 60, (20, 10), (0.5, 1.0))
"""stages of 5 rounds of 20, 6 of 10 (fading), 10 of 10, 15 of 4 (fading), then 4"""


def grown(**changes) -> Recipe:
    return Recipe(**{"growth": GROWTH, "batch": 4, "rounds": 60, **changes})


def test_stages_begin_once_their_images_were_shown():
    assert GROWTH.starts(4) == (0, 5, 11, 21, 36)
    assert GROWTH.starts(4, steps=2) == (0, 3, 5, 10, 18)  # 40 images a round: 120 >= 100, 160 >= 160; 260; 320 at 8
    assert (GROWTH.levels, GROWTH.stages) == (3, 5)
    at = [(round_, *GROWTH.at(round_, 4)) for round_ in (0, 4, 5, 8, 10, 11, 20, 21, 24, 35, 36, 10**9)]
    expected = [(0, 0, 0), (4, 0, 0), (5, 1, 1), (8, 1, 0.5), (10, 1, 1 / 6), (11, 2, 0), (20, 2, 0), (21, 3, 1),
                (24, 3, 0.8), (35, 3, 1 / 15), (36, 4, 0), (10**9, 4, 0)]  # fmt: skip
    for got, want in zip(at, expected, strict=True):
        assert got == pytest.approx(want)
    assert [Stage(number, 0.0).level for number in range(5)] == [0, 1, 1, 2, 2]
    assert [Stage(number, 0.0).fades for number in range(5)] == [False, True, False, True, False]


def test_images_and_batches_of_each_round_add_up():
    recipe, shown = grown(), 0
    for round_ in range(60):
        assert GROWTH.images_before(round_, 4) == shown
        batch = 20 if round_ < 5 else 10 if round_ < 21 else 4
        assert recipe.samples(round_) == (batch, batch)
        shown += batch
    assert recipe.stage_rounds(0, 60) == (5, 16, 39)
    assert recipe.stage_rounds(7, 22) == (0, 14, 1) and recipe.stage_rounds(30, 60) == (0, 0, 30)
    assert sum(rounds * batch for rounds, batch in zip((5, 16, 39), (20, 10, 4), strict=True)) == shown
    assert GROWTH.rounds(shown, 4) == 60 and GROWTH.rounds(shown - 3, 4) == 60 and GROWTH.rounds(shown + 1, 4) == 61
    assert recipe.typical_rounds == (0, 8, 28)


def test_the_papers_schedule_in_images():
    """lod of the authors' code at batch 16: 600k at 4 px, then 600k fading and 600k standing at each doubling."""
    growth = Growth(600_000, 600_000, (16,) * 3)
    for thousands, level, fade in [(0, 0, 0), (599, 0, 0), (900, 1, 0.5), (1_200, 1, 0), (1_799, 1, 0),
                                   (2_250, 2, 0.25), (3_000, 3, 1), (3_450, 3, 0.25), (3_600, 3, 0)]:  # fmt: skip
        stage = growth.at(thousands * 1000 // 16, 16)
        assert (stage.level, stage.fade) == (level, pytest.approx(fade, abs=1e-4)), thousands
    assert growth.starts(16)[-1] * 16 == 3_600_000


def test_stages_follow_the_length_of_a_run_and_a_new_end():
    twice = stretched(grown(), 120)
    assert twice.growth == Growth(200, 120, (20, 10), (0.5, 1.0))
    assert twice.stage_rounds(0, 120) == (10, 32, 78)
    replanned = grown(rounds=35, replans=(Replan(10, 60, 35),))  # 50 rounds of the plan in 25: twice the pace
    assert [replanned.stage(round_).number for round_ in (9, 10, 11, 15, 16, 23, 34)] == [1, 1, 2, 2, 3, 4, 4]
    assert replanned.stage_rounds(0, 35) == (5, 11, 19)
    assert [replanned.stage(round_).level for round_ in replanned.typical_rounds] == [0, 1, 2]


def test_a_recipe_that_grows_is_text_and_others_name_no_growth():
    assert loads(dumps(grown())) == grown()
    assert "growth" not in dumps(Recipe())
    plain = Recipe()
    assert plain.stage(7) == Stage(0, 0.0) and plain.typical_rounds == (0,) and plain.stage_rounds(3, 8) == (5,)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Growth(batches=()), "batches is empty"),
        (lambda: Growth(batches=(4, 0)), "Growth.batches is 0"),
        (lambda: Growth(stable=0), "Growth.stable is 0"),
        (lambda: Growth(rate_factors=(1.0,)), "1 numbers, Growth.batches 3"),
        (lambda: Growth(rate_factors=(1.0, -1.0, 1.0)), "rate_factors is -1"),
        (lambda: grown(critic_steps=CriticWarmUp()), "constant critic_steps"),
        (lambda: grown(balance=LossRatio()), "no balance"),
    ],
)
def test_what_cannot_grow_is_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()


def test_levels_of_different_batches_have_no_batch_in_common():
    # critic steps times the last level's batch are not the images seen: a panel counted 4 of 16
    assert Growth(batches=(16, 16)).one_batch(16) == 16
    assert Growth(batches=(16, 16)).one_batch(4) is None
    assert Growth(batches=(16, 8)).one_batch(8) is None

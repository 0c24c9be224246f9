"""Lessons on and off: pairs, log ratios and their claims against closed forms."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from steadygan.studies import Results, Row, sources
from steadygan.studies.experiments._games import balanced, unbalanced
from steadygan.studies.experiments._lesson_figures import dots, sheets, tiled
from steadygan.studies.experiments._lessons import ALIKE, alike, as_ratio, better, gain, gain_over, gained, same, table
from steadygan.studies.experiments._lessons import trials as made
from steadygan.studies.intervals import NONE, Interval
from tests.studies.experiments.lesson import made_up

OFF, ON = {"arm": "off"}, {"arm": "on"}


def two_games(on: list[float], off: list[float]) -> Results:
    """Two games, the second with distances a hundred times as large and a ratio that is squared."""
    rows = [({"case": "a", **ON}, on), ({"case": "a", **OFF}, off)]
    ratios = [(y / x) ** 2 for x, y in zip(on, off, strict=True)]
    rows += [({"case": "b", **ON}, [100.0] * len(on)), ({"case": "b", **OFF}, [100 * ratio for ratio in ratios])]
    return made_up(rows)


def test_a_gain_is_the_mean_log_ratio_of_pairs_by_seed():
    results = two_games([1.0, 2.0, 4.0], [2.0, 2.0, 1.0])
    expected = {0: 1.5 * math.log(2), 1: 0.0, 2: -3 * math.log(2)}
    assert gain(results, OFF, ON) == pytest.approx(expected)
    assert gained(results, OFF, ON).mean == pytest.approx(-0.5 * math.log(2))
    assert gain(results, ON, OFF) == pytest.approx({seed: -log for seed, log in expected.items()})


def test_pairs_differ_in_the_named_settings_alone():
    rows = [({"arm": arm, "rate": rate}, [value]) for arm, rate, value in (("on", 1, 1.0), ("off", 2, 8.0))]
    assert gain(made_up(rows), OFF, ON) == {}
    both = made_up([*rows, ({"arm": "off", "rate": 1}, [3.0])])
    assert gain(both, OFF, ON) == pytest.approx({0: math.log(3)})


def test_a_value_that_has_no_logarithm_or_is_missing_leaves_its_pair_out():
    rows = [({**ON}, [1.0, -1.0, math.nan, 2.0]), ({**OFF}, [2.0, 2.0, 2.0])]
    assert list(gain(made_up(rows), OFF, ON)) == [0]
    lacking = Results((Row(ON, 0, {}), Row(OFF, 0, {"distance": 1.0})))
    assert gain(lacking, OFF, ON) == {} and gained(lacking, OFF, ON) == NONE


def test_a_gain_over_settings_is_their_mean_over_seeds_that_have_all():
    rows = [({"n": 0}, [8.0, 8.0]), ({"n": 1}, [4.0, 4.0]), ({"n": 2}, [2.0])]
    assert gain_over(made_up(rows), {"n": 0}, [{"n": 1}, {"n": 2}]) == pytest.approx({0: 1.5 * math.log(2)})
    assert gain_over(made_up(rows), {"n": 0}, []) == {}


@pytest.mark.parametrize(
    ("off", "expected"),
    [([2.0, 2.1, 2.2], "holds"), ([0.5, 0.51, 0.52], "does not hold"), ([2.0, 0.5, 1.0], "not decided here")],
)
def test_better_is_decided_by_the_interval_of_the_log_ratio(off, expected):
    claim = better("name", "statement", "source", OFF, ON, words="off / on")
    results = made_up([(ON, [1.0] * 3), (OFF, off)])
    assert claim.decide(results).answer == expected
    decision = claim.decide(results)
    logs = np.log(off)
    half = 4.302652729911275 * logs.std(ddof=1) / math.sqrt(3)  # Student's t of two degrees of freedom
    assert decision.interval is not None
    assert decision.interval[:3] == pytest.approx((logs.mean(), logs.mean() - half, logs.mean() + half))
    assert "off / on" in claim.rule


def test_alike_is_within_a_quarter():
    inside, outside = Interval(0.0, -0.2, 0.2, 3), Interval(0.5, 0.3, 0.7, 3)
    assert math.log(1.25) == ALIKE
    assert [alike(each, "").answer for each in (inside, outside, NONE)] == [
        "holds",
        "does not hold",
        "not decided here",
    ]


def test_ratios_in_words():
    log2 = math.log(2)
    assert as_ratio(Interval(log2, 0.0, 2 * log2, 3), "a / b") == "a / b 2 (1 to 4, 3 seeds)"
    assert as_ratio(Interval(log2, -math.inf, math.inf, 1), "a / b") == "a / b 2 (no interval, 1 seed)"
    assert as_ratio(NONE, "a / b") == "a / b: no trials"


def test_a_table_has_geometric_means_of_distances_and_counts_of_divergence():
    rows = [
        Row({"arm": "on"}, seed, {"distance": d, "modes": m, "diverged": 0}) for seed, d, m in ((0, 1, 1), (1, 4, 0))
    ]
    rows.append(Row({"arm": "off"}, 0, {"distance": 9.0, "diverged": 120}))
    made_table = table(Results(tuple(rows)))
    assert list(made_table.columns) == ["arm", "distance", "modes", "diverged", "seeds"]
    assert made_table.rows == [["on", 2.0, 0.5, 0, 2], ["off", pytest.approx(9.0), "–", 1, 1]]


def test_trials_are_each_game_with_each_change_for_each_seed():
    cases = balanced("laptop")
    arms = [({"arm": "off"}, same), ({"arm": "on"}, partial(same))]
    got = made(cases, arms, [4, 2])
    assert [(t.settings["case"], t.settings["arm"], t.seed) for t in got] == [
        (case, arm, seed) for seed in (4, 2) for case in ("digits", "8gaussians") for arm in ("off", "on")
    ]


def test_the_strong_critic_has_ten_times_the_generators_rate_at_every_scale():
    for scale in ("smoke", "laptop", "paper"):
        for case in unbalanced(scale):  # type: ignore[arg-type]
            from steadygan.types import SampleSpec

            recipe = case.recipe(SampleSpec((2,)) if "gaussians" in case.name else SampleSpec((3, 32, 32)))
            rates = recipe.critic_optimizer.lr, recipe.generator_optimizer.lr
            assert rates[0] == pytest.approx(10 * rates[1]) and "strong critic" in case.name


def test_a_sheet_has_its_pictures_in_rows():
    pictures = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)
    assert tiled(pictures, 2, 0).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 0, 0], [2, 2, 0, 0]]
    edge = tiled(pictures, 2)
    assert edge.shape == (6, 6) and set(edge[2].tolist() + edge[:, 5].tolist()) == {90}
    assert np.array_equal(np.delete(np.delete(edge, [2, 5], 0), [2, 5], 1), tiled(pictures, 2, 0))
    assert tiled(np.zeros((4, 3, 2, 5), np.uint8), 2, 0).shape == (4, 10, 3)


def test_figures_show_each_seed_and_the_geometric_mean():
    results = made_up([({"case": "a", **ON}, [1.0, 4.0]), ({"case": "a", **OFF}, [9.0])])
    (plot,) = dots(results, "arm", caption="said")
    points, bar, *others = plot.image.axes[0].lines
    assert list(points.get_ydata()) == [1.0, 4.0] and list(bar.get_ydata()) == pytest.approx([2.0, 2.0])
    assert len(others) == 2 and plot.caption == "said"
    assert dots(Results(()), "arm", caption="") == [] and sheets(results, "arm") == []


def test_pictures_of_the_users_own_are_a_setting_and_take_the_digits_place(tmp_path):
    ours = balanced("laptop")[0]
    assert (ours.name, ours.data.source, ours.data.size) == ("digits", "digits", None)  # type: ignore[union-attr]
    with sources.given({"pictures": str(tmp_path)}):
        theirs = balanced("laptop")
    assert [case.name for case in theirs] == ["pictures", "8gaussians"]
    trials = made(theirs, [({"arm": "off"}, same)], [0])
    assert trials[0].settings == {"case": "pictures", "data": str(tmp_path), "arm": "off"}
    assert trials[1].settings == {"case": "8gaussians", "arm": "off"}
    assert theirs[0].data.size == 16  # type: ignore[union-attr]

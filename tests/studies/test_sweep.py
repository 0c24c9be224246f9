"""Sweeps: settings ranked by their samples, and told apart only where intervals tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from steadygan.recipe import Recipe, dumps
from steadygan.run.fields import Fields
from steadygan.studies import sweep
from steadygan.studies.results import Results, Row
from steadygan.studies.sweep import Point, Sweep


def results(values: dict[float, list[float]]) -> Results:
    rows = []
    for setting, each in values.items():
        for seed, value in enumerate(each):
            measured = {
                "metric": "frechet (patches)",
                "best": value,
                "last": value + 1,
                "curve": [[value + 1, 1], [value, 2]],
            }
            rows.append(Row({"critic-steps": setting}, seed, measured))
    return Results(tuple(rows))


def test_the_least_mean_stands_first_and_differences_are_paired() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=4)  # of a seed: it cancels in differences
    values = {1: [3 + c + d for c, d in zip(common, (0.0, 0.02, -0.02, 0.01), strict=True)], 5: [2 + c for c in common]}
    first, second = sweep.ranked(results(values))
    assert first.settings == {"critic-steps": 5}
    assert first.behind is None
    assert second.behind is not None
    assert second.told_apart  # though the intervals of the means overlap
    assert first.best.high > second.best.low
    difference = np.subtract(values[1], values[5])
    half = t.ppf(0.975, 3) * difference.std(ddof=1) / 2
    assert second.behind.low == pytest.approx(difference.mean() - half)


def test_many_comparisons_are_held_together() -> None:
    values = {float(k): [k + 0.1 * s * (-1) ** (k + s) for s in range(3)] for k in range(5)}
    rows = sweep.ranked(results(values))
    difference = np.subtract(values[1.0], values[0.0])
    half = t.ppf(1 - 0.05 / 10 / 2, 2) * difference.std(ddof=1) / math.sqrt(3)  # of ten pairs: any setting may be first
    assert rows[1].behind is not None
    assert rows[1].behind.high == pytest.approx(difference.mean() + half)


def test_equal_settings_are_not_told_apart_because_one_of_them_came_out_first() -> None:
    drawn = np.random.default_rng(41).normal(10, 1, size=(12, 5))  # of one distribution, all twelve
    rows = sweep.ranked(results({float(k): list(map(float, each)) for k, each in enumerate(drawn)}))
    assert not any(row.told_apart for row in rows)


def test_one_seed_tells_nothing_apart() -> None:
    rows = sweep.ranked(results({1: [5.0], 2: [1.0]}))
    assert [row.settings["critic-steps"] for row in rows] == [2, 1]
    assert not rows[1].told_apart


def test_a_setting_that_fails_with_some_seeds_stands_after_those_that_do_not() -> None:
    values = {1: [2.0], 2: [2.1, 2.2, 2.3], 3: [9.0, 9.1, 9.2]}
    rows = sweep.ranked(results(values))
    assert [row.settings["critic-steps"] for row in rows] == [2, 3, 1]
    assert rows[1].told_apart and rows[1].behind is not None
    assert [row[1] for row in sweep._table(results(values)).rows] == [3, 3, "1 of 3"]


def test_the_table_says_which_are_told_apart() -> None:
    table = sweep._table(results({1: [5.0, 5.1, 5.2], 2: [1.0, 1.1, 1.2]}))
    assert table.columns == (
        "critic-steps",
        "seeds",
        "frechet (patches)",
        "at the end",
        "behind the first",
        "told apart",
    )
    assert [row[0] for row in table.rows] == ["2", "1"]
    assert [row[-1] for row in table.rows] == ["", "yes"]
    assert sweep._table(Results(())).rows == []
    assert sweep._plots(Results(())) == []


def test_a_sweep_comes_back_from_json() -> None:
    made = Sweep("wgan-gp", "digits", (Point({"lr": 0.1, "kind": "a", "on": True}, dumps(Recipe())),), ("a:B",))
    from pathlib import Path

    assert Sweep.from_json(Fields(made.to_json(), Path("study.json"))) == made


def test_another_grid_has_another_folder() -> None:
    one = Sweep("wgan-gp", "digits", (Point({"rounds": 1}, dumps(Recipe(rounds=1))),))
    assert one.name == Sweep("wgan-gp", "digits", (Point({"rounds": 1}, dumps(Recipe(rounds=1))),)).name
    assert one.name != Sweep("wgan-gp", "digits", (Point({"rounds": 1}, dumps(Recipe(rounds=2))),)).name

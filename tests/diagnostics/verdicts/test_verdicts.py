"""Each verdict on logs by construction: failing, healthy, early and sparse ones, and evidence that gets worse."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from steadygan.diagnostics.fields import FIELDS, Row
from steadygan.diagnostics.findings import NO_FAULTS, VERDICTS, VerdictName
from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import ORDER, judge
from steadygan.diagnostics.verdicts import RULES
from steadygan.diagnostics.verdicts.needs import NEEDS
from tests.diagnostics.logs import HEALTHY, Course, log, run

BAD: Mapping[str, Course] = {"distance_ratio": 0.2, "bins_missing": 0.9, "classes": 0.2, "class_entropy_ratio": 0.3}
"""samples far from the data"""


@dataclass(frozen=True)
class Case:
    """A kind of failing log."""

    verdict: VerdictName
    fields: Mapping[str, Course]
    """that fail, in place of a healthy run's"""
    worse: Sequence[tuple[str, Sequence[float]]]
    """a field, and values from bad to worse"""
    sparse: tuple[str, ...] = ()
    """the fewest fields by which it is found"""
    early: bool = True
    """True if it is not found at the first look"""
    more: Mapping[str, Course] = field(default_factory=dict)


CASES = [
    Case("diverged", {"critic_loss": lambda t: 1e5 * 2 ** (30 * t)}, [], ("critic_loss",)),
    Case("diverged", {"non_finite": "critic.3"}, [], ("non_finite",), early=False),
    Case("diverged", {"gap": float("-inf")}, [], ("gap",), early=False),
    Case("data_fault", {"data_duplicates": 0.9}, [("data_duplicates", (0.5, 0.6, 0.8, 1))], early=False),
    Case("data_fault", {"data_blank": 0.5}, [("data_blank", (0.1, 0.2, 0.5, 1))], ("data_blank",), early=False),
    Case("data_fault", {"data_constant": 0.99}, [("data_constant", (0.9, 0.95, 1))], early=False),
    Case("data_fault", {"data_spread_ratio": 2.0}, [("data_spread_ratio", (1.3, 1.5, 3))], early=False),
    Case(
        "full_collapse",
        {"distance_ratio": 0.01, "class_entropy_ratio": 0.0, "classes": 0.1, "bins_missing": 0.97},
        [("distance_ratio", (0.14, 0.1, 0.05, 0.02, 1e-4, 1e-9, 0.0))],
        ("distance_ratio",),
    ),
    Case("full_collapse", {**BAD, "class_entropy_ratio": 0.02}, [("class_entropy_ratio", (0.1, 0.05, 0))]),
    Case("partial_collapse", {"bins_missing": 0.7}, [("bins_missing", (0.5, 0.6, 0.9, 1))], ("bins_missing",)),
    Case("partial_collapse", {"classes": 0.3}, [("classes", (0.6, 0.5, 0.3, 0.1))], ("classes",)),
    Case("partial_collapse", {"distance_ratio": 0.2}, [("distance_ratio", (0.4, 0.3, 0.16))], ("distance_ratio",)),
    Case("checkerboard", {"grid": 3.0}, [("grid", (2.1, 3, 5, 8))], ("grid",)),
    Case(
        "generator_stalled",
        {**BAD, "move": 3e-5, "move_rate": 3e-6, "generator_gradient": 0.0},
        [("move_rate", (9e-4, 1e-4, 1e-6, 0))],
        ("move", "move_rate", "distance_ratio"),
    ),
    Case(
        "critic_too_strong",
        {"accuracy": 1.0, "derivative": 1e-6, "generator_gradient": 1e-6},
        [("derivative", (0.01, 1e-3, 1e-5, 0)), ("generator_gradient", (1e-4, 1e-6, 0))],
        ("accuracy", "derivative"),
    ),
    Case(
        "critic_too_strong",
        {"critic_loss": 0.01, "generator_loss": 9.0},
        [],
        ("critic_loss", "generator_loss"),
        more={"accuracy": "absent"},
    ),
    Case(
        "critic_too_weak",
        {**BAD, "accuracy": 0.5, "gap": -0.2, "rise": 0.9},
        [("accuracy", (0.59, 0.55, 0.5)), ("rise", (0.2, 0.5, 0.9))],
        ("gap", "distance_ratio"),
    ),
    Case(
        "vanishing_gradient",
        dict.fromkeys(("slope_between", "slope_real", "slope_fake", "slope_high"), 1e-08)
        | {"depth_slope": -0.99, "generator_update": 1e-6, "bins_different": 0.9},
        [("depth_slope", (-0.1, -0.7, -2))],
        ("slope_between",),
    ),
    Case(
        "exploding_gradient",
        dict.fromkeys(("slope_between", "slope_real", "slope_fake", "slope_high"), 10000000.0) | {"depth_slope": 0.8},
        [("slope_between", (2e4, 1e5, 1e9, float("inf")))],
        ("slope_between",),
        early=False,
    ),
    Case(
        "clipping",
        {**BAD, "clipped_share": 0.8},
        [("clipped_share", (0.1, 0.2, 0.5, 0.9))],
        ("clipped_share", "distance_ratio"),
    ),
    Case(
        "lipschitz_not_held",
        {**BAD, "slope_high": 50.0, "wasserstein": 5.0},
        [("slope_high", (6.1, 10, 50, 1e6))],
        ("slope_high", "wasserstein"),
    ),
    Case("critic_overfitting", {"r_v": 0.4}, [("r_v", (0.16, 0.2, 0.4, 0.9))], ("r_v",)),
    Case("memorisation", {"copy_ratio": 0.3, "copy_z": -15.0}, [("copy_ratio", (0.89, 0.7, 0.1))], ("copy_ratio",)),
    Case(
        "augmentation_exhausted",
        {"augmentation": lambda t: 0.9 + t},
        [],
        ("augmentation",),
        early=False,
    ),
    Case("augmentation_exhausted", {"augmentation": 0.5, "augmentation_bound": 0.5}, [], early=False),
    Case(
        "too_little_data",
        {"training_samples": 50, "r_v": 0.3},
        [("training_samples", (4000, 1000, 100, 20))],
        ("training_samples", "r_v"),
    ),
    Case(
        "oscillation",
        {**BAD, "move": 9.0, "directness": 0.1},
        [("move", (2.1, 4, 9, 1e5))],
        ("move",),
    ),
]


def rule(case: Case, rows: list[Row]) -> float:
    """Confidence of the case's verdict; 0 without it."""
    found = RULES[case.verdict](History(rows))
    return 0.0 if found is None else found.confidence


def failing(case: Case, looks: int = 30, **changed: Course) -> list[Row]:
    rows = run(looks, **{**case.fields, **changed})
    absent = {name for name, value in case.more.items() if value == "absent"}
    return [{name: value for name, value in row.items() if name not in absent} for row in rows]


ids = [f"{case.verdict}-{next(iter(case.fields))}-{index}" for index, case in enumerate(CASES)]
each = pytest.mark.parametrize("case", CASES, ids=ids)


def test_every_fault_has_a_case() -> None:
    assert {case.verdict for case in CASES} == set(VERDICTS) - NO_FAULTS
    assert set(ORDER) == set(RULES) == set(NEEDS) == set(VERDICTS)


@each
def test_a_failing_log_has_the_verdict_with_evidence(case: Case) -> None:
    rows = failing(case)
    found = RULES[case.verdict](History(rows))
    assert found is not None
    assert found.confidence > 0.5 or case.more
    assert found.evidence
    assert all(each.field in FIELDS and each.text for each in found.evidence)
    assert found.source
    assert found.since <= 150
    assert any(finding.verdict == case.verdict for finding in judge(rows).findings) or case.verdict in (
        "partial_collapse",
    )


@each
def test_a_healthy_log_has_not(case: Case) -> None:
    for looks in range(1, 31):
        assert rule(case, run(looks)) == 0
        assert rule(case, log(looks, planned=None, **HEALTHY)) == 0


@each
def test_the_first_look_says_it_only_where_nothing_else_is_possible(case: Case) -> None:
    assert (rule(case, failing(case, 1)) > 0) == (not case.early)


@each
def test_few_fields_are_enough_and_less_sure(case: Case) -> None:
    if case.sparse:
        rows = [
            {name: value for name, value in row.items() if name in (*case.sparse, "round", "rounds", "seen")}
            for row in failing(case)
        ]
        assert 0 < rule(case, rows) <= rule(case, failing(case))


@each
def test_without_a_plan_of_rounds_it_is_found_too(case: Case) -> None:
    rows = [{name: value for name, value in row.items() if name != "rounds"} for row in failing(case)]
    assert rule(case, rows) > 0


@each
def test_worse_evidence_never_lowers_the_confidence(case: Case) -> None:
    for name, values in case.worse:
        sure = [rule(case, failing(case, **{name: value})) for value in values]
        assert sure == sorted(sure), (name, values, sure)
        assert sure[-1] > 0


@each
def test_more_looks_with_the_evidence_never_lower_it_and_leave_its_first_round(case: Case) -> None:
    found = [RULES[case.verdict](History(failing(case, looks))) for looks in (20, 25, 30)]
    assert all(one is not None for one in found)
    sure = [one.confidence for one in found if one is not None]
    assert sure == sorted(sure)
    assert len({one.since for one in found if one is not None}) == 1


@each
def test_the_order_of_fields_in_a_row_does_not_matter(case: Case) -> None:
    rows, drawn = failing(case), random.Random(0)
    mixed = [dict(drawn.sample(list(row.items()), len(row))) for row in rows]
    assert judge(mixed) == judge(rows)


@each
def test_it_ends_when_the_evidence_does(case: Case) -> None:
    if case.verdict in ("diverged", "data_fault"):  # of which one look is enough
        return
    rows = [*failing(case, 20), *run(60)[20:]]
    rows = [{**row, "rounds": 600} for row in rows]
    assert rule(case, rows) == 0


@pytest.mark.parametrize(("errors", "found"), [(1.0, False), (3.9, False), (4.1, True)])
def test_a_spread_that_few_samples_explain_is_no_fault_of_the_data(errors: float, found: bool) -> None:
    rows = log(**{**HEALTHY, "data_spread_ratio": 1.6, "data_spread_errors": errors})
    assert (RULES["data_fault"](History(rows)) is not None) == found

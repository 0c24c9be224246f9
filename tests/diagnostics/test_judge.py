"""Judging logs: precedence, stability, and logs of any content."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygan.diagnostics import words
from steadygan.diagnostics.answers import answers
from steadygan.diagnostics.fields import FIELDS, Row
from steadygan.diagnostics.findings import NO_FAULTS, VERDICTS, VerdictName
from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import ORDER, allows, first_stable, in_order, judge, timeline
from tests.diagnostics.logs import Course, log, run

COLLAPSED: dict[str, Course] = {"distance_ratio": 0.01, "duplicates": 1.0, "bins_missing": 0.9, "classes": 0.1}


def test_a_healthy_run_is_healthy_and_never_at_fault() -> None:
    said = [diagnosis.main.verdict for diagnosis in timeline(run())]
    assert set(said) == {"too_early", "healthy"}
    assert said[-1] == "healthy"
    found = first_stable(run())
    assert found is not None
    assert found.verdict == "healthy"


def test_a_beginning_gives_what_was_said_then() -> None:
    rows = run(**COLLAPSED)
    assert tuple(judge(rows[:look]) for look in range(1, len(rows) + 1)) == timeline(rows)


@pytest.mark.parametrize(
    ("late", "courses"),
    [
        ("gap_error", {"r_v": 0.3, "gap_error": 1.0, "gap_train": 1.0, "score": lambda t: 1 + t}),
        ("accuracy", {"critic_loss": 0.01, "generator_loss": 9.0, "accuracy": 1.0, "generator_gradient": 1e-5}),
    ],
)
def test_so_it_is_where_a_field_comes_late(late: str, courses: dict[str, Course]) -> None:
    rows = [
        {field: value for field, value in row.items() if look >= 15 or field != late}
        for look, row in enumerate(run(**courses))
    ]
    assert tuple(judge(rows[:look]) for look in range(1, len(rows) + 1)) == timeline(rows)


def test_the_first_stable_verdict_is_that_of_the_collapse() -> None:
    found = first_stable(run(**COLLAPSED))
    assert found is not None
    assert found.verdict == "full_collapse"


def test_a_fault_at_two_looks_is_not_stable() -> None:
    def course(t: float) -> float:
        return 0.01 if 0.46 < t < 0.51 else 0.85

    rows = run(distance_ratio=course, bins_missing=0.05, classes=0.9)
    assert {diagnosis.main.verdict for diagnosis in timeline(rows)} <= NO_FAULTS | {"full_collapse"}
    found = first_stable(rows)
    assert found is not None
    assert found.verdict == "healthy"


def test_a_loss_that_jumps_is_no_fault() -> None:
    rows = run(
        critic_loss=lambda t: 900.0 if round(30 * t) % 7 == 0 else -1.0,
        generator_loss=lambda t: -4e5 if round(30 * t) == 17 else 0.5,
    )
    assert not any(diagnosis.sick for diagnosis in timeline(rows))


def test_early_healthy_runs_that_look_collapsed_are_not_called_so() -> None:
    for quarter in (0.13, 0.3, 0.6):  # distance ratio at a quarter of healthy runs

        def course(t: float, quarter: float = quarter) -> float:
            return min(0.9, quarter * (t / 0.25) ** (math.log(0.9 / quarter) / math.log(3)))

        rows = run(distance_ratio=course, accuracy=lambda t: 1.0 if t < 0.25 else 0.9)
        assert not any(diagnosis.sick for diagnosis in timeline(rows)), quarter


CAUSES: list[tuple[VerdictName, dict[str, Course]]] = [
    ("diverged", {"non_finite": "critic.1", "data_duplicates": 0.9, **COLLAPSED}),
    ("data_fault", {"data_duplicates": 0.9, **COLLAPSED}),
    ("exploding_gradient", {"slope_between": 1e9, "gap": 1e12, **COLLAPSED}),
    (
        "clipping",
        {
            "clipped_share": 0.9,
            **dict.fromkeys(("slope_between", "slope_real", "slope_fake"), 1e-9),
            "accuracy": 0.5,
            **COLLAPSED,
        },
    ),
    ("critic_too_strong", {"accuracy": 1.0, "derivative": 1e-9, "move": 0.0, "move_rate": 0.0, **COLLAPSED}),
    ("critic_too_weak", {"accuracy": 0.5, "gap": -1.0, "rise": 0.9, "move": 8.0, "directness": 0.1, **COLLAPSED}),
    ("generator_stalled", {"move": 1e-6, "move_rate": 1e-7, **COLLAPSED}),
    ("memorisation", {"copy_ratio": 0.3, "copy_z": -20.0, "r_v": 0.5, "training_samples": 20}),
    ("critic_overfitting", {"r_v": 0.6, "training_samples": 20, **COLLAPSED}),
    ("full_collapse", {**COLLAPSED, "move": 3.0, "directness": 0.1}),
]


@pytest.mark.parametrize(("verdict", "fields"), CAUSES, ids=[verdict for verdict, _ in CAUSES])
def test_a_cause_comes_before_what_follows_from_it(verdict: VerdictName, fields: dict[str, Course]) -> None:
    diagnosis = judge(run(**fields))
    assert diagnosis.main.verdict == verdict
    assert len(diagnosis.findings) > 1 or verdict == "diverged"
    assert "partial_collapse" not in [finding.verdict for finding in diagnosis.findings]


def test_no_rows_and_one_row_are_too_early() -> None:
    for rows in ([], log(1), run(1), [{}], [{"round": 0}]):
        diagnosis = judge(rows)
        assert diagnosis.main.verdict == "too_early"
        assert diagnosis.main.evidence
        assert not diagnosis.sick
    assert timeline([]) == ()
    assert first_stable([]) is None


def test_losses_alone_allow_few_verdicts_and_never_health() -> None:
    rows = log(critic_loss=-1.0, generator_loss=0.3)
    assert allows(rows) == ("diverged", "critic_too_strong", "too_early")
    assert judge(rows).main.verdict == "too_early"
    assert "samples" in " ".join(evidence.text for evidence in judge(rows).main.evidence)


def test_what_the_fields_do_not_allow_is_not_said() -> None:
    for fields in (["move"], ["accuracy", "derivative"], ["r_v"], ["slope_between"], list(FIELDS)):
        for value in (1e-9, 0.5, 50.0, 1e9):
            rows: list[Row] = [{"round": 10 * i, "rounds": 300, **dict.fromkeys(fields, value)} for i in range(1, 31)]
            assert {finding.verdict for finding in judge(rows).findings} <= set(allows(rows))


def test_a_run_that_went_back_is_judged_by_what_holds() -> None:
    sick, healed = run(15, **COLLAPSED), run()
    assert judge([*sick, *healed]) == judge(healed)
    assert len(in_order([*sick, *healed])) == 30


def test_infinite_numbers_are_judged_and_nan_is_as_absent() -> None:
    rows = run()
    spoilt = [{**row, "score": math.nan, "copy_z": math.nan} for row in rows]
    bare = [{name: value for name, value in row.items() if name != "copy_z"} for row in rows]
    assert judge(spoilt) == judge(bare)
    assert judge(run(gap=math.inf)).main.verdict == "diverged"
    assert judge(run(slope_between=math.inf)).main.verdict == "exploding_gradient"


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e-9, 1e9, 1e308, -1e308, 5e-324, 10**400, -(10**400), math.inf, -math.inf]),
    st.integers(-3, 10**30),
)
rows_of_any_kind = st.lists(
    st.dictionaries(st.sampled_from([name for name in FIELDS if name != "non_finite"]), numbers, max_size=12),
    max_size=12,
)


@pytest.mark.slow
@given(rows_of_any_kind, st.booleans())
@settings(max_examples=25, deadline=None)
def test_any_log_is_judged_the_same_each_time(drawn: list[dict[str, Any]], ordered: bool) -> None:
    rows = [{**row, "round": 10 * index} if ordered else row for index, row in enumerate(drawn)]
    said = timeline(rows)
    assert said == timeline(rows)
    for diagnosis in (judge(rows), *said):
        assert diagnosis.findings
        assert all(0 <= finding.confidence <= 1 for finding in diagnosis.findings)
        assert all(finding.since <= max(0, diagnosis.round) or diagnosis.round < 0 for finding in diagnosis.findings)
        assert words.lines(diagnosis)
        assert words.one_line(diagnosis)
    kept = in_order(rows)
    for look in range(1, len(kept) + 1):
        assert judge(kept[:look]) == said[look - 1]
    assert answers(rows)


def test_judging_leaves_rows_as_they_are() -> None:
    rows = run(5)
    before = [dict(row) for row in rows]
    judge(rows)
    assert rows == before


def test_the_order_names_each_verdict_once() -> None:
    assert sorted(ORDER) == sorted(VERDICTS)


def test_parts_of_a_history_share_its_arrays() -> None:
    whole = History(run())
    part = whole.up_to(10)
    assert judge(part) == judge(run(10))
    assert part.up_to(5).looks == 5
    assert judge(part.up_to(5)) == judge(run(5))

"""Labels by constructed outcomes: each rule at both sides of its threshold, and which verdicts are right."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.doctor import labels
from benchmarks.doctor.labels import label
from benchmarks.doctor.outcomes import Outcome
from benchmarks.doctor.probe import CriticProbe

FINE = Outcome(0.05, 1.0, 0.98, 0.8, 0.7, 0.4, 0.97, 1.0, (0.125,) * 8)
CRITIC = CriticProbe(0.8, 0.9, 0.52, 1.0, 1.0)


def found(late: Outcome = FINE, middle: Outcome | None = None, raws=None, critic=CRITIC, **more):
    average = [middle or late] * 7 + [late] * 3
    return {
        "rounds": 100,
        "stopped": None,
        "at": [10 * i for i in range(1, 11)],
        "kind": "points",
        "average": [each.to_json() for each in average],
        "raw": [each.to_json() for each in (raws or [late] * 3)],
        "moved": [0.2] * 9,
        "critic": critic.to_json(),
        "training_samples": 4_000,
        "training_excess": 0.0,
        "training_distinct": 1.0,
        **more,
    }


def changed(**numbers) -> Outcome:
    return dataclasses.replace(FINE, **numbers)


BAD = changed(excess=0.9, modes=0.9, effective=0.9)


def test_good_samples_are_healthy():
    assert label(found()).name == "healthy"
    assert label(found()).accepted == {"healthy", "too_early"}


@pytest.mark.parametrize(
    ("made", "name", "right", "wrong"),
    [
        (found(stopped="the critic's loss of round 7 is not finite"), "diverged", "diverged", "full_collapse"),
        (found(changed(finite=False)), "diverged", "diverged", "healthy"),
        (found(changed(spread=0.02, excess=1.0)), "full_collapse", "full_collapse", "partial_collapse"),
        (found(changed(effective=0.13, excess=1.0, spread=0.3)), "full_collapse", "full_collapse", "healthy"),
        (found(changed(effective=0.5, modes=0.5, excess=0.5)), "partial_collapse", "partial_collapse", "oscillation"),
        (found(BAD), "not_learned", "critic_too_strong", "partial_collapse"),
        (found(BAD, moved=[0.001] * 9), "generator_stalled", "generator_stalled", "critic_too_strong"),
        (found(BAD, training_excess=0.8), "data_fault", "data_fault", "generator_stalled"),
        (found(training_distinct=0.1), "data_fault", "data_fault", "healthy"),
        (found(changed(copies=0.9)), "overfitting", "memorisation", "data_fault"),
    ],
)  # fmt: skip
def test_failures_by_their_numbers(made, name, right, wrong):
    result = label(made)
    assert result.name == name
    assert right in result.accepted and wrong not in result.accepted


def test_what_lies_between_good_and_bad_is_left_out():
    assert label(found(changed(excess=0.25))).name == "ambiguous"
    assert label(found(changed(effective=0.68, excess=0.1))).name == "ambiguous"
    assert label(found(stopped="out of memory after round 3")).name == "ambiguous"


def test_a_training_that_still_improves_is_healthy_if_not_bad():
    assert label(found(changed(excess=0.30), middle=changed(excess=0.5))).name == "healthy"
    assert label(found(changed(excess=0.30), middle=changed(excess=0.31))).name == "ambiguous"


def test_averaged_and_raw_weights_have_to_agree():
    assert label(found(FINE, raws=[changed(spread=0.01, excess=1.0)] * 3)).name == "ambiguous"


def test_shares_that_swing_are_an_oscillation_with_its_collapse():
    left, right = (1.0,) + (0.0,) * 7, (0.0,) * 7 + (1.0,)
    narrow = changed(effective=0.125, modes=0.125, excess=1.0, spread=0.3)
    raws = [dataclasses.replace(narrow, shares=shares) for shares in (left, right, left)]
    result = label(found(narrow, raws=raws))
    assert result.name == "oscillation"
    assert {"oscillation", "full_collapse"} <= result.accepted


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({"separates": 0.5, "separable": 1.0}, "critic_too_weak"),
        ({"separates": 1.0, "slope": 1e-7, "pull": 1e-7}, "critic_too_strong"),
        ({"separates": 1.0, "slope": 5e4}, "exploding_gradient"),
    ],
)
def test_bad_samples_with_a_critic_of_no_use_are_its_failure(numbers, verdict):
    result = label(found(BAD, critic=dataclasses.replace(CRITIC, **numbers)))
    assert result.name == "critic_failed"
    assert verdict in result.accepted and "partial_collapse" not in result.accepted


def test_a_critic_that_knows_its_training_samples_overfits_unless_samples_are_good():
    knows = dataclasses.replace(CRITIC, knows_training=0.9)
    assert label(found(changed(excess=0.25), critic=knows)).name == "overfitting"
    assert label(found(critic=knows)).name == "healthy"


def test_few_samples_are_no_fault_of_the_data():
    assert label(found(BAD, training_samples=20, training_excess=0.5)).name == "not_learned"


def test_the_onset_is_after_the_last_good_checkpoint():
    made = found(BAD, middle=FINE)
    assert label(made).onset == pytest.approx(0.7)


def test_every_failure_has_a_right_answer_and_no_healthy_one():
    for name in labels.FAILURES:
        accepted = labels.ACCEPTED[name]
        assert accepted or name == "critic_failed"  # those of its probes
        assert not accepted & {"healthy", "too_early"}

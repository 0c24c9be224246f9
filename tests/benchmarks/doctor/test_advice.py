"""Advice on failing trainings: which are chosen, what is trained, what is kept, and what is counted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.doctor import advice
from benchmarks.doctor.advice_report import lines, tried
from benchmarks.doctor.cases import Case, Said
from benchmarks.doctor.choice import ARMS, SEEDS, Attempt, attempts, chosen, mechanism_of, spread
from benchmarks.doctor.labels import Label
from benchmarks.doctor.suite import trainings
from benchmarks.doctor.trainings import Training
from benchmarks.doctor.trial import recipe_of
from steadygan.types import SampleSpec
from tests.benchmarks.doctor.test_labels import found

POINTS = SampleSpec((2,))
MECHANISMS = ("critic-slow", "generator-fast", "both-fast", "momentum")
FAILING = [each for each in trainings() if each.mechanism in MECHANISMS and each.source.kind == "points"]


def case(training: Training, verdict: str = "full_collapse", *, label: str = "full_collapse", at: float = 0.2) -> Case:
    accepted = frozenset({label})
    return Case(training, "seen", (), Label(label, accepted), Said(verdict, at))  # type: ignore[arg-type]


def test_trainings_are_chosen_in_turns_over_the_mechanisms_whatever_their_order() -> None:
    cases = [case(each) for each in FAILING]
    picked = chosen(cases, right=6)
    assert [each.name for each in picked] == [each.name for each in chosen(cases[::-1], right=6)]
    first = [mechanism_of(each.case.training) for each in picked]
    assert len(set(first[:4])) == 4 and first[4:6] == first[:2]
    assert len({each.name for each in picked}) == 6


def test_health_silence_and_faults_of_the_data_are_not_chosen_and_wrong_verdicts_are_an_extra() -> None:
    one, two, three, four, five = FAILING[:5]
    cases = [
        case(one, "healthy", label="healthy"),
        case(two, "healthy"),
        case(three, "too_little_data", label="data_fault"),
        case(four),
        case(five, "oscillation"),
    ]
    assert [(each.name, each.case.right) for each in chosen(cases)] == [(four.name, True), (five.name, False)]
    assert [each.name for each in chosen(cases, wrong=0)] == [four.name]


def test_every_arm_has_the_same_seeds_and_only_its_own_change() -> None:
    [training] = [each for each in FAILING if each.name.startswith("gan-8gaussians-generator-fast")]
    [each] = chosen([case(training)])
    made = attempts(each)
    assert [(attempt.arm, attempt.training.seed) for attempt in made] == [(arm, seed) for arm in ARMS for seed in SEEDS]
    assert training.seed not in SEEDS and len({attempt.name for attempt in made}) == len(made)
    before = recipe_of(training, POINTS)
    for attempt in made:
        recipe = recipe_of(attempt.training, POINTS, changed=attempt.changed)
        rates = (recipe.generator_optimizer.lr, recipe.critic_optimizer.lr)
        usual = (before.generator_optimizer.lr, before.critic_optimizer.lr)
        if attempt.arm == "half the rate":
            assert rates == pytest.approx([rate / 2 for rate in usual])
        elif attempt.arm == "another seed":
            assert rates == usual
        else:
            assert attempt.changed == each.change.fields and rates != usual


def test_an_advised_part_is_typed_as_the_command_takes_it() -> None:
    [training] = [each for each in FAILING if each.name.startswith("gan-8gaussians-momentum")]
    changed = {"--penalties.0": "{kind: R1, gamma: 0.1}", "--generator-optimizer.betas": "0 0.9", "--seed": "7"}
    recipe = recipe_of(training, POINTS, changed=changed)
    assert recipe.penalties[0].gamma == 0.1 and recipe.generator_optimizer.betas == (0, 0.9)
    assert recipe.seed == training.seed


def test_what_is_kept_of_an_outcome_and_of_another_command(tmp_path: Any) -> None:
    attempt = Attempt(FAILING[0], "one", "advice", {"--batch": "8"})
    outcome = {**found(), "seconds": [1.0, 2.0]}
    line = advice.kept_of(outcome, attempt)
    assert (line["label"], line["excess"]) == ("healthy", 0.05)
    stopped = advice.kept_of({**outcome, "stopped": "the loss of round 3 is not finite"}, attempt)
    assert (stopped["label"], stopped["excess"]) == ("diverged", None)
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps(line) + "\n")
    assert advice.kept(attempt, path) is not None
    assert advice.kept(Attempt(FAILING[0], "one", "advice", {"--batch": "16"}), path) is None


def made(training: Training, results: Mapping[str, tuple[str, float | None]]) -> Any:
    [each] = chosen([case(training)])
    kept = [(at, {"label": results[at.arm][0], "excess": results[at.arm][1]}) for at in attempts(each)]
    return tried(each, kept)


def test_medians_and_majorities_are_counted() -> None:
    good, bad = FAILING[:2]
    all_three = [
        made(good, {"advice": ("healthy", 0.1), "another seed": ("healthy", 0.2), "half the rate": ("diverged", None)}),
        made(bad, {"advice": ("full_collapse", 0.9), "another seed": ("diverged", None), "half the rate": ("x", 0.8)}),
    ]
    assert [each.turned("advice") for each in all_three] == [True, False]
    assert [all(each.beats) for each in all_three] == [True, False]
    assert all_three[1].beats == (True, False) and math.isinf(all_three[1].excess["another seed"])
    text = "\n".join(lines(all_three))
    assert "| most seeds healthy with advice | 50% (9-91) of 2 |" in text
    assert "| full_collapse | full_collapse | 1 of 2 | full_collapse |" in text


def test_a_median_of_seeds_counts_one_that_is_not_finite_as_the_worst() -> None:
    [each] = chosen([case(FAILING[0])])
    numbers = iter([0.1, None, 0.3] * 3)
    kept = [(attempt, {"label": "healthy", "excess": next(numbers)}) for attempt in attempts(each)]
    assert tried(each, kept).excess["advice"] == 0.3
    undone = [(attempt, None) for attempt in attempts(each)]
    assert not tried(each, undone).complete and "0 of 1 trainings are done." in "\n".join(lines([tried(each, undone)]))


def test_usual_settings_are_one_mechanism() -> None:
    usual = [each for each in trainings() if each.mechanism.startswith("usual")]
    assert {mechanism_of(each) for each in usual} == {"usual"}
    assert len(spread(map(case, usual[:3]))) == 3

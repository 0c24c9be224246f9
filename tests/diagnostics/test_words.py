"""Words for diagnoses, answers to users' questions, and warnings of recipes."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import get_args

import pytest

from steadygan.constraints import WeightClip
from steadygan.diagnostics import words
from steadygan.diagnostics.advice import changes
from steadygan.diagnostics.answers import Question, answer, answers, jumps
from steadygan.diagnostics.fields import FIELDS
from steadygan.diagnostics.findings import VERDICTS
from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import judge
from steadygan.diagnostics.verdicts.evidence import CLAUSES, share, short
from steadygan.diagnostics.warnings import warnings
from steadygan.losses import NonSaturating, Saturating
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.objectives import Adversarial, LeCam
from steadygan.optimizers import SGD, Adam
from steadygan.penalties import GradientPenalty
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES, find, wgan_gp
from steadygan.types import SampleSpec
from tests.diagnostics.logs import Course, log, run

IMAGES = SampleSpec((3, 32, 32), 10)
COLLAPSED: dict[str, Course] = {"distance_ratio": 0.012, "duplicates": 1.0, "bins_missing": 0.9}


def test_the_verdict_its_sureness_its_round_and_its_evidence_are_said_in_few_lines() -> None:
    diagnosis = judge(run(**COLLAPSED))
    recipe = find("gan")(IMAGES)
    lines = words.lines(diagnosis, changes(diagnosis.main, recipe), "runs/a run")
    text = "\n".join(lines)
    assert "mode collapse" in lines[0]
    assert f"since round {diagnosis.main.since}" in text
    assert "0.012 times" in text
    assert "healthy: 0.8 to 1" in text
    assert "[lesson 5]" in text
    assert text.count("steadygan train 'runs/a run/recipe.yaml' --") == 3
    assert len(lines) <= 20


def test_one_line_is_one_line() -> None:
    for rows in ([], run(3), run(), run(**COLLAPSED), run(non_finite="critic.2"), log(critic_loss=1.0)):
        line = words.one_line(judge(rows))
        assert "\n" not in line
        assert 5 < len(line) < 160


def test_every_verdict_has_words_and_every_clause_is_of_a_field() -> None:
    assert set(words.SENTENCES) == set(words.NAMES) == set(VERDICTS)
    assert set(CLAUSES) <= set(FIELDS)


def test_a_share_of_the_data_that_a_log_does_not_have_is_left_out() -> None:
    rows = [{"round": 100 * i, "rounds": 3000, "distance_ratio": 0.01, "duplicates": 1.0} for i in range(1, 31)]
    said = "\n".join(words.lines(judge(rows)))
    assert "100% of the samples have a near copy among them\n" in said and "?" not in said
    beside = "\n".join(words.lines(judge([row | {"duplicates_expected": 0.01} for row in rows])))
    assert "100% of the samples have a near copy among them (as in the data: 1%)" in beside


def test_json_holds_the_diagnosis_without_numbers_that_json_has_not() -> None:
    diagnosis = judge(run(gap=math.inf, slope_between=-math.inf))
    plain = words.to_json(diagnosis, changes(diagnosis.main, find("gan")(IMAGES)), "runs/x")
    again = json.loads(json.dumps(plain, allow_nan=False))
    assert again["verdict"] == "diverged"
    assert again["sick"] is True
    assert "inf" in {each["value"] for finding in again["findings"] for each in finding["evidence"]}
    assert all(change["command"].startswith("steadygan ") for change in again["changes"])
    assert len(again["changes"]) == 3


def test_numbers_and_shares_are_short() -> None:
    assert [short(x) for x in (0.0123, 7.654, 123.4, 1e-8, 4e11, math.inf)] == [
        "0.012", "7.7", "123", "1.0e-08", "4.0e+11", "inf",
    ]  # fmt: skip
    assert [share(x) for x in (0.0, 0.001, 0.5, 1.0, math.nan)] == ["0%", "under 1%", "50%", "100%", "?"]


def test_every_question_has_an_answer_for_every_kind_of_log() -> None:
    for rows in ([], run(2), run(), run(**COLLAPSED), log(critic_loss=1.0), run(non_finite="critic.2"), run(r_v=0.5)):
        assert set(answers(rows)) == set(get_args(Question))
        assert all(len(text) > 10 for text in answers(rows).values())


def test_a_loss_that_jumps_is_said_to_be_no_fault() -> None:
    rows = run(critic_loss=lambda t: 40.0 if round(30 * t) == 20 else -1 - t)
    assert jumps(History(rows)["critic_loss"]) == [200]
    assert "no fault" in answer("loss", rows)
    assert "round 200" in answer("loss", rows)
    assert jumps(History(run(critic_loss=lambda t: 100 * math.exp(-20 * t)))["critic_loss"]) == []


def test_a_wasserstein_estimate_is_read_by_its_way() -> None:
    assert "falls" in answer("loss", run(wasserstein=lambda t: 3 - 2 * t))
    assert "does not fall" in answer("loss", run(wasserstein=lambda t: 1 + t))


def test_when_to_stop_is_when_samples_no_longer_get_nearer() -> None:
    better, worse = run(score=lambda t: 2 - t), run(score=lambda t: 1 + abs(t - 0.4))
    assert answer("stop", better).startswith("Not yet")
    assert answer("stop", worse).startswith("Now")
    assert "round 120" in answer("stop", worse)
    assert "Now" in answer("stop", run(**COLLAPSED))
    assert "losses do not tell" in answer("stop", run())


def test_the_other_questions_are_answered_from_the_log() -> None:
    assert answer("collapse", run()).startswith("No")
    assert "mode collapse" in answer("collapse", run(**COLLAPSED))
    assert "does not say" in answer("collapse", log(critic_loss=1.0))
    assert "enough" in answer("data", run())
    assert "overfits" in answer("data", run(r_v=0.5))
    assert "critic.2" in answer("nan", run(non_finite="critic.2"))
    assert answer("nan", run()).startswith("None is seen")
    assert answer("critic", run()).startswith("No")
    assert answer("critic", run(accuracy=1.0, derivative=1e-7)).startswith("Yes")


def mlp(**fields: object) -> Recipe:
    return dataclasses.replace(  # type: ignore[arg-type]
        Recipe(generator=MLPGenerator(), critic=MLPCritic(spectral=True), objective=Adversarial(NonSaturating())),
        **fields,
    )


@pytest.mark.parametrize(
    ("recipe", "field"),
    [
        (mlp(critic=MLPCritic(norm="batch"), penalties=(GradientPenalty(),)), "critic.norm"),
        (mlp(critic=MLPCritic(), objective=Adversarial()), "penalties"),
        (mlp(critic=MLPCritic()), "penalties"),
        (mlp(critic=MLPCritic(norm="batch", spectral=True)), "critic.norm"),
        (mlp(critic=MLPCritic(depth=12), constraint=WeightClip(0.01)), "constraint"),
        (mlp(critic_optimizer=Adam(3e-2)), "critic_optimizer.lr"),
        (mlp(generator_optimizer=SGD(0.1)), "generator_optimizer.lr"),
        (mlp(generator_optimizer=Adam(1e-3), critic_optimizer=Adam(1e-5)), "generator_optimizer.lr"),
        (mlp(generator_steps=5), "generator_steps"),
        (mlp(objective=Adversarial(Saturating())), "objective.loss"),
    ],
)
def test_what_often_goes_wrong_is_warned_of_before_training(recipe: Recipe, field: str) -> None:
    assert field in [warning.field for warning in warnings(recipe)]


def test_a_sound_recipe_has_no_warning() -> None:
    assert warnings(mlp()) == ()
    assert warnings(wgan_gp(IMAGES), training_samples=50_000, sample=IMAGES) == ()


def test_few_samples_are_warned_of_unless_something_is_done_about_it() -> None:
    few = [warning.text for warning in warnings(wgan_gp(IMAGES), training_samples=300, sample=IMAGES)]
    assert len(few) == 1
    assert "300" in few[0]
    eased = dataclasses.replace(wgan_gp(IMAGES), objective=LeCam())
    assert warnings(eased, training_samples=300, sample=IMAGES) == ()
    tiny = [warning.field for warning in warnings(wgan_gp(IMAGES), training_samples=20, sample=IMAGES)]
    assert "batch" in tiny


def test_recipes_of_the_library_are_warned_of_little() -> None:
    for name in RECIPES:
        assert len(warnings(find(name)(IMAGES), training_samples=50_000, sample=IMAGES)) <= 2, name

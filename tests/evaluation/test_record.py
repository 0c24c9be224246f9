"""The record of evaluations."""

from __future__ import annotations

import dataclasses
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from steadygan.errors import RunError
from steadygan.evaluation.record import COMPARED, Evaluation, Number, Provenance, add, difference, read

ORIGIN = Provenance(
    data="digits",
    data_hash="d" * 32,
    split="train",
    real=100,
    count=200,
    features="pixels",
    features_hash="f" * 64,
    resize="none",
    weights="average",
    samples="uint8",
    precision="fp32, x86_64",
    recipe="wgan-gp",
    recipe_hash="r" * 64,
    training_seed=0,
    round=10,
    sampling_seed=0,
    versions={"torch": "2.13.0"},
)


def test_numbers_come_back_as_they_were_written(tmp_path):
    number = Number("frechet", 1 / 3, 0.1, 0.2, 50, "lower", {"k": 3})
    add(tmp_path, [Evaluation(ORIGIN, (number,))])
    assert read(tmp_path) == (Evaluation(ORIGIN, (number,)),)


def test_an_evaluation_of_the_same_origin_is_brought_up_to_date_and_others_stay(tmp_path):
    other = dataclasses.replace(ORIGIN, round=20)
    add(tmp_path, [Evaluation(ORIGIN, (Number("frechet", 1.0), Number("kernel", 2.0)))])
    add(tmp_path, [Evaluation(other, (Number("frechet", 3.0),))])
    first, second = add(tmp_path, [Evaluation(ORIGIN, (Number("frechet", 4.0),))])
    assert (first["kernel"].value, first["frechet"].value, second["frechet"].value) == (2.0, 4.0, 3.0)
    assert read(tmp_path) == (first, second)


@pytest.mark.parametrize("name", COMPARED)
def test_each_compared_field_alone_makes_two_provenances_incomparable_and_is_named(name):
    value = getattr(ORIGIN, name)
    other = dataclasses.replace(ORIGIN, **{name: value + 1 if isinstance(value, int) else value + "x"})
    assert name.removesuffix("_hash").split("_")[0] in difference(ORIGIN, other)


@pytest.mark.parametrize("name", ["recipe", "recipe_hash", "versions", "round", "training_seed", "sampling_seed"])
def test_other_runs_of_another_recipe_round_or_seed_stay_comparable(name):
    changed = {"versions": {"torch": "3"}}.get(name) or (99 if isinstance(getattr(ORIGIN, name), int) else "other")
    assert difference(ORIGIN, dataclasses.replace(ORIGIN, **{name: changed})) == ""


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 9}', '{"format": 1}', '{"format": 1, "evaluations": [{"numbers": []}]}']
)
def test_a_damaged_file_is_one_line_and_is_not_written_over(tmp_path, text):
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(RunError) as caught:
        add(tmp_path, [Evaluation(ORIGIN, ())])
    assert "evaluation.json" in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_text() == text


def test_the_file_says_all_beside_each_group_of_numbers(tmp_path):
    add(tmp_path, [Evaluation(ORIGIN, (Number("frechet", 1.0),))])
    content = json.loads((tmp_path / "evaluation.json").read_text())
    held = content["evaluations"][0]["provenance"]
    assert {"data_hash", "features_hash", "count", "real", "split", "resize", "versions", "round", "weights"} <= set(
        held
    )


@pytest.mark.skipif(os.name != "posix", reason="Windows has no locks of folders")
def test_evaluations_that_end_at_once_are_all_kept(tmp_path):
    def one(seed):
        for round_ in range(20):
            add(tmp_path, [Evaluation(dataclasses.replace(ORIGIN, sampling_seed=seed, round=round_), ())])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert len(read(tmp_path)) == 80

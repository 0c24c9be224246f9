"""The evaluation of a run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

import steadygan as sg
from steadygan import evaluation
from steadygan.data import DataOptions
from steadygan.errors import RunError, UsageError
from steadygan.evaluation.extracting import subset_indices
from steadygan.evaluation.record import read
from steadygan.evaluation.run_evaluation import default_count, draw, evaluate, recipe_hash
from steadygan.networks import DCGANCritic, DCGANGenerator
from tests.training.games import small_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A short run on digits, and one on points, with a cache of their own."""
    folder = tmp_path_factory.mktemp("runs")
    cache = str(folder / "cache")
    base = small_recipe(rounds=6, average=sg.ema.Average(half_life=100.0))
    quiet = dataclasses.replace(base.run, evaluate="none")
    images = dataclasses.replace(
        base,
        generator=DCGANGenerator(width=4),
        critic=DCGANCritic(width=4),
        data=DataOptions("digits", cache=cache),
        run=quiet,
    )
    sg.train(images, out=folder / "digits", observers=[])
    sg.train(dataclasses.replace(images, seed=1), out=folder / "digits-1", observers=[])
    points = dataclasses.replace(base, data=DataOptions("8gaussians", cache=cache), run=quiet)
    sg.train(points, out=folder / "points", observers=[])
    return folder


def test_the_same_seed_gives_the_same_numbers_to_the_last_digit(folder, tmp_path):
    first = evaluate(folder / "digits", features="pixels", count=120, metrics=["frechet", "manifold", "memorisation"])
    again = evaluate(folder / "digits", features="pixels", count=120, metrics=["frechet", "manifold", "memorisation"])
    other = evaluate(folder / "digits", features="pixels", count=120, metrics=["frechet"], seed=1)
    assert first == again
    assert first[0]["frechet"].value != other[0]["frechet"].value
    assert all(evaluation in read(folder / "digits") for evaluation in first)
    assert (folder / "digits" / "nearest.png").is_file()


def test_numbers_say_where_they_come_from(folder):
    (evaluation,) = evaluate(folder / "digits-1", features="pixels", count=100, metrics=["frechet"])
    origin, run = evaluation.provenance, sg.load(folder / "digits-1")
    assert (origin.recipe, origin.training_seed, origin.round, origin.count) == ("small", 1, 6, 100)
    assert (origin.data, origin.data_hash, origin.real) == ("digits", run.data.fingerprint, 1617)
    assert (origin.weights, origin.samples, origin.features) == ("average", "uint8", "pixels")
    assert len(origin.features_hash) == 64
    assert origin.versions["torch"] == torch.__version__
    assert origin.versions["trained with torch"] == run.environment.versions["torch"]
    held = json.loads((folder / "digits-1" / "evaluation.json").read_text())
    assert held["evaluations"][0]["numbers"][0]["floor_count"] == 180


def test_runs_that_differ_in_seed_or_watching_only_are_the_same_recipe(folder):
    one, other, points = (sg.load(folder / name) for name in ("digits", "digits-1", "points"))
    assert recipe_hash(one) == recipe_hash(other) != recipe_hash(points)


def test_a_run_whose_data_moved_is_the_same_recipe(folder):
    here, moved = sg.load(folder / "digits"), sg.load(folder / "digits")
    data = dataclasses.replace(moved.recipe.data, source="elsewhere/digits", cache="cache")
    moved.recipe = dataclasses.replace(moved.recipe, data=data)
    larger = sg.load(folder / "digits")
    larger.recipe = dataclasses.replace(larger.recipe, data=dataclasses.replace(data, size=16))
    assert recipe_hash(here) == recipe_hash(moved) != recipe_hash(larger)


def test_points_are_measured_by_transport_and_modes(folder):
    (evaluation,) = evaluate(folder / "points", count=300)
    found = {number.metric: number.value for number in evaluation.numbers}
    assert {"high_quality", "modes", "modes_kl", "wasserstein1"} <= set(found)
    assert evaluation.provenance.features == ""
    assert found["wasserstein1"] > 2 * evaluation["wasserstein1"].floor


def test_weights_are_told_apart(folder):
    found = {w: evaluate(folder / "digits", features="pixels", count=100, metrics=["frechet"], weights=w)[0]
             for w in ("average", "raw")}  # fmt: skip
    assert found["average"]["frechet"].value != found["raw"]["frechet"].value
    assert found["raw"].provenance.weights == "raw"


def test_three_weights_of_a_generator_with_batch_norm_are_three(folder, tmp_path):
    recipe = dataclasses.replace(
        sg.load(folder / "digits").recipe, generator=DCGANGenerator(width=4, norm="batch"), rounds=4
    )
    run = sg.train(recipe, out=tmp_path / "run", observers=[])
    average, plain, raw = (run.load_generator(weights) for weights in ("average", "average-plain", "raw"))
    for (name, a), (_, b), (_, c) in zip(*(net.named_parameters() for net in (average, plain, raw)), strict=True):
        assert torch.equal(a, b), name
        assert not torch.equal(a, c) or a.abs().max() == 0, name
    statistics = {n: b for n, b in plain.named_buffers() if "running" in n}
    assert statistics
    for name, buffer in statistics.items():
        assert torch.equal(buffer, dict(raw.named_buffers())[name])
        assert not torch.equal(buffer, dict(average.named_buffers())[name])


def test_streamed_samples_are_those_of_sample(folder):
    run = sg.load(folder / "digits")
    streamed = np.concatenate(list(run.stream(300, 5)))
    assert (streamed == run.sample(300, 5)).all() and streamed.dtype == np.uint8
    assert (draw(run, 10, 5, "average", None) == streamed[:10]).all()


def test_as_many_samples_as_real_ones_within_bounds():
    counts = {100: 2_000, 5_000: 5_000, 60_000: 10_000}
    data = sg.data.open_data(DataOptions("digits"))
    for train, count in counts.items():
        assert default_count(dataclasses.replace(data, audit=dataclasses.replace(data.audit, train=train))) == count


class Broken:
    """Features that are of no use."""

    name, identity, width, facts = "broken", "0" * 64, 4, {}

    def __call__(self, images):
        raise UsageError("features 'broken' are not finite")


@pytest.mark.parametrize(
    ("run", "options", "said"),
    [
        ("digits", {"metrics": ["frechte"]}, "unknown metric 'frechte'; did you mean 'frechet'?"),
        ("digits", {"metrics": ["wasserstein1"]}, "metric 'wasserstein1' does not suit 'digits'"),
        ("points", {"metrics": ["frechet"]}, "metric 'frechet' does not suit '8gaussians'"),
        ("points", {"features": "pixels"}, "holds points: --features is for pictures"),
        ("digits", {"metrics": ["frechet"], "count": 10}, "needs 50 samples or more, got 10"),
        ("digits", {"count": 1}, "the number of samples is 1"),
        ("digits", {"features": "pixel"}, "unknown features 'pixel'; did you mean 'pixels'?"),
        ("digits", {"features": "nowhere.at:all"}, "nowhere"),
        ("digits", {"features": "pixels", "weights": "ema"}, "unknown weights 'ema'"),
        ("digits", {"round_": 3}, "no checkpoint of round 3"),
        ("digits", {"features": "inception", "inception_weights": "missing.pth"}, "missing.pth"),
        ("digits", {"features": Broken(), "metrics": ["frechet"]}, "not finite"),
        ("nothing", {}, "there is no run"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(folder, run, options, said):
    before = (folder / run / "evaluation.json").read_bytes() if (folder / run / "evaluation.json").exists() else None
    with pytest.raises((UsageError, RunError)) as caught:
        evaluate(folder / run, **options)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    after = (folder / run / "evaluation.json").read_bytes() if (folder / run / "evaluation.json").exists() else None
    assert before == after


def test_a_run_whose_data_has_changed_is_refused(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("recipe.yaml", "data.json", "environment.json"):
        (copy / name).write_bytes((folder / "digits" / name).read_bytes())
    with pytest.raises(RunError, match="no checkpoint"):
        evaluate(copy)
    (copy / "checkpoints").symlink_to(folder / "digits" / "checkpoints")
    data = json.loads((copy / "data.json").read_text())
    (copy / "data.json").write_text(json.dumps({**data, "fingerprint": "0" * 32}))
    with pytest.raises(RunError, match=r"digits is not the data with which .* or has changed since"):
        evaluate(copy)


def test_a_part_of_sorted_data_has_all_of_its_classes():
    rows = subset_indices(1_000, 100)
    assert len(set(rows)) == 100 and (np.sort(rows) == rows).all()
    assert np.bincount(rows // 100, minlength=10).min() >= 3
    assert (subset_indices(7, 100) == np.arange(7)).all()


def test_the_package_gives_all_that_it_names():
    assert all(callable(getattr(evaluation, name)) for name in evaluation.__all__)

"""What a long evaluation says before it: seconds by hand, and which features are still to be taken."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import steadygan as sg
from steadygan.data import DataOptions
from steadygan.evaluation import outlook
from steadygan.evaluation.extracting import is_kept, make_features, real_features
from steadygan.evaluation.given_samples import evaluate_samples
from steadygan.evaluation.outlook import Outlook, outlook_of, seconds_of_features
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.run_evaluation import evaluate
from tests.training.games import small_recipe


def test_the_seconds_are_those_of_every_sample_and_of_real_ones_once():
    assert Outlook(50_000, 0.004, 0.001, real=60_000).seconds == pytest.approx(50_000 * 0.005 + 60)
    assert Outlook(50_000, 0.0, 0.001).seconds == pytest.approx(50)


def test_only_a_long_evaluation_is_announced_with_what_shortens_it():
    assert Outlook(10_000, 0.001, 0.0).line(2_000) == ""
    line = Outlook(50_000, 0.1, 0.02, real=60_000).line(10_000)
    assert "2 h 0 min" in line and "100 ms to draw" in line and "20 ms for features" in line and "60,000" in line
    assert "--count 10000 takes about 40 min" in line
    assert "--count" not in Outlook(2_000, 1.0, 0.0).line(2_000)


def test_features_are_timed_by_the_sample_after_a_first_call():
    now, calls = [0.0], []

    def extractor(images):
        calls.append(len(images))
        now[0] += 100.0 if len(calls) == 1 else 0.5 * len(images)

    images = np.zeros((8, 1, 4, 4), np.uint8)
    assert seconds_of_features(extractor, images, clock=lambda: now[0]) == pytest.approx(0.5)
    assert calls == [2, 8]


def test_real_features_count_until_they_are_in_the_cache(tmp_path):
    cache = str(tmp_path)
    dataset = sg.data.open_data(DataOptions("digits", cache=cache))
    real = RealSide(dataset, make_features("pixels", dataset, cache=cache), None, cache)
    measures = [measure for measure in sg.evaluation.measures.MEASURES if measure.name in ("frechet", "ngrams")]
    train, held_out = len(dataset.train), len(dataset.held_out)
    drawn = real.train[0][:40]
    assert outlook_of(real, measures, drawn, 100, 0.5).real == train + held_out
    real_features(real.features, dataset, "train", cache=cache)
    assert is_kept(real.features, dataset, "train", cache) and not is_kept(real.features, dataset, "held out", cache)
    made = outlook_of(real, measures, drawn, 100, 0.5)
    assert made.real == held_out and made.drawing == 0.5 and made.features > 0
    samples_alone = [measure for measure in sg.evaluation.measures.MEASURES if measure.inputs == "samples"]
    assert outlook_of(real, samples_alone, drawn, 100, 0.5) == Outlook(100, 0.5, 0.0)


def test_an_evaluation_that_is_long_says_so_once_and_its_numbers_stay(tmp_path, monkeypatch):
    cache, base = str(tmp_path / "cache"), small_recipe(rounds=2)
    recipe = dataclasses.replace(
        base,
        generator=sg.networks.DCGANGenerator(width=4),
        critic=sg.networks.DCGANCritic(width=4),
        data=DataOptions("digits", cache=cache),
        run=dataclasses.replace(base.run, evaluate="none"),
    )
    run = sg.train(recipe, out=tmp_path / "run", observers=[])
    settings = {"metrics": ["frechet"], "features": "pixels", "count": 600}
    said: list[str] = []
    (before,) = evaluate(run, **settings, say=said.append)
    assert said == []
    monkeypatch.setattr(outlook, "LONG", 0.0)
    (after,) = evaluate(run, **settings, say=said.append)
    assert len(said) == 1 and "600 samples" in said[0] and before.numbers == after.numbers
    said.clear()
    evaluate_samples(run.sample(60), recipe.data, metrics=["frechet"], features="pixels", say=said.append)
    assert any("60 samples, each" in line and "to draw" not in line for line in said)

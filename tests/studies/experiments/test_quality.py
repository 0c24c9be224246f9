"""Distances and modes of samples against closed forms."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.data.sources.points import EIGHT
from steadygan.features.base import Extracted
from steadygan.studies.experiments._quality import COUNT, WORST, Attempt, Judge, Quality, looking
from steadygan.training.trouble import Trouble


@pytest.fixture(scope="module")
def points():
    return open_data(DataOptions("8gaussians"))


def test_w1_of_shifted_points_is_the_length_of_the_shift(points):
    judge, real = Judge(points), points.held_out.samples[:COUNT].astype(np.float64)
    assert judge(real).distance == pytest.approx(0.0, abs=1e-12)
    assert judge(real + np.array([0.3, -0.4])).distance == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_modes_are_those_with_a_quarter_of_their_share(points, count):
    samples = np.repeat(EIGHT.centres[:count], 100, axis=0)
    assert Judge(points)(samples).modes == count / 8
    few = np.concatenate([np.repeat(EIGHT.centres[:7], 100, axis=0), EIGHT.centres[7:].repeat(22, axis=0)])
    assert len(few) == 722 and Judge(points)(few).modes == 7 / 8  # 22 of 722 is less than a quarter of an eighth
    assert Judge(points)(np.concatenate([few, EIGHT.centres[7:]])).modes == 1.0  # 23 of 723 is more


def test_points_between_modes_are_of_none(points):
    between = (EIGHT.centres + np.roll(EIGHT.centres, 1, axis=0)) / 2 * 0.9
    assert Judge(points)(np.repeat(between, 10, axis=0)).modes == 0.0


def test_the_worst_distance_is_ten_times_that_of_the_mean(points):
    judge, real = Judge(points), points.held_out.samples[:COUNT].astype(np.float64)
    of_mean = np.linalg.norm(real - real.mean(0), axis=1).mean()
    assert judge.worst == pytest.approx(WORST * of_mean, rel=1e-5)
    assert judge(real + 1e6).distance == judge.worst
    broken = real.copy()
    broken[3, 1] = math.nan
    assert judge(broken) == Quality(judge.worst, 0.0)


def test_points_without_modes_have_none():
    judge = Judge(open_data(DataOptions("swissroll")))
    assert math.isnan(judge(np.zeros((COUNT, 2))).modes)


def test_pictures_go_by_frechet_distance_and_classes(monkeypatch, tmp_path):
    """Features are the mean pixel, classes its tenths: both known for constant pictures."""
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path))

    def features(images):
        means = images.reshape(len(images), -1).mean(axis=1, keepdims=True) / 255
        classes = np.minimum((means[:, 0] * 10).astype(int), 9)
        return Extracted(means.astype(np.float32), np.eye(10)[classes])

    stub = type("Stub", (), {"name": "classifier", "identity": "mean pixel", "__call__": lambda _, x: features(x)})()
    levels = np.repeat(np.arange(10), 20) * 25 + 5
    real = np.broadcast_to(levels[:, None, None, None], (200, 1, 4, 4)).astype(np.uint8)
    labels = np.repeat(np.arange(10), 20)
    part = SimpleNamespace(endless=False, some=lambda: (real, labels))
    spec = SimpleNamespace(is_points=False, classes=10)
    judge = Judge(SimpleNamespace(train=part, sample=spec, name="levels", fingerprint="levels"))  # type: ignore[arg-type]
    judge.__dict__["_features"] = stub
    assert judge(real) == Quality(pytest.approx(0.0, abs=1e-9), 1.0)
    low = real[levels < 100]
    assert judge(low).modes == 0.4
    means = levels / 255
    known = (means.mean() - levels[levels < 100].mean() / 255) ** 2
    known += (means.std(ddof=1) - (levels[levels < 100] / 255).std(ddof=1)) ** 2  # of one-dimensional Gaussians
    assert judge(low).distance == pytest.approx(known, rel=1e-5)


def test_a_training_that_diverges_is_as_bad_as_can_be(monkeypatch, tmp_path):
    from steadygan.studies.training import Training

    def diverges(self, folder, seed):
        raise Trouble("the critic loss of round 7 is not finite", "diverged", 7, 6)

    monkeypatch.setattr(Training, "carry_out", diverges)
    attempt = Attempt("gan", "8gaussians", 10, lambda run, ready: {})
    outcome = attempt.carry_out(tmp_path, 0)
    assert outcome == {"distance": pytest.approx(10 * 1.41, rel=0.02), "modes": 0.0, "diverged": 7}

    def other(self, folder, seed):
        raise Trouble("collapsed", "full_collapse", 7, 6)

    monkeypatch.setattr(Training, "carry_out", other)
    with pytest.raises(Trouble, match="collapsed"):
        attempt.carry_out(tmp_path, 0)


def test_looks_are_equal_parts_with_ten_rows_each():
    options = looking(3_000, 40)
    assert (options.keep_every, options.checkpoint_every, options.log_every) == (75, 75, 7)
    tiny = looking(6, 40)
    assert (tiny.keep_every, tiny.log_every) == (1, 1)

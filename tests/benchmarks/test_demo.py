"""The demo beside busy processes: what is timed, how its digits are judged, and what is written down."""

from __future__ import annotations

import json
import multiprocessing
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks import demo
from benchmarks.digits_quality import Judge, pixels
from benchmarks.load import loaded

SAVES = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1]) / "samples"
time.sleep(0.3)
folder.mkdir(parents=True)
(folder / ".part-1-000001.png").touch()
time.sleep(0.5)
(folder / "000001.png").touch()
time.sleep(0.5)
"""


def test_the_first_picture_and_the_end_are_timed(tmp_path):
    seconds = demo.timed([sys.executable, "-c", SAVES, str(tmp_path / "run")], tmp_path / "run", {})
    assert 0.8 <= seconds["first_picture"] <= seconds["end"] - 0.4


def test_a_training_that_fails_ends_the_benchmark_with_its_last_words(tmp_path):
    command = [sys.executable, "-c", "import sys; print('gone'); sys.exit(3)"]
    with pytest.raises(SystemExit, match=r"ended with 3: gone"):
        demo.timed(command, tmp_path / "run", {})


def test_the_load_computes_and_is_gone_with_its_context():
    with loaded(2):
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


@pytest.fixture(scope="module")
def judge():
    return Judge()


def test_real_digits_are_at_no_distance_and_noise_is_far(judge):
    digits = load_digits().images
    again = np.round(digits[:, None] * 255 / 16).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, again.shape, dtype=np.uint8)
    assert judge.distance(pixels(again)) < 0.01 * judge.of_halves()
    assert judge.distance(pixels(noise)) > 20 * judge.of_halves()


@pytest.mark.slow
def test_a_demo_is_timed_judged_and_written(judge, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo, "Judge", lambda: judge)
    out = tmp_path / "demo.json"
    small = ["dcgan", "digits", "--generator.width", "4", "--critic.width", "4", "--run.evaluate", "none"]
    demo.main(["--load", "1", "--minutes", "0.02", "--avx2", "--out", str(out), *small])
    content = json.loads(out.read_text())
    (made,) = content["trials"]
    assert content["instructions"] == "AVX2" and made["precision"] == "fp32" and content["busy_processes"] == 1
    assert 0 < made["seconds"]["first_picture"] < made["seconds"]["end"]
    assert made["images"] == made["rounds"] * 64 and made["ratio"] == made["frechet"] / made["frechet_of_halves"]
    assert "first picture" in capsys.readouterr().out

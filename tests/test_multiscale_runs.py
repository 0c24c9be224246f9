"""A run of multi-scale networks has samples, pictures and numbers of all sizes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.metrics.scales import means, scale_agreement
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.report.page import write_report
from steadygan.report.pictures import PictureObserver, scales_grid
from steadygan.representations import Pyramid
from tests.training.games import small_recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    base = small_recipe(rounds=4, batch=16)
    recipe = dataclasses.replace(
        base,
        generator=MultiScaleGenerator(8),
        critic=MultiScaleCritic(8),
        representation=Pyramid(),
        run=dataclasses.replace(base.run, evaluate="none"),
    )
    return sg.train(recipe, data="digits", out=folder / "run", size=16, observers=[PictureObserver()])


def test_a_run_gives_its_samples_at_all_sizes(run):
    scales = run.scales(10, seed=3)
    assert [scale.shape for scale in scales] == [(10, 1, side, side) for side in (4, 8, 16)]
    assert {scale.dtype for scale in scales} == {np.dtype(np.uint8)}
    assert np.array_equal(scales[-1], run.sample(10, seed=3))
    with pytest.raises(UsageError, match="number of samples is 0"):
        run.scales(0)


def test_all_sizes_stand_beneath_the_pictures_of_the_finest_one(run):
    with Image.open(run.folder / "samples" / "000004.png") as finest:
        assert finest.info["Description"] == "9 samples of fixed latents after round 4"
    with Image.open(run.folder / "samples" / "scales" / "000004.png") as picture:
        assert picture.info["Description"] == "The first 9 samples at 4, 8, 16 px after round 4"
    page = write_report(run.folder).read_text(encoding="utf-8")
    assert "<b>All sizes</b>" in page and "The first 9 samples at 4, 8, 16 px after round 4" in page


def test_a_row_shows_one_size_and_a_column_one_sample():
    fine = np.random.default_rng(0).integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    coarse = means(fine, 4).round().astype(np.uint8)
    picture = np.asarray(scales_grid([coarse, fine], columns=5, scale=1))
    assert picture.shape == (8 + 2 + 8, 5 * 8 + 4 * 2)
    for column in range(5):
        left = 10 * column
        assert np.array_equal(picture[:8, left : left + 8], np.kron(coarse[column, 0], np.ones((2, 2), np.uint8)))
        assert np.array_equal(picture[10:, left : left + 8], fine[column, 0])


def test_evaluation_says_how_the_sizes_agree(run):
    (found,) = evaluate(run, metrics=["scales"], count=60)
    expected = scale_agreement(run.scales(60))
    assert found["scale_difference_4"].value == expected[4].difference.value
    assert found["scale_correlation_8"].value == expected[8].correlation
    mean = (expected[4].difference.value + expected[8].difference.value) / 2
    assert found["scale_difference"].value == pytest.approx(mean)
    assert 0 <= found["scale_difference"].floor < 0.3 and found["scale_difference"].settings == {"count": 60}


def test_runs_of_one_size_have_no_agreement_of_sizes(tmp_path):
    quiet = dataclasses.replace(small_recipe().run, evaluate="none")
    one = sg.train(small_recipe(rounds=1, run=quiet), data="digits", out=tmp_path / "run", observers=[])
    assert len(one.scales(3)) == 1
    with pytest.raises(UsageError, match="'scales' does not suit"):
        evaluate(one, metrics=["scales"], count=60)

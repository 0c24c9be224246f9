"""The recipe msg-gan: its numbers, what a run of it leaves behind, and that its sizes come to agree."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.losses import Wasserstein
from steadygan.metrics.scales import means, scale_agreement
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.optimizers import Adam
from steadygan.penalties import Between, Drift, GradientPenalty
from steadygan.recipe import RunOptions
from steadygan.recipes import msg_gan
from steadygan.report.page import write_report
from steadygan.report.pictures import PictureObserver, scales_grid
from steadygan.representations import Pyramid
from steadygan.types import SampleSpec
from tests.training.games import small_recipe

RUN = RunOptions(
    precision="fp32", threads=1, log_every=100, picture_every=10_000, checkpoint_every=10_000, evaluate="none"
)
COUNT = 500


def trained(folder, rounds):
    """A run of narrow networks on digits of 8x8 pixels."""
    recipe = dataclasses.replace(
        msg_gan(SampleSpec((1, 8, 8), 10)), generator=MultiScaleGenerator(24), critic=MultiScaleCritic(24), run=RUN
    )
    return sg.train(recipe, data="digits", out=folder / "run", rounds=rounds, observers=[])


def verdict(run):
    """Mean pixels' distance to the real ones, deviation as a share of the real one, disagreement of 4 and 8 px."""
    scales = run.scales(COUNT, seed=5)
    pixels, real = scales[-1].reshape(COUNT, -1) / 255, load_digits().data / 16
    off, spread = np.abs(pixels.mean(0) - real.mean(0)).mean(), pixels.std(0).mean() / real.std(0).mean()
    return off, spread, scale_agreement(scales)[4]


@pytest.mark.slow
def test_msg_gan_learns_digits_whose_sizes_agree(tmp_path):
    off, spread, agreement = verdict(trained(tmp_path, 300))
    assert off < 0.08
    assert spread > 0.6
    assert agreement.difference.value < 40
    assert agreement.correlation > 0.2


def test_an_untrained_msg_gan_misses_the_bounds(tmp_path):
    off, _, agreement = verdict(trained(tmp_path, 1))
    assert off > 0.2
    assert agreement.difference.value > 50
    assert agreement.correlation < 0.2


# --- what a run leaves behind


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
    (found,) = evaluate(run, features="pixels", metrics=["scales"], count=60)
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


# --- the recipe


@pytest.mark.parametrize(("size", "width"), [(8, 64), (32, 64), (64, 32), (128, 32)])
def test_maps_are_few_enough_for_a_laptop(size, width):
    recipe = msg_gan(SampleSpec((3, size, size)))
    assert (recipe.generator.width, recipe.critic.width) == (width, width)


def test_msg_gan_has_wgan_gps_penalty_over_all_sizes_and_the_rate_of_the_authors_code():
    recipe = msg_gan(SampleSpec((3, 32, 32)))
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(3e-3, betas=(0.0, 0.99))
    assert recipe.objective.loss == Wasserstein()
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, at=Between()), Drift(1e-3))
    assert (recipe.critic.combine, recipe.critic.group) == ("lin_cat", 4)
    assert recipe.representation == Pyramid(4) and recipe.steps(0) == 1
    assert msg_gan(SampleSpec((1, 28, 28))).representation == Pyramid(7)
    assert recipe.average.decay(32, 10**9) == pytest.approx(0.999, abs=1e-4)


def test_points_are_refused_with_what_to_use():
    recipe = dataclasses.replace(msg_gan(SampleSpec((2,))), run=RUN)
    with pytest.raises(UsageError, match="for pictures, but a sample is 2: a recipe for points is wgan-gp"):
        sg.train(recipe, data="8gaussians", rounds=1, observers=[])

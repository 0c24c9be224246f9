"""Pictures with alpha are measured as they look on white."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import steadygan as sg
from steadygan.api import prepare
from steadygan.cli import main
from steadygan.data import DataOptions, open_data
from steadygan.data.alpha import over_white
from steadygan.evaluation.during_training import TrainingEvaluator
from steadygan.evaluation.over_white import dataset_over_white
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.recipes import wgan_gp
from steadygan.report.samples import save_samples
from steadygan.representations import Plain, Pyramid

SIDE = 16


def drawings(count: int, seed: int) -> np.ndarray:
    """RGBA drawings [N, 4, 16, 16]: blocks of colour whose alpha is 0, some or all."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4, 4))
    coarse[:, 3] = rng.choice([0, 90, 255], (count, 4, 4))
    return coarse.repeat(4, axis=2).repeat(4, axis=3).astype(np.uint8)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drawings")
    save_samples(drawings(120, 0), place / "real")
    save_samples(over_white(drawings(120, 0)), place / "real-on-white")
    save_samples(drawings(80, 1), place / "made")
    save_samples(over_white(drawings(80, 1)), place / "made-on-white")
    return place


def numbers(evaluations):
    return {number.metric: number.value for evaluation in evaluations for number in evaluation.numbers}


def options(place: Path, name: str, **more) -> DataOptions:
    return DataOptions(str(place / name), cache=str(place / "cache"), **more)


def test_the_distance_is_that_of_the_composited_pictures(place: Path) -> None:
    from steadygan.features.pixels import fit_pixels
    from steadygan.metrics.frechet import frechet_from_features

    real = options(place, "real", alpha="keep")
    train = over_white(open_data(real).train.samples)
    features = fit_pixels(train)
    expected = frechet_from_features(features(train).features, features(over_white(drawings(80, 1))).features)
    evaluations = evaluate(place / "made", against=real, features="pixels", metrics=["frechet"])
    found = numbers(evaluations)
    assert evaluations[0].provenance.facts["transparency"] == "composited on white"
    assert found["frechet"] == pytest.approx(expected, rel=1e-6)
    judged = TrainingEvaluator(open_data(real), features="pixels")(drawings(80, 1), None)
    assert judged["frechet"] == pytest.approx(expected, rel=1e-6)


def test_the_data_set_on_white_keeps_labels_and_its_name(place: Path) -> None:
    dataset = open_data(options(place, "real", alpha="keep"))
    made = dataset_over_white(dataset)
    assert made.sample.shape == (3, SIDE, SIDE) and made.fingerprint == dataset.fingerprint
    assert (made.held_out.samples == over_white(dataset.held_out.samples)).all()


def test_new_runs_keep_alpha_and_their_recipe_says_so(place: Path) -> None:
    ready = prepare(wgan_gp, str(place / "real"))
    assert ready.dataset.sample.shape == (4, SIDE, SIDE)
    assert ready.recipe.data.alpha == "keep" and ready.recipe.representation == Plain(colour="over_white")
    pyramid = prepare("msg-gan", str(place / "real")).recipe.representation
    assert isinstance(pyramid, Pyramid) and pyramid.image.colour == "over_white"
    opaque = prepare(wgan_gp, str(place / "real-on-white")).recipe
    assert (
        opaque.data.alpha == "white" and opaque.representation == wgan_gp(sg.SampleSpec((3, SIDE, SIDE))).representation
    )


def test_a_recipe_of_earlier_days_composites_as_it_did(place: Path, tmp_path: Path) -> None:
    from steadygan.recipe import dumps

    recipe = dataclasses.replace(wgan_gp(sg.SampleSpec((3, SIDE, SIDE))), data=options(place, "real"))
    text = dumps(recipe)
    assert "alpha:" not in text and "colour:" not in text
    (tmp_path / "recipe.yaml").write_text(text)
    ready = prepare(tmp_path / "recipe.yaml")
    assert ready.dataset.sample.shape == (3, SIDE, SIDE) and ready.recipe == recipe
    straight = dataclasses.replace(recipe, data=options(place, "real", channels=4))
    assert prepare(straight).recipe == straight


@pytest.mark.slow
def test_a_run_with_alpha_from_training_to_files(place: Path, tmp_path: Path) -> None:
    ready = prepare(wgan_gp, str(place / "real"))
    recipe = dataclasses.replace(
        ready.recipe,
        generator=DCGANGenerator(width=4),
        critic=DCGANCritic(width=4),
        batch=8,
        rounds=4,
        data=dataclasses.replace(ready.recipe.data, cache=str(place / "cache")),
        perturbation=sg.perturbations.DiffAugment(),
    )
    run = sg.train(recipe, out=tmp_path / "run", observers=[])
    samples = run.sample(12, seed=3)
    assert samples.shape == (12, 4, SIDE, SIDE) and samples.dtype == np.uint8
    assert (samples[:, :3].transpose(0, 2, 3, 1)[samples[:, 3] == 0] == 255).all()
    save_samples(samples, tmp_path / "files")
    with Image.open(tmp_path / "files" / "000000.png") as image:
        assert image.mode == "RGBA" and (np.asarray(image).transpose(2, 0, 1) == samples[0]).all()
    numbers_of_run = evaluate(tmp_path / "run", features="pixels", count=60, metrics=["frechet"])
    assert numbers_of_run[0].provenance.facts["transparency"] == "composited on white"
    with Image.open(tmp_path / "run" / "nearest.png") as image:
        assert image.mode == "RGB"
    assert main(["check", str(tmp_path / "run")]) == 0
    assert main(["resume", str(tmp_path / "run"), "--rounds", "+2"]) == 0
    assert sg.load(tmp_path / "run").sample(2).shape == (2, 4, SIDE, SIDE)

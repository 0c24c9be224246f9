"""What is trained where nobody named a recipe."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import steadygan as sg
from steadygan import api
from steadygan.cli import main
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.default_recipe import choose
from steadygan.networks import LabelledGenerator, SubpixelGenerator
from steadygan.perturbations import DiffAugment
from steadygan.recipe import Recipe


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 120 pictures of random colours."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(120):
        Image.fromarray(rng.integers(0, 256, (40, 34, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_a_folder_of_pictures_gets_the_recipe_for_pictures_and_the_reasons(pictures: Path) -> None:
    ready = api.prepare(None, pictures)
    recipe = ready.recipe
    assert recipe.name == "pictures" and ready.dataset.sample.shape == (3, 32, 32)
    assert isinstance(recipe.perturbation, DiffAugment) and recipe.data.flip
    assert ready.minutes is not None
    text = " ".join(ready.reasons)
    assert "recipe pictures" in text and "mirrored at random" in text and "minutes" in text
    recipe.generator.build(ready.dataset.sample, recipe.prior.size)


def labelled(dataset: Dataset, classes: int) -> Dataset:
    """The data set as if its pictures had classes."""
    return dataclasses.replace(dataset, sample=dataclasses.replace(dataset.sample, classes=classes))


def test_classes_with_enough_pictures_are_learned(pictures: Path) -> None:
    dataset = open_data(DataOptions(source=str(pictures)))
    assert len(dataset.train) == 108
    plain, chosen = choose(dataset, "cpu"), choose(labelled(dataset, 2), "cpu")
    assert "class" not in " ".join(plain.reasons)
    assert chosen.recipe.name == "pictures-by-class"
    assert "it learns the 2 classes" in chosen.reasons[0] and "not used" not in " ".join(chosen.reasons)
    generator = chosen.recipe.generator
    assert isinstance(generator, LabelledGenerator) and isinstance(generator.network, SubpixelGenerator)
    assert generator.network.width == plain.recipe.generator.width == chosen.recipe.critic.width
    assert (chosen.recipe.batch, chosen.recipe.data, chosen.recipe.perturbation) == (
        plain.recipe.batch,
        plain.recipe.data,
        plain.recipe.perturbation,
    )


@pytest.mark.parametrize(
    ("device", "classes", "named"),
    [
        ("cpu", 3, "with 50 pictures of each"),
        ("cpu", 1_001, "so many are slow to learn"),
        ("cuda", 2, "--critic.conditional true"),
    ],
)
def test_other_classes_are_not_used_and_a_line_says_how_they_are(
    pictures: Path, device: str, classes: int, named: str
) -> None:
    dataset = labelled(open_data(DataOptions(source=str(pictures))), classes)
    chosen = choose(dataset, device)
    assert not getattr(chosen.recipe.generator, "conditional", False)
    (line,) = [reason for reason in chosen.reasons if f"{classes:,} classes are not used" in reason]
    assert named in line


def test_few_pictures_get_a_smaller_batch_and_a_word_of_warning(pictures: Path) -> None:
    ready = api.prepare(None, DataOptions(source=str(pictures)))
    assert ready.recipe.batch == 12  # an eighth of 108, as a tenth is held out, and even
    (line,) = [reason for reason in ready.reasons if "only 108 pictures" in reason]
    assert line.startswith("batch 12 at a rate of 8.7e-04")
    usual = sg.recipes.pictures(ready.dataset.sample)
    for player in ("generator_optimizer", "critic_optimizer"):
        chosen, own = (getattr(recipe, player).lr for recipe in (ready.recipe, usual))
        assert chosen == pytest.approx(own * (12 / 16) ** 0.5)


@functools.cache
def usual_of_digits(side: int) -> Recipe:
    """What is chosen for all digits at a size."""
    return choose(open_data(DataOptions(source="digits", size=side)), "cpu").recipe


@pytest.mark.parametrize("side", [8, 16, 32])
@pytest.mark.parametrize("count", [16, 40, 61, 100, 131])
def test_a_batch_is_a_part_of_the_pictures_and_two_processes_can_share_it(side: int, count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, side, side), dtype=np.uint8)
    ready = api.prepare(None, images)
    held = len(ready.dataset.train)
    assert ready.recipe.batch % 2 == 0 and 4 <= ready.recipe.batch <= max(4, held / 8)
    assert any(f"there are only {held} pictures" in reason for reason in ready.reasons)
    usual = usual_of_digits(side)
    rate = usual.critic_optimizer.lr * (ready.recipe.batch / usual.batch) ** 0.5
    assert ready.recipe.critic_optimizer.lr == pytest.approx(rate)


@pytest.mark.parametrize("shape", [(16, 8), (8, 16)])
def test_pictures_of_eight_pixels_are_tiny_whichever_side_is_the_longer(shape: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (100, *shape), dtype=np.uint8)
    ready = api.prepare(None, images, form="image")
    assert ready.recipe.name == "lecam"
    kept = choose(api.prepare("dcgan", DataOptions(fit="keep"), size=8).dataset, "cpu")
    assert kept.recipe.name == "lecam"


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
def test_networks_follow_the_size(pictures: Path, size: int) -> None:
    dataset = open_data(DataOptions(source=str(pictures), size=size))
    for device in ("cpu", "cuda"):
        recipe = choose(dataset, device).recipe
        assert recipe.name == ("photos" if device == "cuda" else "pictures")
        assert recipe.critic.build(dataset.sample) is not None
        assert recipe.generator.build(dataset.sample, recipe.prior.size) is not None


def test_a_gpu_gets_wider_networks_than_a_laptop(pictures: Path) -> None:
    dataset = open_data(DataOptions(source=str(pictures)))
    assert choose(dataset, "cuda").recipe.generator.width > choose(dataset, "cpu").recipe.generator.width


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_digits_are_not_mirrored(size: int, device: str) -> None:
    recipe = choose(open_data(DataOptions(source="digits", size=size)), device).recipe
    assert not recipe.data.flip
    assert recipe.name == ("lecam" if size == 8 else "photos" if device == "cuda" else "pictures-by-class")


@pytest.mark.parametrize(("count", "augmented"), [(200, True), (6_000, False)])
def test_pictures_are_mirrored_and_augmented_where_that_suits_them(count: int, augmented: bool) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
    ready = api.prepare(None, images)
    assert ready.recipe.data.flip and (ready.recipe.perturbation is not None) is augmented
    images[:, :, :8] //= 2  # darker on the left
    ready = api.prepare(None, images)
    assert not ready.recipe.data.flip
    assert any("told from their mirror images, so left and right differ" in reason for reason in ready.reasons)


def test_points_get_wgan_gp() -> None:
    choice = choose(open_data(DataOptions(source="8gaussians")), "cpu")
    assert choice.recipe.name == "wgan-gp" and choice.recipe.perturbation is None


def test_flips_follow_the_default_unless_set(pictures: Path) -> None:
    options = DataOptions(source=str(pictures))
    for recipe in (None, sg.recipes.photos, "photos"):
        assert api.prepare(recipe, pictures).recipe.data.flip
        assert not api.prepare(recipe, options).recipe.data.flip  # full options are taken at their word
        assert api.prepare(recipe, options, may_mirror=True).recipe.data.flip
    assert not api.prepare("wgan-gp", pictures).recipe.data.flip


@pytest.mark.parametrize(("words", "flip"), [([], True), (["--data.flip", "false"], False)])
def test_the_command_flips_by_default_unless_set(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], flip: bool
) -> None:
    monkeypatch.chdir(pictures.parent)
    small = ["--data.size", "8", "--rounds", "1", "--batch", "4", "--run.evaluate", "none", "--out", "run"]
    assert main(["train", "photos", "--data", "holiday", *small, *words]) == 0
    assert api.load("run").recipe.data.flip is flip


def test_the_command_prints_what_was_asked_for_beside_the_defaults(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pictures.parent)
    small = ["--data.size", "16", "--minutes", "0.01", "--batch", "4", "--run.evaluate", "none", "--out", "run"]
    assert main(["train", "--data", "holiday", *small]) == 0
    said = capsys.readouterr().out.splitlines()
    (line,) = [line for line in said if line.startswith("overridden")]
    assert line == "overridden: --minutes 0.01, --data.size 16, --batch 4, --run.evaluate none"
    assert any(line.startswith("chosen: recipe pictures") for line in said)


def test_ink_on_paper_is_not_augmented_and_grey_pictures_are() -> None:
    strokes = np.random.default_rng(0).integers(0, 2, (400, 16, 16), dtype=np.uint8) * 255
    for images, augmented in ((strokes, False), (strokes // 2 + 64, True)):
        ready = api.prepare(None, images)
        assert (ready.recipe.perturbation is not None) is augmented
        assert any("black or white" in reason for reason in ready.reasons) is not augmented

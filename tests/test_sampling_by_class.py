"""Samples of the classes that are asked for: from Python, at the command line, and in the pictures of a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import steadygan as sg
from steadygan.cli import main
from steadygan.data import DataOptions, Dataset, Stored
from steadygan.errors import UsageError
from steadygan.networks import LabelledGenerator, MLPGenerator
from steadygan.training import fixed_latents
from steadygan.training.session import new_run
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe, table

CONDITIONAL = LabelledGenerator(MLPGenerator(width=16, depth=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A conditional run on digits, one that takes no labels, and one on points with three classes."""
    folder = tmp_path_factory.mktemp("runs")
    base = small_recipe(rounds=2)
    base = dataclasses.replace(
        base, run=dataclasses.replace(base.run, evaluate="none"), data=DataOptions("digits", cache=str(folder))
    )
    sg.train(dataclasses.replace(base, generator=CONDITIONAL), out=folder / "listens", observers=[])
    sg.train(base, out=folder / "deaf", observers=[])
    new_run(dataclasses.replace(base, generator=CONDITIONAL), labelled_points(), folder / "points", device="cpu")
    return folder


def labelled_points() -> Dataset:
    rng = np.random.default_rng(0)
    train = Stored(rng.standard_normal((60, 2)).astype(np.float32), np.arange(60) % 3)
    return Dataset("points", SampleSpec((2,), 3), train, train, "points-0", ("left", "right", "top"))


def test_a_sample_of_a_class_is_what_the_generator_makes_of_that_label(folder):
    run = sg.load(folder / "listens")
    asked = run.sample(6, seed=4, label=3)
    assert (asked == run.decode(run.latents(6, 4), torch.full((6,), 3))).all()
    assert (asked == run.sample(6, seed=4, label="3")).all()
    assert (asked[:2] == run.sample(2, seed=4, label=3)).all()
    assert (asked != run.sample(6, seed=4, label=5)).any()


def test_several_classes_take_turns(folder):
    run = sg.load(folder / "listens")
    assert run.labels(5, label=["7", 2]).tolist() == [7, 2, 7, 2, 7]
    both = run.sample(4, label=[7, 2])
    assert (both[::2] == run.sample(4, label=7)[::2]).all()
    assert (both[1::2] == run.sample(4, label=2)[1::2]).all()


def test_classes_latents_and_counts_may_be_numpys_and_anything_else_is_one_line(folder):
    run = sg.load(folder / "listens")
    asked = run.sample(4, seed=np.int64(1), label=[1, 2])
    for label in (np.array([1, 2]), torch.tensor([1, 2]), (np.int64(1), 2)):
        assert (run.sample(4, seed=1, label=label) == asked).all()
    latents = run.latents(4, 1)
    assert (run.decode(latents.numpy(), [1, 2, 1, 2]) == asked).all()
    assert sg.load(run) is run
    wrong = [
        lambda: run.sample("4"),
        lambda: run.sample(4.0),
        lambda: run.sample(4, seed=None),
        lambda: run.sample(4, seed="a"),
        lambda: run.latents(-1),
        lambda: run.sample(4, label=[]),
        lambda: run.sample(4, label=1.5),
        lambda: run.decode(latents, torch.tensor([1, 2, 99, 0])),
        lambda: run.decode(latents, [1, 2]),
        lambda: run.decode(latents[0]),
        lambda: run.decode(latents[:, :3]),
        lambda: run.decode(latents[:0]),
        lambda: run.sample(4, weights=None),
        lambda: sg.load(5),
    ]
    for call in wrong:
        with pytest.raises(UsageError) as error:
            call()
        assert "\n" not in str(error.value)


def test_a_grid_has_a_row_for_each_class_and_a_latent_for_each_column(folder):
    run = sg.load(folder / "listens")
    grid, classes = run.class_grid(3, seed=1)
    assert grid.shape == (10, 3, 1, 8, 8) and grid.dtype == np.uint8 and classes == list(range(10))
    for number in classes:
        assert (grid[number] == run.sample(3, seed=1, label=number)).all()
    few, classes = run.class_grid(3, seed=1, label="8,2")
    assert classes == [8, 2] and (few == grid[[8, 2]]).all()
    assert len(run.class_grid(2, most=4)[1]) == 4


def test_points_have_classes_too(folder, tmp_path, monkeypatch):
    grid, classes = sg.load(folder / "points").class_grid(5)
    assert grid.shape == (3, 5, 2) and grid.dtype == np.float32 and classes == [0, 1, 2]
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(folder / "points"), "--by-class", "--count", "50", "--out", "points.png"]) == 0
    assert "each of 3 classes" in Image.open("points.png").info["Description"]
    assert main(["sample", str(folder / "points"), "--class", "right", "--out", "points.npz"]) == 0
    assert set(np.load("points.npz")["labels"]) == {1}


def test_the_command_line_asks_for_classes(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run, name = sg.load(folder / "listens"), str(folder / "listens")
    assert (
        main(["sample", name, "--class", "3,1", "--class", "4", "--count", "7", "--seed", "0", "--out", "some.npz"])
        == 0
    )
    held = np.load("some.npz")
    assert held["labels"].tolist() == [3, 1, 4, 3, 1, 4, 3]
    assert (held["images"][..., 0] == run.sample(7, label=[3, 1, 4])[:, 0]).all()
    assert main(["sample", name, "--by-class", "--count", "2", "--seed", "0", "--out", "all"]) == 0
    assert Path("all/labels.csv").read_text().splitlines()[-1] == "000019.png,9"
    capsys.readouterr()
    assert main(["sample", name, "--by-class", "--class", "2", "--seed", "0"]) == 0
    path = Path(capsys.readouterr().out.strip().rpartition(": ")[2])
    assert path.name == "classes-round-2-seed-0-class-2.png" and path.is_file()
    assert main(["sample", name, "--interpolate", "--class", "2", "--count", "3", "--out", "way.png"]) == 0
    assert main(["sample", name, "--gif", "--class", "2", "--count", "4", "--out", "way.gif"]) == 0


@pytest.mark.parametrize(
    ("run", "options", "said"),
    [
        ("deaf", ["--class", "3"], "the generator of 'small' takes no labels"),
        ("deaf", ["--by-class"], "cannot be asked for a class"),
        ("listens", ["--class", "10"], "there is no class 10: the data has 10, from 0 to 9"),
        ("points", ["--class", "rihgt"], "unknown class 'rihgt'; did you mean 'right'?"),
        ("listens", ["--by-class", "--gif"], "--by-class makes a grid"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(folder, run, options, said, tmp_path, capfd):
    capfd.readouterr()
    assert main(["sample", str(folder / run), *options, "--out", str(tmp_path / "out.png")]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert said in line and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("columns", [0, -1])
def test_a_grid_without_columns_is_refused(folder, columns):
    with pytest.raises(UsageError, match="it has to be 1 or more"):
        sg.load(folder / "listens").class_grid(columns)


@pytest.mark.parametrize(
    ("classes", "count", "shape"),
    [(10, 64, (10, 6)), (2, 64, (8, 8)), (3, 64, (6, 8)), (5, 64, (5, 8)), (1, 9, (3, 3)), (16, 64, (16, 4))],
)
def test_pictures_of_conditional_runs_have_rows_of_one_class(classes, count, shape):
    labels, columns = fixed_latents.ordered_labels(classes, count)
    rows, each = shape
    assert columns == each and len(labels) == rows * each <= count
    table = labels.reshape(rows, each)
    assert (table == table[:, :1]).all()
    assert labels.unique(return_counts=True)[1].tolist() == [rows * each // classes] * classes


@pytest.mark.parametrize("classes", [30, 64, 1_000])
def test_where_rows_would_be_short_classes_are_in_order_and_evenly_chosen(classes):
    labels, columns = fixed_latents.ordered_labels(classes, 64)
    assert columns is None and len(labels) == 64
    assert (labels.diff() >= 0).all() and labels.min() == 0 and labels.max() >= classes - 1 - classes // 64
    assert len(labels.unique()) == min(classes, 64)


def test_only_generators_that_listen_get_ordered_pictures():
    listens, _, _ = table(small_recipe(generator=CONDITIONAL), image_data())
    deaf, _, _ = table(small_recipe(), image_data())
    assert len(fixed_latents.picture_samples(listens)[-1]) == 9  # nine samples of ten classes
    assert fixed_latents.picture_columns(listens) is None
    wide = dataclasses.replace(listens.recipe, run=dataclasses.replace(listens.recipe.run, pictured=64))
    wider = table(wide, image_data())[0]
    assert len(fixed_latents.picture_samples(wider)[-1]) == 60 and fixed_latents.picture_columns(wider) == 6
    assert len(fixed_latents.picture_samples(deaf)[-1]) == 9 and fixed_latents.picture_columns(deaf) is None

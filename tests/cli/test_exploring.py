"""``steadygan project``, and ``sample`` with --invert, --from-latent and --directions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from steadygan import api
from steadygan.cli import main, project, sample_checks
from steadygan.cli.inverting import _columns as columns_of
from steadygan.cli.inverting import read_targets
from steadygan.data.units import Units
from steadygan.errors import UsageError
from steadygan.networks import LabelledGenerator, MLPCritic, MLPGenerator, StyleGAN2Critic, StyleGAN2Generator
from steadygan.priors import Normal
from steadygan.representations import Plain
from steadygan.run import Run
from steadygan.training.session import new_run
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/style of a conditional StyleGAN2, and runs/points, of a round each."""
    root = tmp_path_factory.mktemp("explored")
    style = StyleGAN2Generator(64, 8, style=6, mapping=2, conditional=True)
    recipe = small_recipe(generator=style, critic=StyleGAN2Critic(64, 8), prior=Normal(5), penalties=(), rounds=1)
    new_run(recipe, image_data(), root / "runs/style", device="cpu")
    points = small_recipe(generator=LabelledGenerator(MLPGenerator(width=16, depth=1)), rounds=1)
    data = image_data(sample=SampleSpec((2,), classes=2))
    scaled = {
        part: dataclasses.replace(stored, samples=stored.samples.astype(np.float32) / 128 - 1)
        for part, stored in (("train", data.train), ("held_out", data.held_out))
    }
    data = dataclasses.replace(data, **scaled)
    new_run(points, data, root / "runs/points", device="cpu")
    return root


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(made / "runs")
    return tmp_path


def test_a_projection_writes_the_style_that_makes_its_reconstruction_again(here, capsys):
    run = api.load("style")
    for number, picture in enumerate(run.sample(2, seed=5, label=[3])):
        Image.fromarray(picture[0]).save(f"{number}.png")
    line = ["project", "style", "0.png", "1.png", "--class", "3", "--steps", "60", "--seed", "2"]
    for out in ("a", "b"):
        assert main([*line, "--out", f"{out}.png"]) == 0
    said = capsys.readouterr().out
    assert "layers of the critic" in said and "class 3" in said and "--from-latent a.safetensors" in said
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()
    saved = load_file("a.safetensors")
    assert saved["w"].shape == (2, 6) and saved["labels"].tolist() == [3, 3]
    assert [saved[f"noise.{i}"].shape[2:] for i in range(3)] == [(4, 4), (8, 8), (8, 8)]
    assert getattr(Image.open("a.gif"), "n_frames", 1) > 20
    assert main(["sample", "style", "--from-latent", "a.safetensors", "--out", "again.npz"]) == 0
    again = np.load("again.npz")["images"][..., 0].astype(float)
    wanted = np.stack([np.asarray(Image.open(f"{number}.png")) for number in (0, 1)]).astype(float)
    assert np.abs(again - wanted).mean() < 20 < np.abs(wanted[0] - wanted[1]).mean() + 20
    found = run.project(wanted[:, None].astype(np.uint8), steps=60, seed=2, label=[3])
    assert np.array_equal(found.reconstructions[:, 0], again)
    assert main([*line, "--out", "a.png"]) == 2
    assert "exists" in capsys.readouterr().err


def test_inversion_finds_pictures_and_their_classes_of_the_generator_itself(here, capsys):
    run = Run(Path("runs/style"))
    images = run.sample(3, seed=5, label=[1, 7, 4])
    found = run.invert(images, steps=150)
    assert (found.errors < 0.2 * found.first_errors + 1.0).all() and found.tries.shape == (8, 3)
    np.testing.assert_array_equal(found.reconstructions, run.decode_latents(found.latents))
    given = run.invert(images, steps=5, starts=2, label=[1, 7, 4])
    assert given.latents.labels.tolist() == [1, 7, 4]
    Image.fromarray(images[0, 0]).save("one.png")
    assert main(["sample", "style", "--invert", "one.png", "--steps", "30", "--starts", "3", "--out", "i.png"]) == 0
    said = capsys.readouterr().out
    assert "one.png: error" in said and "class" in said and "3 starts" in said
    assert load_file("i.safetensors")["z"].shape == (1, 5) and Image.open("i.png").size[0] > 190


def test_pictures_are_read_from_arrays_too(here, capsys):
    run = api.load("style")
    images = run.sample(2, seed=5)
    np.save("two.npy", images)
    assert main(["sample", "style", "--count", "2", "--seed", "5", "--out", "two.npz"]) == 0  # channels come last there
    for name in ("two.npy", "two.npz"):
        read, names = read_targets(run, [name])
        assert np.array_equal(read, images) and names == [f"{name} 1", f"{name} 2"]
    np.save("one.npy", images[1])
    assert main(["sample", "style", "--between", "one.npy", "--count", "2", "--out", "b.png"]) == 0
    np.save("floats.npy", images / 255)
    np.save("many.npy", np.zeros((257, *images.shape[1:]), np.uint8))
    capsys.readouterr()
    for name, words in (("floats.npy", "needed: uint8 [N, 1, 8, 8]"), ("many.npy", "257 pictures; at most 256")):
        assert main(["sample", "style", "--invert", name]) == 2
        assert words in capsys.readouterr().err
    assert main(["sample", "style", "--between", "one.npy", "two.npy", "--out", "c.png"]) == 2
    assert "hold 1 and 2 pictures" in capsys.readouterr().err


def test_colours_under_transparent_pixels_are_no_error_of_an_inversion(tmp_path):
    recipe = small_recipe(
        generator=MLPGenerator(width=16),
        critic=MLPCritic(width=16),
        representation=Plain(colour="over_white"),
        rounds=1,
    )
    new_run(recipe, image_data(sample=SampleSpec((4, 6, 6))), tmp_path / "run", device="cpu")
    run = Run(tmp_path / "run")
    shown = run.sample(2, seed=5)
    shown[:, 3, :, :3] = 0
    shown[:, :3, :, :3] = 255
    under = shown.copy()
    under[:, :3, :, :3] = 0  # as programs that draw pictures store it
    found = [run.invert(images, steps=3, starts=2) for images in (shown, under)]
    np.testing.assert_array_equal(found[0].reconstructions, found[1].reconstructions)
    np.testing.assert_array_equal(found[0].errors, found[1].errors)
    np.testing.assert_array_equal(found[0].first_errors, found[1].first_errors)
    drawn = [
        columns_of(run, images, each.reconstructions)[2] for images, each in zip((shown, under), found, strict=True)
    ]
    np.testing.assert_array_equal(*drawn)


def test_points_are_inverted_from_files_of_numbers(here, capsys):
    run = Run(Path("runs/points"))
    points = run.sample(4, seed=2)
    np.save("p.npy", points)
    np.savetxt("p.csv", points, delimiter=",", header="x,y", comments="")
    for name in ("p.npy", "p.csv"):
        out = f"{name[2:]}.png"
        assert main(["sample", "points", "--invert", name, "--out", out]) == 0
        assert "p." in capsys.readouterr().out and Image.open(out).size[0] > 300
        latents = Path(out).with_suffix(".safetensors")
        assert main(["sample", "points", "--from-latent", str(latents), "--out", f"{name}.npz"]) == 0
        np.testing.assert_allclose(np.load(f"{name}.npz")["points"], points, atol=0.02)
    capsys.readouterr()


def test_columns_of_a_file_are_found_by_the_names_that_training_had(here):
    run = api.load("points")
    units = Units((10.0, 20.0), (1.0, 5.0), "float64", ("a", "b"), (False, False))
    named = dataclasses.replace(run.data, units=units)
    run.__dict__["data"] = named
    Path("given.csv").write_text("label,b,a\nx,21,11\ny,26,9\n", encoding="utf-8")
    assert read_targets(run, ["given.csv"])[0].tolist() == [[11.0, 21.0], [9.0, 26.0]]
    Path("semicolons.csv").write_text("b;a\n21,5;11\n", encoding="utf-8")
    assert read_targets(run, ["semicolons.csv"])[0].tolist() == [[11.0, 21.5]]
    Path("bare.csv").write_text("11,21\n9,26\n", encoding="utf-8")
    assert read_targets(run, ["bare.csv"])[0].tolist() == [[11.0, 21.0], [9.0, 26.0]]
    Path("wrong.csv").write_text("a,c\n11,21\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no column 'b'"):
        read_targets(run, ["wrong.csv"])


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_arrays_of_bands_are_read_with_their_channels_first_or_last(here, ending):
    run = api.load("points")
    run.__dict__["data"] = dataclasses.replace(run.data, sample=SampleSpec((6, 4, 3)))
    bands = np.random.default_rng(0).normal(size=(2, 6, 4, 3)).astype(np.float32)
    for name, given in (("first", bands), ("last", bands.transpose(0, 2, 3, 1)), ("one", bands[0])):
        np.savez(f"{name}.npz", samples=given) if ending == "npz" else np.save(f"{name}.npy", given)
        read = read_targets(run, [f"{name}.{ending}"])[0]
        assert np.array_equal(read, bands[:1] if name == "one" else bands)
    with pytest.raises(UsageError, match=r"is of pictures, and .* makes images of many bands"):
        sample_checks._check_nearest(run, Path("x.png"))


def test_results_of_other_files_and_options_have_other_names_and_those_of_the_same_ones_the_same(here, capsys):
    run, parser = api.load("style"), project._parser()
    others = (["a/0.png"], ["b/0.png"], ["a/0.png", "--starts", "2"], ["a/0.png", "--steps", "9"], ["a/0.png", "--raw"])
    names = []
    for words, classes in (*((words, None) for words in others), (["a/0.png"], [3]), (["./a/0.png"], None)):
        names.append(project._default_path(run, parser.parse(["style", *words]), None, classes).name)
    assert len(set(names)) == 6 and names[-1] == names[0]
    Path("a").mkdir()
    assert main(["project", "style", "a", "--steps", "1"]) == 2
    assert "'a' is a folder" in capsys.readouterr().err


def test_directions_are_listed_with_a_strip_each(here, capsys):
    for name, space, size in (("style", "w", 6), ("points", "z", 4)):
        assert main(["sample", name, "--directions", "3", "--out", f"{name}.png", "--class", "1"]) == 0
        said = capsys.readouterr().out
        assert said.count("% of the variance") == 3 and f"steps in {space}" in said
        assert load_file(f"{name}.safetensors")[f"steps.{space}"].shape == (3, size)
        assert Image.open(f"{name}.png").size[0] > 300


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("project points a.png", "--invert"),
        ("project style missing.png", "missing.png"),
        ("project style a.png --out x.gif", "film"),
        ("project style a.png --out x.npz", ".png"),
        ("sample style --invert a.txt", "a.txt"),
        ("sample points --invert a.txt", ".csv"),
        ("sample points --invert wide.npy", "(2)|\\[N, 2\\]"),
        ("sample points --invert broken.npy", "broken.npy"),
        ("sample style --invert a.png --from-latent w.safetensors", "exclude"),
        ("sample style --steps 3", "--invert"),
        ("sample style --directions 7", "1 to 6"),
        ("sample style --from-latent broken.npy", "safetensors"),
        ("sample style --from-latent other.safetensors", "'z' or 'w'"),
        ("sample style --from-latent narrow.safetensors", "6"),
        ("sample style --from-latent unlabelled.safetensors", "labels"),
        ("sample style --from-latent nan.safetensors", "finite"),
        ("sample points --from-latent w.safetensors", "styles"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_no_file(here, capsys, line, word):
    Image.new("L", (8, 8)).save("a.png")
    Path("a.txt").write_text("no picture")
    Path("broken.npy").write_bytes(b"\x93NUMPY\x01\x00")
    np.save("wide.npy", np.zeros((3, 5)))
    save_file({"w": torch.zeros(1, 6)}, "w.safetensors")
    save_file({"weight": torch.zeros(1, 6)}, "other.safetensors")
    save_file({"w": torch.zeros(1, 5)}, "narrow.safetensors")
    save_file({"z": torch.zeros(1, 5)}, "unlabelled.safetensors")
    save_file({"w": torch.full((1, 6), torch.nan)}, "nan.safetensors")
    before = sorted(path.name for path in Path().iterdir())
    out = [] if "--out" in line else ["--out", "o.png"]
    assert main([*line.split(), *out]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    import re

    assert re.search(word, said)
    assert sorted(path.name for path in Path().iterdir()) == before

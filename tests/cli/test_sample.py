"""``steadygan sample``: samples as pictures, grids and arrays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from steadygan import api
from steadygan import data as data_package
from steadygan.cli import main, sample
from steadygan.data.dataset import Samples
from steadygan.run.generating import BLOCK


def test_samples_depend_on_the_seed_alone(runs: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "6", "--seed", seed]) == 0
    a, b, c = (np.load(f"{name}.npz")["images"] for name in "abc")
    assert a.shape == (6, 8, 8, 1) and a.dtype == np.uint8
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_samples_can_come_from_raw_weights_and_earlier_rounds(runs: Path) -> None:
    for name, extra in {"last": [], "four": ["--round", "4"], "two": ["--round", "2"], "raw": ["--raw"]}.items():
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "6", "--seed", "3", *extra]) == 0
    last, four, two, raw = (np.load(f"{name}.npz")["images"] for name in ("last", "four", "two", "raw"))
    assert np.array_equal(last, four)
    assert not np.array_equal(last, two)
    assert not np.array_equal(last, raw)


def test_samples_say_the_round_that_they_are_of(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for extra, round_ in (([], 4), (["--round", "2"], 2), (["--interpolate"], 4), (["--directions", "1"], 4)):
        assert main(["sample", "tiny", "--seed", "3", *extra]) == 0
        assert f"tiny, round {round_}, " in capsys.readouterr().out


def test_samples_stay_of_the_round_that_was_the_last_when_they_began(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late, later = Path("runs/tiny/checkpoints/000004"), Path("later")
    late.rename(later)
    check = sample.check_out

    def saved_meanwhile(*arguments: Any, **options: Any) -> None:
        later.rename(late)
        check(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(sample, "check_out", saved_meanwhile)
        assert main(["sample", "tiny", "--seed", "3", "--out", "a.npz"]) == 0
    assert "round 2, " in capsys.readouterr().out and late.is_dir()
    assert main(["sample", "tiny", "--seed", "3", "--round", "2", "--out", "b.npz"]) == 0
    assert np.array_equal(np.load("a.npz")["images"], np.load("b.npz")["images"])


def test_found_latents_keep_the_round_of_their_generator(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "tiny", "--seed", "3", "--count", "1", "--out", "one.png"]) == 0
    descent = ["--steps", "1", "--starts", "1", "--out", "found.png"]
    assert main(["sample", "tiny", "--round", "2", "--invert", "one.png", *descent]) == 0
    assert "--from-latent found.safetensors --round 2'" in capsys.readouterr().out
    with safe_open("found.safetensors", "pt") as file:
        assert json.loads(file.metadata()["steadygan"])["round"] == "2"


def test_a_truncated_prior_makes_samples_more_alike(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, extra in {"whole": [], "narrow": ["--truncation", "0.05"]}.items():
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "20", "--seed", "3", *extra]) == 0
    whole, narrow = (np.load(f"{name}.npz")["images"].astype(float) for name in ("whole", "narrow"))
    assert narrow.std(0).mean() < 0.5 * whole.std(0).mean()
    assert main(["sample", "tiny", "--truncation", "0.5"]) == 0
    assert "-truncation-0.5" in capsys.readouterr().out
    for bad in ("0", "-1", "nan"):
        assert main(["sample", "tiny", f"--truncation={bad}"]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "truncation" in said


def test_samples_go_into_a_folder_of_pictures(runs: Path) -> None:
    assert main(["sample", "--out", "many", "--count", "5"]) == 0
    assert len(list(Path("many").glob("*.png"))) == 5
    assert main(["sample", "--out", "many", "--count", "3"]) == 2
    assert len(list(Path("many").glob("*.png"))) == 5
    assert main(["sample", "--out", "many", "--count", "3", "--overwrite"]) == 0
    assert len(list(Path("many").glob("*.png"))) == 3


def test_a_generator_that_is_told_no_class_writes_no_labels(runs: Path) -> None:
    assert main(["sample", "tiny", "--out", "plain", "--count", "5"]) == 0
    assert not (Path("plain") / "labels.csv").exists()
    assert main(["sample", "tiny", "--out", "plain.npz", "--count", "5"]) == 0
    assert np.load("plain.npz").files == ["images"]


def test_samples_go_into_the_runs_folder_by_default(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample"]) == 0
    path = Path(capsys.readouterr().out.strip().rpartition(": ")[2])
    assert path.parent == Path("runs/tiny/generated")
    assert Image.open(path).format == "PNG"


def test_the_best_checkpoint_can_be_sampled(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluations = Path("runs/tiny/evaluations.jsonl")
    rows = [f'{{"round": {r}, "judge": "frechet", "frechet": {v}}}' for r, v in ((2, 1.0), (4, 2.0))]
    evaluations.write_text("\n".join(rows))
    for name, round_ in (("best", "best"), ("two", "2")):
        assert main(["sample", "tiny", "--round", round_, "--seed", "0", "--count", "3", "--out", f"{name}.npz"]) == 0
    best, two = (np.load(f"{name}.npz")["images"] for name in ("best", "two"))
    assert (best == two).all()


def test_samples_are_new_each_time_and_their_seed_draws_them_again(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for name in "ab":
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "6"]) == 0
        said.append(capsys.readouterr().out)
    a, b = (np.load(f"{name}.npz")["images"] for name in "ab")
    assert not np.array_equal(a, b)
    seed = re.findall(r"seed (\d+)", said[0])[0]
    assert main(["sample", "tiny", "--out", "again.npz", "--count", "6", "--seed", seed]) == 0
    assert np.array_equal(np.load("again.npz")["images"], a)


def test_samples_in_blocks_are_those_of_one_call(runs: Path) -> None:
    run = api.load("tiny")
    count = 2 * BLOCK + 40
    blocks = list(run.blocks(count, 5))
    assert max(len(samples) for samples, _ in blocks) <= BLOCK
    assert np.array_equal(np.concatenate([samples for samples, _ in blocks]), run.sample(count, 5))
    assert main(["sample", "tiny", "--count", "6e2", "--seed", "5", "--out", "many"]) == 0
    assert main(["sample", "tiny", "--count", "600", "--seed", "5", "--out", "many.npz"]) == 0
    images = np.load("many.npz")["images"]
    assert images.shape == (600, 8, 8, 1) and np.array_equal(images[..., 0], run.sample(600, 5)[:, 0])
    files = sorted(Path("many").glob("*.png"))
    assert len(files) == 600 and np.array_equal(np.asarray(Image.open(files[-1])), images[-1, :, :, 0])


def test_more_samples_than_the_disk_or_a_picture_holds_are_refused_at_once(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out, reason in (("big", "are free"), ("big.npz", "are free"), ("big.png", "one picture holds")):
        assert main(["sample", "tiny", "--count", "1e14", "--out", out]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert reason in said and not Path(out).exists()


def test_an_interrupted_sampling_leaves_nothing(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(self: api.Run, *_: object, **__: object) -> Iterator[tuple[Samples, None]]:
        yield self.sample(3), None
        raise KeyboardInterrupt

    monkeypatch.setattr(api.Run, "blocks", interrupted)
    for out in ("many", "many.npz"):
        assert main(["sample", "tiny", "--count", "6", "--out", out]) == 130
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert [path.name for path in Path().iterdir() if path.name not in ("runs", "cache")] == []


@pytest.mark.parametrize(
    "line",
    [
        "sample tiny --out there.png",
        "sample tiny --gif --out there.gif",
        "sample tiny --out full",
        "sample tiny --out runs/tiny",
        "compare tiny tiny --out there.png",
        "bench --out there.png",
        "data digits --sheet there.png",
        "train --out there.png",
        "train --out runs/tiny",
        "train --out there.png/run",
        "sample tiny --out /dev/null",
        "data digits --sheet /dev/null",
        "bench --out /dev/null",
    ],
)
def test_what_stands_at_an_output_path_is_refused_before_any_work(
    line: str, runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def began(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the work began")

    for place, name in ((api, "prepare"), (api.Run, "blocks"), (api.Run, "interpolate"), (data_package, "open_data")):
        monkeypatch.setattr(place, name, began)
    for name in ("there.png", "there.gif"):
        Path(name).write_text("precious")
    Path("full").mkdir()
    Path("full/notes.txt").write_text("precious")
    assert main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert all(Path(name).read_text() == "precious" for name in ("there.png", "there.gif", "full/notes.txt"))

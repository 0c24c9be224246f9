"""``steadygan sample``: samples as pictures, grids and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.cli import main


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

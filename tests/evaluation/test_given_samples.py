"""Samples that lie in folders and files are measured against real data as a run's own are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.cli import main
from steadygan.data import DataOptions, open_data
from steadygan.errors import SteadyganError, UsageError
from steadygan.evaluation.given_samples import evaluate_samples, record_beside
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.evaluation.tables import evaluation_lines
from steadygan.metrics.frechet import frechet_from_features
from steadygan.report.samples import save_samples

DIGITS = DataOptions("digits")


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Digits with noise, in the place of generated ones."""
    rng = np.random.default_rng(0)
    real = open_data(DIGITS).train.samples[:300].astype(np.float64)
    return (real + rng.normal(0, 40, real.shape)).clip(0, 255).astype(np.uint8)


def numbers(evaluations):
    return {number.metric: number.value for evaluation in evaluations for number in evaluation.numbers}


def test_a_folder_that_samples_were_written_to_has_the_numbers_of_the_array_itself(tmp_path, pictures):
    folder = save_samples(pictures, tmp_path / "samples")
    lines = []
    found = evaluate_samples(folder, "digits", features="pixels", metrics=["frechet", "memorisation"], say=lines.append)
    same = evaluate(pictures, against="digits", features="pixels", metrics=["frechet", "memorisation"])
    assert numbers(found) == numbers(same)
    assert found[0].provenance.count == 300 and found[0].provenance.weights == "given"
    assert any("300 samples: distances are larger by their small number" in line for line in lines)
    assert json.loads(record_beside(folder).read_text())["evaluations"][0]["provenance"]["recipe"] == "samples"
    assert sorted(path.name for path in folder.iterdir())[-1] == "000299.png"  # nothing was written among them
    array = save_samples(pictures, tmp_path / "samples.npz")
    assert numbers(evaluate_samples(array, "digits", features="pixels", metrics=["frechet"]))[
        "frechet"
    ] == pytest.approx(numbers(found)["frechet"])


def test_the_distance_is_that_of_an_independent_computation(tmp_path, pictures):
    from steadygan.features.pixels import fit_pixels

    real = open_data(DIGITS).train.samples
    features = fit_pixels(real)
    expected = frechet_from_features(features(real).features, features(pictures).features)
    folder = save_samples(pictures, tmp_path / "samples")
    found = numbers(evaluate_samples(folder, "digits", features="pixels", metrics=["frechet"]))
    assert found["frechet"] == pytest.approx(expected, rel=1e-6)


def test_pictures_of_another_size_are_brought_to_that_of_the_first_with_a_line(tmp_path, pictures):
    folder = save_samples(pictures, tmp_path / "samples")
    large = Image.fromarray(pictures[7][0]).resize((24, 16))
    large.save(folder / "000007.png")
    lines = []
    evaluate_samples(folder, "digits", features="pixels", metrics=["frechet"], say=lines.append)
    assert "note: 1 of 300 pictures have another size and were brought to 8x8" in lines


def test_real_pictures_are_brought_to_the_samples_size(tmp_path, pictures):
    small = np.stack([np.asarray(Image.fromarray(each[0]).resize((6, 6)))[None] for each in pictures])
    lines = []
    found = evaluate_samples(small, "digits", features="pixels", metrics=["frechet"], say=lines.append)
    assert found[0].provenance.real > 1000
    assert lines[0] == (
        "note: the pictures of 'digits' (8x8, L) were brought to those of the samples: 6x6 pixels, 1 channel"
    )
    assert found[0].provenance.facts["pictures"] == "6x6 pixels, 1 channel"
    assert "(train), 6x6 pixels, 1 channel; pixels features" in evaluation_lines(found)[0]
    lines.clear()
    evaluate_samples(pictures, "digits", features="pixels", metrics=["frechet"], say=lines.append)
    assert not any(line.startswith("note") for line in lines)  # of one size and form: nothing to say


def written(folder, pixels):
    folder.mkdir()
    for index, picture in enumerate(pixels):
        Image.fromarray(picture).save(folder / f"{index:03}.png")
    return folder


@pytest.mark.parametrize(("most", "kind"), [(4_000, np.uint16), (1, np.uint8)])
def test_files_of_samples_have_the_range_of_the_real_ones(tmp_path, pictures, most, kind):
    stored = np.rint(pictures[:, 0] * (most / 255)).astype(kind)
    real, same = written(tmp_path / "real", stored), written(tmp_path / "same", stored[:200])
    levels = open_data(DataOptions(str(real))).train.samples
    assert levels.max() > 240 and levels.shape[1] == 1
    as_levels = np.rint(stored[:200] * (255 / (4_095 if most > 1 else 1))).astype(np.uint8)
    shown = written(tmp_path / "shown", as_levels)  # as ``sample`` writes its own
    settings = {"features": "pixels", "metrics": ["frechet"]}
    found = numbers(evaluate_samples(same, real, **settings))["frechet"]
    assert found < 0.1
    assert numbers(evaluate_samples(shown, real, **settings))["frechet"] == pytest.approx(found, abs=1e-9)


def test_labels_that_samples_came_with_are_compared_with_what_a_classifier_sees(tmp_path, pictures):
    data = open_data(DIGITS)
    folder = save_samples(pictures, tmp_path / "samples", data.train.labels[:300])
    assert (folder / "labels.csv").exists()
    right = numbers(evaluate_samples(folder, "digits", metrics=["classes"]))["class_accuracy"]
    wrong = save_samples(pictures, tmp_path / "wrong", (data.train.labels[:300] + 1) % 10)
    assert right > 0.5 > 0.2 > numbers(evaluate_samples(wrong, "digits", metrics=["classes"]))["class_accuracy"]


@pytest.mark.parametrize("folders", [("1", "2", "3"), tuple(map(str, range(1, 12)))])
def test_labels_of_arrays_are_class_numbers_where_folders_have_numbers_for_names(tmp_path, folders):
    rng, names = np.random.default_rng(0), sorted(folders)
    for name in folders:
        (tmp_path / "real" / name).mkdir(parents=True)
        for index in range(30):
            picture = rng.integers(0, 20, (8, 8), dtype=np.uint8) + np.uint8(15 * int(name))
            Image.fromarray(picture).save(tmp_path / "real" / name / f"x{index}.png")
    labels = np.arange(220) % len(names)
    shades = np.array([15 * int(names[label]) for label in labels], dtype=np.uint8)
    made = rng.integers(0, 20, (220, 1, 8, 8), dtype=np.uint8) + shades[:, None, None, None]
    for path in (tmp_path / "samples.npz", tmp_path / "samples"):
        found = numbers(evaluate_samples(save_samples(made, path, labels), tmp_path / "real", metrics=["classes"]))
        assert found["class_accuracy"] > 0.6


def test_points_and_lines_of_text_are_measured_too(tmp_path):
    rng = np.random.default_rng(0)
    points = save_samples(rng.standard_normal((500, 2)).astype(np.float32), tmp_path / "points.npz")
    assert numbers(evaluate_samples(points, "8gaussians"))["wasserstein1"] > 0.1
    text = tmp_path / "lines.txt"
    text.write_text("\n".join(f"some words in line {i}" for i in range(200)), encoding="utf-8")
    assert 0 <= numbers(evaluate_samples(text, "python-docs", metrics=["words"]))["real_words"] <= 1


def test_columns_of_a_table_are_matched_by_their_names(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((400, 2)) * (1.0, 50.0) + (0.0, 1000.0)
    given = rows + rng.standard_normal(rows.shape)
    for name, header, body in (
        ("data", "a,b", rows),
        ("same", "a,b", given),
        ("other", "b,label,a", [(second, "x", first) for first, second in given]),
    ):
        text = "\n".join([header, *(",".join(map(str, row)) for row in body)])
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    against = str(tmp_path / "data.csv")
    distances = [numbers(evaluate_samples(tmp_path / f"{name}.csv", against)) for name in ("same", "other")]
    assert distances[0] == distances[1] and distances[0]["wasserstein1"] < 1
    (tmp_path / "wrong.csv").write_text("a,bb\n" + "1,2\n" * 200, encoding="utf-8")
    with pytest.raises(UsageError, match=r"has no column 'b'.*did you mean 'bb'"):
        evaluate_samples(tmp_path / "wrong.csv", against)


def test_a_choice_of_some_is_the_same_for_a_seed(tmp_path, pictures):
    found = [
        numbers(evaluate_samples(pictures, "digits", features="pixels", metrics=["frechet"], count=100, seed=seed))
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_samples_that_lie_class_by_class_are_measured_as_in_any_order(tmp_path):
    """Some metrics take the first so many samples, others the mean over parts that follow each other."""
    digits = open_data(DIGITS)
    order = np.argsort(digits.train.labels, kind="stable")
    names = ["inception_score", "manifold"]
    rows = digits.train.samples[order]
    by_class = numbers(evaluate_samples(rows, "digits", metrics=names, count=600))
    mixed = numbers(
        evaluate_samples(rows[np.random.default_rng(1).permutation(len(rows))], "digits", metrics=names, count=600)
    )
    assert (
        by_class["inception_score"] == pytest.approx(mixed["inception_score"], rel=0.03)
        and mixed["inception_score"] > 8
    )
    for name in ("precision", "recall", "coverage"):
        assert by_class[name] == pytest.approx(mixed[name], abs=0.05)
    whole = numbers(evaluate_samples(rows, "digits", metrics=["inception_score"]))
    assert whole["inception_score"] > 8


def test_what_does_not_belong_together_is_one_line(tmp_path, pictures):
    folder = save_samples(pictures[:20], tmp_path / "few")
    text = tmp_path / "lines.txt"
    text.write_text("word\n" * 40, encoding="utf-8")
    torn = save_samples(pictures[:60], tmp_path / "torn")
    (torn / "000011.png").write_bytes((torn / "000011.png").read_bytes()[:40])
    for samples, against, said in (
        (folder, "8gaussians", "holds pictures, but '8gaussians'"),
        (text, "digits", "holds text, but 'digits'"),
        (tmp_path / "none", "digits", "none"),
        (torn, "digits", "000011.png"),
        ("8gaussians", "8gaussians", "no samples that lie there"),
    ):
        with pytest.raises(SteadyganError, match=said) as error:
            evaluate_samples(samples, against)
        assert "\n" not in str(error.value)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.yaml").touch()
    with pytest.raises(UsageError, match=r"is a run: 'steadygan evaluate .*run' measures its samples"):
        evaluate_samples(tmp_path / "run", "digits")
    with pytest.raises(UsageError, match="needs 50 samples"):
        evaluate_samples(folder, "digits", metrics=["frechet"])
    with pytest.raises(UsageError, match="20 samples are too few for any metric: 50 are needed at least"):
        evaluate_samples(folder, "digits")
    assert not record_beside(folder).exists()
    with pytest.raises(UsageError, match=r"--count 21 is more"):
        evaluate_samples(folder, "digits", count=21)


def test_the_command_measures_folders_and_says_what_is_for_runs(tmp_path, pictures, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_samples(pictures, Path("samples"))
    line = ["evaluate", "samples", "--against", "digits", "--features", "pixels", "--metrics", "frechet"]
    assert main(line) == 0
    out, err = capsys.readouterr()
    assert "samples: 300 samples (given) beside" in out and "written: samples.evaluation.json" in out
    assert "warning: 300 samples" in err
    for more, said in (
        (["--round", "3"], "--round is for runs"),
        (["--weights", "raw"], "--weights is for runs"),
    ):
        assert main([*line, *more]) == 2
        assert said in capsys.readouterr().err
    assert main(["evaluate", "samples"]) == 2
    assert "'steadygan evaluate samples --against DATA'" in capsys.readouterr().err
    assert main(["evaluate", "--against", "digits"]) == 2

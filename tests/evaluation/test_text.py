"""Text in numbers: n-gram divergences and words, against counts of their own."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.data.text.alphabet import decode
from steadygan.errors import UsageError
from steadygan.evaluation.during_training import TrainingEvaluator, training_evaluator
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.real_side import RealSide
from steadygan.recipe import Recipe, RunOptions

WORDS = ("sun", "moon", "star", "tide", "wind", "rain")


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("sky") / "sky.txt"
    rng = np.random.default_rng(0)
    lines = [" ".join(rng.choice(WORDS, 3)) + f" {number}" for number in range(400)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return open_data(DataOptions(source=str(path), length=14))


def divergence(real, fake, n: int) -> float:
    """Half of each side's relative entropy to the mean, in bits, by plain counting."""
    counts = [
        Counter(tuple(row[i : i + n]) for row in side.tolist() for i in range(14 - n + 1)) for side in (real, fake)
    ]
    total = 0.0
    for gram in {**counts[0], **counts[1]}:
        p, q = (count[gram] / sum(count.values()) for count in counts)
        total += sum(x * math.log2(2 * x / (p + q)) / 2 for x in (p, q) if x)
    return total


def measured(data: Dataset, samples: np.ndarray) -> dict[str, object]:
    material = Material(RealSide(data), samples)
    measures = select(None, Subject(data, len(samples)))
    return {number.metric: number for measure in measures for number in measure.compute(material)}


def test_divergences_are_those_of_ids_from_held_out_lines(sky: Dataset) -> None:
    rng = np.random.default_rng(1)
    fakes = rng.integers(0, len(sky.alphabet), (120, 14)).astype(np.uint8)
    found = measured(sky, fakes)
    for n in (1, 2, 3, 4):
        number = found[f"ngram_js_{n}"]
        assert number.value == pytest.approx(divergence(sky.held_out.samples, fakes, n), abs=1e-9)
        assert number.floor < number.value <= 1 and number.better == "lower" and number.floor_count == 120
    assert found["real_words"].value < 0.1


def test_training_lines_as_samples_get_the_floor(sky: Dataset) -> None:
    found = measured(sky, sky.train.samples)
    for n in (1, 2, 3, 4):
        assert found[f"ngram_js_{n}"].value == found[f"ngram_js_{n}"].floor
    assert found["real_words"].value == 1.0


def test_words_are_counted_in_the_training_lines(sky: Dataset) -> None:
    known = {word for line in decode(sky.train.samples, sky.alphabet) for word in line.split()}
    held_out = [word for line in decode(sky.held_out.samples, sky.alphabet) for word in line.split()]
    fakes = np.concatenate([sky.train.samples[:60], np.full((60, 14), sky.alphabet.characters.index("w"), np.uint8)])
    words = [word for line in decode(fakes, sky.alphabet) for word in line.split()]
    number = measured(sky, fakes)["real_words"]
    assert number.value == pytest.approx(sum(word in known for word in words) / len(words))
    assert number.floor == pytest.approx(sum(word in known for word in held_out) / len(held_out))


def test_samples_without_a_word_have_none_that_is_real(sky: Dataset) -> None:
    padding = np.full((100, 14), sky.alphabet.padding, np.uint8)
    assert measured(sky, padding)["real_words"].value == 0.0


def test_short_lines_are_judged_by_the_longest_n_grams_they_have(sky: Dataset) -> None:
    short = open_data(DataOptions(source=sky.audit.source, length=2))
    evaluator = TrainingEvaluator(short)
    assert (
        evaluator.criterion == "ngram_js_2"
        and {"ngram_js_1", "ngram_js_2"} < evaluator(short.train.samples, None).keys()
    )


def test_metrics_of_pictures_and_points_do_not_suit_text(sky: Dataset) -> None:
    for name in ("frechet", "wasserstein1"):
        with pytest.raises(UsageError, match=f"metric '{name}' does not suit 'sky' .*; suited: ngrams, words"):
            select([name], Subject(sky, len(sky.train)))


def test_the_numbers_during_training_are_those_of_evaluation(sky: Dataset) -> None:
    evaluator = training_evaluator(Recipe(), sky)
    found = evaluator(sky.train.samples, None)
    assert found["judge"] == "ngram_js_4"
    assert found["ngram_js_4"] == measured(sky, sky.train.samples)["ngram_js_4"].value
    assert training_evaluator(Recipe(run=RunOptions(evaluate="none")), sky) is None


@pytest.mark.parametrize(("lines", "judged"), [(40, False), (60, True)])
def test_a_few_lines_are_trained_on_without_an_evaluator(tmp_path: Path, lines: int, judged: bool) -> None:
    path = tmp_path / "few.txt"
    path.write_text("\n".join(f"line {number}" for number in range(lines)), encoding="utf-8")
    assert (training_evaluator(Recipe(), open_data(DataOptions(source=str(path)))) is not None) == judged


def test_features_for_pictures_do_not_judge_text(sky: Dataset) -> None:
    with pytest.raises(UsageError, match=r"run.evaluate is 'patches', which is for pictures; for text: auto, none"):
        training_evaluator(Recipe(run=RunOptions(evaluate="patches")), sky)

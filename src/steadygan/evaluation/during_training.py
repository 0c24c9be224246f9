"""Evaluation during training: a few metrics of 2,000 samples, by which the best checkpoint is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.data.alpha import over_white
from steadygan.data.dataset import Labels, Samples
from steadygan.errors import UsageError
from steadygan.evaluation import as_pixels
from steadygan.evaluation.extracting import ignorance_of, make_features, real_samples
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, orders, select
from steadygan.evaluation.over_white import dataset_over_white, is_judged_over_white
from steadygan.evaluation.real_side import RealSide
from steadygan.run.records import best_round
from steadygan.system.words import counted

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

LEFT_OUT = ("frechet_infinite",)
GAPS = ("wasserstein_held_out", "wasserstein", "score_gap_held_out", "score_gap")
"""fields of the critic's estimate: of the Wasserstein distance, or the gap of its scores with other losses"""
COUNT = 2_000
"""generated samples of an evaluation"""
MATCHED = 1_000
"""of these, the points that are matched to held-out ones"""
FEWEST = 50
"""training images or lines below which nothing is evaluated"""
FEWEST_POINTS = 100
"""rows of a table below which nothing is evaluated"""


class TrainingEvaluator:
    """An evaluator for the trainer.

    Images by the Fréchet distance of their features, and precision and recall; points by the exact Wasserstein
    distance to held-out ones and, where the modes are known, their coverage; text by the divergence of its 4-grams
    from those of held-out lines; signals, volumes and images of many bands as grey pictures, by the Fréchet distance
    of their principal components. No loss counts: what a critic says of a generator changes with the critic.
    """

    def __init__(self, dataset: Dataset, features: str = "auto", cache: str | None = None, seed: int = 0) -> None:
        self.to_pixels = as_pixels.is_judged_as_pixels(dataset.sample)
        if self.to_pixels:
            dataset, features = as_pixels.dataset_as_pixels(dataset), "pixels"
        self.transparent = is_judged_over_white(dataset.sample)
        if self.transparent:
            dataset = dataset_over_white(dataset)
        self.dataset = dataset
        self.seed = seed
        self.count = COUNT
        self.extractor = None
        wanted: tuple[str, ...]
        if dataset.sample.is_image:
            self.extractor = make_features("patches" if features == "auto" else features, dataset, cache=cache)
            wanted, self.criterion = ("frechet", "manifold"), "frechet"
        elif dataset.sample.is_text:
            wanted, self.criterion = ("ngrams",), f"ngram_js_{orders(dataset.sample.shape[1])[-1]}"
        else:
            wanted, self.criterion = ("wasserstein1", "modes"), "wasserstein1"
        self.real = RealSide(dataset, self.extractor, cache=cache)
        self.names = tuple(measure.name for measure in select(None, Subject(dataset, COUNT)) if measure.name in wanted)
        samples, _ = real_samples(dataset, "train", self.count)
        self._judge(samples[: self.count])  # computes the real side, which is not part of an evaluation's time
        if dataset.sample.is_points:
            samples = samples + samples.std(axis=0)  # points that lie off the data take longest to match
        began = time.perf_counter()
        self._judge(samples[: self.count])
        self.seconds = time.perf_counter() - began

    def __call__(self, samples: Samples, labels: Labels | None) -> Mapping[str, float | str]:
        """Numbers of samples [N, ...] by metric; 'judge' names the criterion."""
        if self.transparent:
            samples = over_white(samples)
        return self._judge(as_pixels.as_pixels(samples) if self.to_pixels else samples)

    def _judge(self, samples: Samples) -> Mapping[str, float | str]:
        material = Material(self.real, samples, seed=self.seed, matched=MATCHED)
        row: dict[str, float | str] = {"judge": self.criterion}
        if self.extractor is not None:
            row["features"] = self.extractor.name
        for measure in select(self.names, Subject(self.dataset, len(samples))):
            row |= {each.metric: each.value for each in measure.compute(material) if each.metric not in LEFT_OUT}
        return row

    def closing(self, metrics: Sequence[Mapping[str, Any]], evaluations: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """The best checkpoint, and the rank correlation of the critic's Wasserstein estimate with the criterion."""
        best = best_round(evaluations)
        if best is None:
            return ()
        criterion = evaluations[-1]["judge"]  # a recipe may keep the best by a number of its own
        value = next(row[criterion] for row in evaluations if row["round"] == best)
        by = f" ({self.extractor.name} features)" if self.extractor is not None and criterion == self.criterion else ""
        lines = [f"best of {counted(len(evaluations), 'evaluation')}: round {best:,}, {criterion} {value:.4g}{by}"]
        correlation = rank_correlation(metrics, evaluations, self.criterion)
        if correlation is not None:
            what = "Wasserstein estimate" if any("wasserstein" in row for row in metrics) else "score gap"
            lines[0] += f"; rank correlation of the {what} with it: {correlation:.2f}"
        ignorance = "" if self.extractor is None else ignorance_of(self.extractor, self.dataset)
        return [*lines, f"{ignorance}: its features mean little"] if ignorance else lines


def training_evaluator(recipe: Recipe, dataset: Dataset) -> TrainingEvaluator | None:
    """The evaluator that a recipe asks for; None if it wants none, or for less data than can be evaluated with."""
    if recipe.run.evaluate == "none":
        return None
    train = dataset.audit.train if dataset.audit is not None else None
    pixels = as_pixels.is_judged_as_pixels(dataset.sample)
    if (pixels or not dataset.sample.is_image) and recipe.run.evaluate not in ("auto", "pixels" if pixels else "auto"):
        raise UsageError(
            f"run.evaluate is '{recipe.run.evaluate}', which is for pictures; for {dataset.sample.plural}: auto, none"
        )
    if train is not None and train < (FEWEST_POINTS if dataset.sample.is_points else FEWEST):
        return None
    from steadygan.system.threads import on_free_cores

    with on_free_cores():  # the number for training is not chosen yet
        return TrainingEvaluator(dataset, recipe.run.evaluate, recipe.data.cache)


def rank_correlation(
    metrics: Sequence[Mapping[str, Any]], evaluations: Sequence[Mapping[str, Any]], metric: str
) -> float | None:
    """Spearman's rank correlation of the Wasserstein estimate with a metric over the rounds that were evaluated.

    The estimate is that on held-out data where it was logged, the mean of the rows since the evaluation before. None
    for fewer than 5 evaluations, or if one of both never changes. Near 1: the critic's estimate falls as samples
    get better; near 0 or below: it says nothing about them here.
    """
    pairs, before = [], 0
    for row in evaluations:
        rows = [m for m in metrics if before < m.get("round", 0) <= row["round"]]
        before = row["round"]
        logged = [next((m[field] for field in GAPS if field in m), None) for m in rows]
        estimates = [estimate for estimate in logged if estimate is not None]
        if estimates and row.get(metric) is not None:
            pairs.append((float(np.mean(estimates)), float(row[metric])))
    if len(pairs) < 5:
        return None
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        return None
    from scipy.stats import spearmanr  # takes a second in loading

    return float(spearmanr(x, y).statistic)

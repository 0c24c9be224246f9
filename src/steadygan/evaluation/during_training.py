"""The judge that watches a training: a cheap evaluation, by the same code, of the samples of a round."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.data.dataset import Labels, Samples
from steadygan.errors import UsageError
from steadygan.evaluation.extracting import make_features, real_part
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import choose, orders
from steadygan.run.records import best_round

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

LEFT_OUT = ("frechet_infinite",)
GAPS = ("wasserstein_held_out", "wasserstein", "score_gap_held_out", "score_gap")
"""fields of the critic's estimate: of the Wasserstein distance, or the gap of its scores with other losses"""
COUNT = 2_000
"""samples that are looked at"""
FEWEST = 50
"""pictures or lines to train on, below which nothing can be judged"""


class Judge:
    """An evaluator for the trainer.

    Pictures are judged by the Fréchet distance of their features, and their precision and recall; points by the exact
    Wasserstein distance to held-out ones and, where the modes are known, by those; text by how far its 4-grams are
    from those of held-out lines. No loss is asked: what a critic says of a generator changes with the critic.
    """

    def __init__(self, dataset: Dataset, features: str = "auto", cache: str | None = None, seed: int = 0) -> None:
        self.dataset = dataset
        self.seed = seed
        self.count = COUNT
        self.extractor = None
        self.names: tuple[str, ...]
        if dataset.sample.is_image:
            self.extractor = make_features("patches" if features == "auto" else features, dataset, cache=cache)
            self.names = ("frechet", "manifold")
        elif dataset.sample.is_text:
            self.names = ("ngrams",)
        else:
            self.names = ("wasserstein1", "modes")
        self.material = Material(
            dataset, np.empty((COUNT, 0), np.float32), None, self.extractor, cache=cache, seed=seed
        )
        self.names = tuple(measure.name for measure in choose(None, self.material) if measure.name in self.names)
        self.judge = "frechet" if self.extractor is not None else "wasserstein1"
        if dataset.sample.is_text:
            self.judge = f"ngram_js_{orders(dataset.sample.shape[1])[-1]}"
        real, _ = real_part(dataset, "train", self.count)
        self(real[: self.count], None)  # computes what stays: features and statistics of the real samples
        began = time.perf_counter()
        self(real[: self.count], None)
        self.seconds = time.perf_counter() - began

    def __call__(self, samples: Samples, labels: Labels | None) -> Mapping[str, float | str]:
        """Numbers of samples [N, ...] by name."""
        material = self.material
        material.samples = samples
        material.__dict__.pop("fake_features", None)
        found: dict[str, float | str] = {"judge": self.judge}
        if self.extractor is not None:
            found["features"] = self.extractor.name
        for measure in choose(self.names, material):
            found |= {held.metric: held.value for held in measure.compute(material) if held.metric not in LEFT_OUT}
        return found

    def closing(self, metrics: Sequence[Mapping[str, Any]], evaluations: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Which checkpoint is the best, and whether the critic's estimate went along with the samples."""
        best = best_round(evaluations)
        if best is None:
            return ()
        judge = evaluations[-1]["judge"]  # a recipe may keep the best by a number of its own
        value = next(row[judge] for row in evaluations if row["round"] == best)
        by = f" ({self.extractor.name} features)" if self.extractor is not None and judge == self.judge else ""
        lines = [f"best of {len(evaluations)} evaluations: round {best:,}, {judge} {value:.4g}{by}"]
        correlation = rank_correlation(metrics, evaluations, self.judge)
        if correlation is not None:
            what = "Wasserstein estimate" if any("wasserstein" in row for row in metrics) else "score gap"
            lines[0] += f"; rank correlation of the {what} with it: {correlation:.2f}"
        return lines


def judge_of(recipe: Recipe, dataset: Dataset) -> Judge | None:
    """The judge that a recipe asks for; None where it wants none, or the data is too small to judge by."""
    if recipe.run.evaluate == "none":
        return None
    train = dataset.audit.train if dataset.audit is not None else None
    if not dataset.sample.is_image and recipe.run.evaluate != "auto":
        what = "text" if dataset.sample.is_text else "points"
        raise UsageError(f"run.evaluate is '{recipe.run.evaluate}', which is for pictures; for {what}: auto, none")
    if not dataset.sample.is_points and train is not None and train < FEWEST:
        return None
    return Judge(dataset, recipe.run.evaluate, recipe.data.cache)


def rank_correlation(
    metrics: Sequence[Mapping[str, Any]], evaluations: Sequence[Mapping[str, Any]], judge: str
) -> float | None:
    """Spearman's rank correlation of the Wasserstein estimate with a judge over the rounds that were evaluated.

    The estimate is that on held-out data where it was logged, the mean of the rows since the evaluation before. None
    for fewer than 5 evaluations, or where one of both never changes. Near 1: the critic's estimate falls as samples
    get better; near 0 or below: it says nothing about them here.
    """
    from scipy.stats import spearmanr

    pairs, before = [], 0
    for row in evaluations:
        rows = [m for m in metrics if before < m.get("round", 0) <= row["round"]]
        before = row["round"]
        known = [next((m[field] for field in GAPS if field in m), None) for m in rows]
        values = [value for value in known if value is not None]
        if values and row.get(judge) is not None:
            pairs.append((float(np.mean(values)), float(row[judge])))
    if len(pairs) < 5:
        return None
    one, other = zip(*pairs, strict=True)
    if len(set(one)) == 1 or len(set(other)) == 1:
        return None
    return float(spearmanr(one, other).statistic)

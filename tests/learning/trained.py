"""Small recipes trained on small data, and what the tests of learning judge: samples against real digits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import steadygan as sg
from steadygan.recipe import RunOptions

RUN = RunOptions(
    precision="fp32", threads=1, log_every=100, picture_every=10_000, checkpoint_every=10_000, evaluate="none"
)
DIGITS = sg.SampleSpec((1, 8, 8), 10)
COUNT = 500
Make = Callable[[sg.SampleSpec], sg.Recipe]


def trained(
    folder: Path, make: Make, rounds: int, data: Any = "digits", sample: sg.SampleSpec = DIGITS, **changes: Any
) -> sg.Run:
    """A run of a recipe with some fields changed, on digits of 8x8 pixels unless other data are given."""
    recipe = dataclasses.replace(make(sample), run=RUN, **changes)
    return sg.train(recipe, data=data, out=folder / "run", rounds=rounds, observers=[])


def first_digits(classes: int) -> dict[str, Any]:
    """The digits below a number as data, and their spec: fewer classes are learned in fewer rounds."""
    digits = load_digits(n_class=classes)
    pictures = (digits.images[:, None] * 15.9).astype(np.uint8)
    return {"data": (pictures, digits.target), "sample": sg.SampleSpec((1, 8, 8), classes)}


def pixels(run: sg.Run) -> NDArray[np.float64]:
    """COUNT samples in [0, 1]: [N, 64]."""
    return run.sample(COUNT, seed=5).reshape(COUNT, -1) / 255


def likeness(run: sg.Run) -> tuple[float, float]:
    """The distance of mean pixels from those of real digits, and the deviation of pixels as a share of the real one."""
    samples, real = pixels(run), load_digits(n_class=run.sample_spec.classes).data / 16
    return np.abs(samples.mean(0) - real.mean(0)).mean(), samples.std(0).mean() / real.std(0).mean()


@cache
def classifier(classes: int = 10) -> LogisticRegression:
    """A classifier of the real digits below a number, in [0, 1]."""
    digits = load_digits(n_class=classes)
    return LogisticRegression(max_iter=300).fit(digits.data / 16, digits.target)


def rarest_class(run: sg.Run) -> float:
    """The smallest share that a class has among the samples, by the classifier."""
    return np.bincount(classifier().predict(pixels(run)), minlength=10).min() / COUNT


def class_accuracy(run: sg.Run) -> float:
    """The share of samples that the classifier assigns to the class that was asked for."""
    found = classifier(run.sample_spec.classes).predict(pixels(run))
    return (found == run.labels(COUNT, seed=5).numpy()).mean()

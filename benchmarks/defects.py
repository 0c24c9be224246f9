"""Sensitivity of metrics to defects: held-out images, degraded in known ways, evaluated as if generated.

    python -m benchmarks.defects [--data SOURCE] [--features NAME ...] [--name NAME]

Each row is a defect at a level, each column a number of ``steadygan evaluate``. A cell is marked '!' where the number
is worse than that of the held-out images themselves by more than three standard errors of sampling of both, or, where
no error is known, by more than a fifth. Prints a Markdown table and writes benchmarks/results/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.common import RESULTS, command_line
from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.evaluation.extracting import make_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Number
from steadygan.system.words import number

Images = NDArray[np.uint8]
GOALS = {"one": 1.0, "half": 0.5}
LEFT_OUT = ("frechet_infinite",)


def noisy(images: Images, deviation: float) -> Images:
    """Gaussian noise, the deviation in grey levels."""
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def blurred(images: Images, radius: float) -> Images:
    """Gaussian blur, the radius as a share of the width."""
    soft = ImageFilter.GaussianBlur(radius * images.shape[-1])
    return np.stack([[np.asarray(Image.fromarray(c).filter(soft)) for c in image] for image in images])


def without_classes(images: Images, labels: NDArray[np.int64], dropped: int) -> Images:
    """The first classes are missing; the others are repeated in their place."""
    kept = images[labels >= dropped]
    return kept[np.arange(len(images)) % len(kept)]


def few_different(images: Images, count: int) -> Images:
    """A few images, repeated."""
    return images[np.arange(len(images)) % count]


def memorised(images: Images, train: Images, share: float) -> Images:
    """A share of the images are training images."""
    copied = np.random.default_rng(0).choice(len(train), round(share * len(images)), replace=len(train) < len(images))
    return np.concatenate([train[copied], images[len(copied) :]])


def class_means(train: Images, labels: NDArray[np.int64], count: int) -> Images:
    """The mean image of each class, repeated."""
    means = np.stack([train[labels == label].mean(axis=0) for label in np.unique(labels)])
    return np.rint(means[np.arange(count) % len(means)]).astype(np.uint8)


def defects(held_out: Stored, train: Stored) -> Iterator[tuple[str, list[tuple[str, Images]]]]:
    """Each defect with its levels, from weak to strong."""
    images, labels = np.asarray(held_out.samples), held_out.labels
    known, known_labels = np.asarray(train.samples), train.labels
    assert labels is not None and known_labels is not None
    yield "noise", [(f"noise {d}", noisy(images, d)) for d in (10, 25, 60)]
    yield "blur", [(f"blur {r:.0%}", blurred(images, r)) for r in (0.03, 0.06, 0.12)]
    yield "dropped classes", [(f"{n} classes dropped", without_classes(images, labels, n)) for n in (1, 3, 6)]
    few = sorted({max(10, len(images) // n) for n in (5, 20, 100)}, reverse=True)
    yield "few different", [(f"{n} different images", few_different(images, n)) for n in few]
    yield "memorised", [(f"{s:.0%} training images", memorised(images, known, s)) for s in (0.2, 0.5, 1.0)]
    yield "class means", [("ten class means repeated", class_means(known, known_labels, len(images)))]


def measure(reals: Sequence[RealSide], samples: Images) -> dict[str, Number]:
    """All numbers of some samples; a metric in features stands once for each real side."""
    numbers: dict[str, Number] = {}
    for index, real in enumerate(reals):
        material = Material(real, samples)
        assert real.features is not None
        for each in select(None, Subject(real.dataset, len(samples))):
            if index and each.inputs != "features":
                continue
            for result in each.compute(material):
                if result.metric not in LEFT_OUT and not result.metric.startswith("sliced_wasserstein_"):
                    label = result.metric + (f", {real.features.name}" if each.inputs == "features" else "")
                    numbers[label] = result
    return numbers


def real_sides(dataset: Dataset, names: Sequence[str]) -> list[RealSide]:
    """The data's real side in each of the named features."""
    classifier = partial(make_features, "classifier", dataset)
    return [RealSide(dataset, make_features(name, dataset), classifier) for name in names]


def badness(result: Number) -> float:
    """Higher is worse."""
    if result.better in GOALS:
        return abs(result.value - GOALS[result.better])
    return -result.value if result.better == "higher" else result.value


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defects", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--features", nargs="+", default=["classifier", "patches", "pixels"])
    parser.add_argument("--count", type=int, default=2_000, help="held-out images that are degraded")
    parser.add_argument("--name", default="defects")
    args = parser.parse_args(arguments)
    dataset = open_data(DataOptions(source=args.data))
    assert isinstance(dataset.train, Stored)
    labels = dataset.held_out.labels
    held_out = Stored(dataset.held_out.samples[: args.count], None if labels is None else labels[: args.count])
    reals = real_sides(dataset, args.features)
    rows = {"held-out images": measure(reals, np.asarray(held_out.samples))}
    for _, levels in defects(held_out, dataset.train):
        for label, samples in levels:
            print(label, file=sys.stderr, flush=True)
            rows[label] = measure(reals, samples)
    first = rows["held-out images"]
    metrics = list(first)

    def cell(metric: str, result: Number) -> str:
        baseline = first[metric]
        errors = [e for e in (result.error, baseline.error) if e is not None]
        least = 3 * float(np.hypot(*errors)) if len(errors) == 2 else 0.2 * abs(baseline.value)
        return number(result.value) + (" !" if badness(result) - badness(baseline) > least else "")

    print("| | " + " | ".join(metrics) + " |")
    print("|---" * (len(metrics) + 1) + "|")
    for label, numbers in rows.items():
        print(f"| {label} | " + " | ".join(cell(metric, numbers[metric]) for metric in metrics) + " |")
    content = {
        "command": command_line("defects", arguments),
        "date": time.strftime("%Y-%m-%d"),
        "data": dataset.name,
        "held out": len(held_out),
        "train": len(dataset.train),
        "rows": {
            label: {metric: result.value for metric, result in numbers.items()} for label, numbers in rows.items()
        },
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{args.name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {path}")


if __name__ == "__main__":
    main()

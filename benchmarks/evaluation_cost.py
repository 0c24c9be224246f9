"""Cost of an evaluation: seconds of each part and peak memory, for samples of the size of some data.

    python -m benchmarks.evaluation_cost --data cifar10/train.parquet [--count 10000] [--name NAME]

The generator is an untrained DCGAN of width 64: its samples cost what trained ones do. The classifier's training and
the features of real images are listed apart, as both are kept in the cache (a folder of this benchmark's own). Writes
benchmarks/results/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from benchmarks.common import RESULTS, command_line
from steadygan.data import DataOptions, open_data
from steadygan.evaluation.extracting import make_features
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.real_side import RealSide
from steadygan.metrics.frechet import Statistics, frechet, frechet_distance, frechet_from_features
from steadygan.networks import DCGANGenerator
from steadygan.representations import Plain
from steadygan.run.environment import describe_environment
from steadygan.system.device import processor


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints and writes the times."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evaluation_cost", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--name", default="evaluation-cost-cpu")
    args = parser.parse_args(arguments)
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[what] = round(time.perf_counter() - began, 2)
        print(f"{what}: {seconds[what]} s", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as cache:
        dataset = open_data(DataOptions(source=args.data))
        with timed("once: training the classifier"):
            features = make_features("classifier", dataset, cache=cache)
        with timed("drawing"):
            samples = draw(dataset.sample, args.count)
        real = RealSide(dataset, features, partial(make_features, "classifier", dataset, cache=cache), cache)
        material = Material(real, samples)
        with timed("once: features of the real images"):
            real.train_features, real.held_out_features  # noqa: B018
        with timed("features"):
            material.features  # noqa: B018
        for measure in select(None, Subject(dataset, args.count)):
            with timed(measure.name):
                list(measure.compute(material))
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((2048, 2048)) * np.exp(-np.arange(2048) / 200)
    real, fake = (rng.standard_normal((args.count, 2048)) @ mix for _ in range(2))
    with timed("2,048 dimensions: Fréchet distance of two sets of features"):
        frechet_from_features(real, fake)
    statistics = Statistics(real.mean(axis=0), np.cov(real, rowvar=False), len(real))
    other = Statistics(fake.mean(axis=0), np.cov(fake, rowvar=False), len(fake))
    with timed("2,048 dimensions: Fréchet distance of two statistics"):
        frechet_distance(statistics, other)
    with timed("2,048 dimensions: Fréchet distance, its error, and without bias"):
        frechet(statistics, fake)
    of_run = [s for what, s in seconds.items() if not what.startswith(("once", "2,048"))]
    content = {
        "environment": {
            **describe_environment(torch.device("cpu"), "fp32"),
            "processor": processor(),
            "threads": torch.get_num_threads(),
            "command": command_line("evaluation_cost", arguments),
            "date": time.strftime("%Y-%m-%d"),
        },
        "data": dataset.name,
        "count": args.count,
        "seconds": seconds,
        "seconds of an evaluation": round(sum(of_run), 1),
        "seconds with the Fréchet distance alone": round(
            seconds["drawing"] + seconds["features"] + seconds["frechet"], 1
        ),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{args.name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({k: v for k, v in content.items() if k != "environment"}, indent=1, ensure_ascii=False))


def draw(sample, count: int) -> np.ndarray:
    """uint8 images [count, C, H, W] of an untrained generator."""
    torch.manual_seed(0)
    network = DCGANGenerator(width=64).build(sample, 128).eval()
    with torch.inference_mode():
        blocks = (torch.randn(min(256, count - start), 128) for start in range(0, count, 256))
        return np.concatenate([Plain().decode(network(block)).numpy() for block in blocks])


if __name__ == "__main__":
    main()

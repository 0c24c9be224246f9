"""Share of a round spent waiting for real samples: data in memory, memory-mapped, and streamed.

    python -m benchmarks.data_wait [--rounds 30] [--pictures 6000] [--format JPEG] [--device auto] [--name NAME]

WGAN-GP on DCGAN-32 of width 32, batch 64, five critic steps and one generator step a round, on generated pictures in
parquet shards. "When asked": the same without prefetch. Prints a Markdown table and writes
benchmarks/results/NAME.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.common import RESULTS, command_line
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import wgan_gp
from steadygan.run.environment import describe_environment
from steadygan.system.device import choose_device, choose_precision, processor
from steadygan.training.engines.eager import EAGER
from steadygan.training.planning.speed import synchronize
from steadygan.training.processes.world import ALONE
from steadygan.training.step import feed as feeding
from steadygan.training.step.counters import Counters
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.prefetch import DEPTH, coming_rows
from steadygan.training.step.round import training_round
from steadygan.training.step.setup import Setup

WARM_UP = 4  # rounds
SHARDS = 8
GROUP = 100
"""pictures in a row group"""


@dataclasses.dataclass(frozen=True)
class Case:
    """Where the data is, and whether it is prefetched."""

    title: str
    stream: bool = False
    fits: bool = False
    ahead: bool = True


CASES = (
    Case("in memory", fits=True),
    Case("in a map", ahead=True),
    Case("in a map, when asked", ahead=False),
    Case("streamed", stream=True),
    Case("streamed, when asked", stream=True, ahead=False),
)


@dataclasses.dataclass(frozen=True)
class Result:
    """Measurements of a case."""

    title: str
    ms_per_round: float
    waited_ms_per_round: float
    waited_share: float


def write_shards(folder: Path, count: int, pixels: int, kind: str) -> None:
    """Writes encoded pictures of random coloured boxes into parquet shards."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    for shard in range(SHARDS):
        pictures = []
        for _ in range(count // SHARDS):
            image = np.empty((pixels, pixels, 3), np.uint8)
            image[:] = rng.integers(0, 256, 3)
            for _ in range(6):
                left, top, right, bottom = rng.integers(0, pixels, 4)
                image[min(top, bottom) : max(top, bottom), min(left, right) : max(left, right)] = rng.integers(
                    0, 256, 3
                )
            noisy = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(noisy).save(buffer, kind)
            pictures.append(buffer.getvalue())
        table = pa.table({"image": pa.array(pictures, pa.binary())})
        pq.write_table(table, folder / f"train-{shard:05d}-of-{SHARDS:05d}.parquet", row_group_size=GROUP)


@contextmanager
def _fitting(fits: bool) -> Iterator[None]:
    """Within the block data on disk is loaded into memory as usual, or never."""
    share, host = feeding._MAX_GPU_SHARE, feeding._MAX_HOST_BYTES
    if not fits:
        feeding._MAX_GPU_SHARE, feeding._MAX_HOST_BYTES = 0.0, 0
    try:
        yield
    finally:
        feeding._MAX_GPU_SHARE, feeding._MAX_HOST_BYTES = share, host


def measure(case: Case, data: Dataset, rounds: int, device: torch.device) -> Result:
    """Times some rounds of training on the data."""
    recipe = _recipe(data, rounds)
    game = Game.build(recipe, data.sample, device, choose_precision(recipe.run.precision, device))
    with _fitting(case.fits):
        feed = Feed(recipe, data.train, device)
    drawer = Drawer(recipe, data.sample, data.train, device, feed.rows_on)
    if case.ahead:
        feed.follow(coming_rows(drawer, ALONE, 0, 0))
    setup = Setup(game, feed, drawer)
    position, began, waited = 0, 0.0, 0.0
    for round_ in range(recipe.rounds):
        if round_ == WARM_UP:
            synchronize(device)
            began, waited = time.perf_counter(), feed.waited or 0.0
        training_round(setup, drawer.round(round_, position), Counters(round_), EAGER)
        position += drawer.samples_in(round_)
    synchronize(device)
    seconds, waited = time.perf_counter() - began, (feed.waited or 0.0) - waited
    feed.close()
    return Result(case.title, 1e3 * seconds / rounds, 1e3 * waited / rounds, waited / seconds)


def _recipe(data: Dataset, rounds: int) -> Recipe:
    return dataclasses.replace(
        wgan_gp(data.sample), generator=DCGANGenerator(32), critic=DCGANCritic(32), batch=64, rounds=WARM_UP + rounds
    )


def table(results: Sequence[Result]) -> str:
    """Results as a Markdown table."""
    lines = ["| data | ms/round | of them waiting | share |", "|---|---|---|---|"]
    lines += [
        f"| {r.title} | {r.ms_per_round:.0f} | {r.waited_ms_per_round:.2f} ms | {r.waited_share:.2%} |" for r in results
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_wait", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--pictures", type=int, default=6_000)
    parser.add_argument("--pixels", type=int, default=64, help="of the encoded pictures; they are trained on at 32")
    parser.add_argument("--format", choices=["JPEG", "PNG"], default="JPEG")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--name", default="data-wait")
    parser.add_argument("--note", default="", help="goes into the results, such as what else the machine was doing")
    args = parser.parse_args(arguments)
    device = choose_device(args.device)
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shards"
        folder.mkdir()
        write_shards(folder, args.pictures, args.pixels, args.format)
        for case in CASES:
            options = DataOptions(str(folder), size=32, stream=case.stream, cache=str(Path(temporary) / "cache"))
            results.append(measure(case, open_data(options), args.rounds, device))
            print(table(results[-1:]).splitlines()[-1], flush=True)
    environment = describe_environment(device, choose_precision("auto", device))
    environment |= {"command": command_line("data_wait", arguments), "processor": processor()}
    environment |= {"date": time.strftime("%Y-%m-%d"), "load": os.getloadavg()[0], "threads": torch.get_num_threads()}
    described = {
        "note": args.note,
        "pictures": args.pictures,
        "encoded": f"{args.format}, {args.pixels} px, {GROUP} in a row group",
        "read_ahead": DEPTH,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{args.name}.json"
    rows = [dataclasses.asdict(result) for result in results]
    path.write_text(json.dumps({"environment": environment, **described, "results": rows}, indent=1) + "\n")
    print(f"\n{table(results)}\n\nwritten: {path}")


if __name__ == "__main__":
    main()

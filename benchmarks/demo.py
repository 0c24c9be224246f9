"""The demo on a busy machine: ``steadygan train`` alone, timed to its first picture and its end, its digits judged.

    python -m benchmarks.demo                     beside as many busy processes as there are cores
    python -m benchmarks.demo --load 0            on a free machine
    python -m benchmarks.demo --avx2              with AVX2 instructions only, in float32: a processor without bf16
    python -m benchmarks.demo --minutes 0.5 --trials 3

Times are wall time from the start of the process. Pictures follow rounds 1, 2, 4 and so on. Digits are judged by the
Fréchet distance of 2,000 samples from the real digits, in the hidden features of a classifier
(``benchmarks.digits_quality``), over that of two halves of the real ones. Results: benchmarks/results/demo.json, with
--avx2 demo-avx2.json.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import steadygan as sg
from benchmarks.common import RESULTS, write_results
from benchmarks.digits_quality import Judge, pixels
from benchmarks.load import loaded
from benchmarks.picture_cost import AVX2
from steadygan.run.layout import SAMPLES
from steadygan.run.run import Run
from steadygan.system.cores import cores

SAMPLED = 2_000
LIMIT_MINUTES, FIRST_SECONDS = 3.0, 15.0
"""of the whole demo and to the first picture, as is wanted of two slow cores"""
PATIENCE = 1800.0
"""seconds after which a trial is ended"""


def timed(command: Sequence[str], folder: Path, environment: dict[str, str]) -> dict[str, float | None]:
    """Seconds from the start of a training to its first picture (None: it had none) and to its end.

    Raises:
        SystemExit: it failed, or did not end in half an hour.
    """
    first: float | None = None
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=folder.parent)
        try:
            while process.poll() is None:
                now = time.perf_counter() - began
                if first is None and any(path.stem.isdecimal() for path in (folder / SAMPLES).glob("*.png")):
                    first = now
                if now > PATIENCE:
                    raise SystemExit(f"demo: it did not end in {PATIENCE:.0f} s")
                time.sleep(0.05)
            seconds = time.perf_counter() - began
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"demo: the training ended with {process.returncode}: {output.read().strip()[-300:]}")
    return {"first_picture": first, "end": seconds}


def trial(words: Sequence[str], folder: Path, load: int, judge: Judge, *, avx2: bool) -> dict[str, Any]:
    """One demo, as plain data."""
    environment = {**os.environ, **(AVX2 if avx2 else {})}
    command = [sys.executable, "-m", "steadygan", "train", *words, "--out", str(folder)]
    with loaded(load):
        seconds = timed(command, folder, environment)
    run = Run(folder)
    distance, halves = judge.distance(pixels(sg.load(folder).sample(SAMPLED))), judge.of_halves()
    return {
        "seconds": seconds,
        "recipe": run.recipe.name,
        "rounds": run.rounds_done,
        "images": run.rounds_done * run.recipe.batch,
        "threads": run.environment.threads,
        "precision": run.environment.precision,
        "frechet": distance,
        "frechet_of_halves": halves,
        "ratio": distance / halves,
    }


def line_of(made: dict[str, Any]) -> str:
    """A trial in a line."""
    seconds = made["seconds"]
    first = "none" if seconds["first_picture"] is None else f"{seconds['first_picture']:.1f} s"
    return (
        f"first picture {first} (wanted: {FIRST_SECONDS:.0f} s), end {seconds['end']:.1f} s "
        f"(wanted: {60 * LIMIT_MINUTES:.0f} s); {made['recipe']}, {made['rounds']:,} rounds, {made['precision']}, "
        f"{made['threads']} threads; Fréchet distance {made['frechet']:.2f}, "
        f"{made['ratio']:.2f} times that of two halves of the real digits ({made['frechet_of_halves']:.2f})"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the demo, prints a line for each trial and writes the file of results."""
    parser = argparse.ArgumentParser("benchmarks.demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="of each training (default: the demo's own)")
    parser.add_argument("--load", type=int, default=cores(), help="busy processes (default: one for each core)")
    parser.add_argument("--avx2", action="store_true", help="use AVX2 instructions only, in float32")
    parser.add_argument("--out", type=Path)
    values, words = parser.parse_known_args(arguments)
    # the processor's bf16 is found by its flags, which the environment does not change
    words += ["--run.precision", "fp32"] * values.avx2
    words += [] if values.minutes is None else ["--minutes", f"{values.minutes:g}"]
    judge, trials = Judge(), []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(values.trials):
            made = trial(words, Path(folder) / str(number), values.load, judge, avx2=values.avx2)
            print(line_of(made), flush=True)
            trials.append(made)
    out = values.out or RESULTS / f"demo{'-avx2' * values.avx2}.json"
    write_results(
        out,
        "demo",
        arguments,
        trained=["train", *words],
        instructions="AVX2" if values.avx2 else torch.backends.cpu.get_cpu_capability(),
        cores=cores(),
        busy_processes=values.load,
        trials=trials,
    )
    print(f"written: {out}")


if __name__ == "__main__":
    main()

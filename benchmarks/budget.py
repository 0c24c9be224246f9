"""How well a time limit is kept while other processes come and go.

python -m benchmarks.budget                              ten trials of half a minute to two minutes
python -m benchmarks.budget --trials 3 --seed 7 --minutes 0.5
python -m benchmarks.budget --train photos --data PHOTOS/ --data.size 32

Each trial is one ``steadygan train ... --minutes M`` in a process of its own, timed from its start to its end.
Meanwhile a busy process for each core comes and goes at random times that a seed decides. Results:
benchmarks/results/budget.json.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, write_results
from benchmarks.load import loaded
from steadygan.run.history import REPLANNED, read_history
from steadygan.run.run import Run
from steadygan.system.cores import cores

TOLERANCE = 0.1
"""of the limit, within which a run has to end"""
SPELL = 3.0, 20.0
"""seconds for which a second load stays, or stays away: least and most"""
MINUTES = 0.5, 2.0
PATIENCE = 5.0
"""times the limit after which a trial is ended"""


@contextlib.contextmanager
def load_that_comes_and_goes(seed: int, processes: int) -> Iterator[list[float]]:
    """Context with a second load on all cores at random times; yields the seconds for which it was there, so far."""
    over, spells = threading.Event(), list[float]()

    def run() -> None:
        draw = random.Random(seed)
        there = draw.random() < 0.5
        while not over.is_set():
            began = time.perf_counter()
            with loaded(processes * there):
                over.wait(draw.uniform(*SPELL))
            if there:
                spells.append(time.perf_counter() - began)
            there = not there

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield spells
    finally:
        over.set()
        thread.join()


def trial(words: Sequence[str], minutes: float, seed: int, folder: Path) -> dict[str, Any]:
    """One timed run; plain data."""
    command = [sys.executable, "-m", "steadygan", "train", *words, "--minutes", f"{minutes:g}", "--out", str(folder)]
    with load_that_comes_and_goes(seed, cores()) as spells:
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 * minutes * PATIENCE)
        seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"budget: the run ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    replans = [change for change in read_history(folder) if change.by == REPLANNED]
    return {
        "seed": seed,
        "minutes": minutes,
        "seconds": seconds,
        "ratio": seconds / (60 * minutes),
        "rounds": Run(folder).rounds_done,
        "planned": replans[0].old if replans else Run(folder).recipe.rounds,
        "replans": len(replans),
        "loaded_seconds": sum(spells),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the trials, prints a line for each and writes the file of results."""
    parser = argparse.ArgumentParser("benchmarks.budget", description=__doc__)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the first trial; decides its length and its load")
    parser.add_argument("--minutes", type=float, help="of every trial; else drawn from 0.5 to 2")
    parser.add_argument("--out", type=Path, default=RESULTS / "budget.json")
    values, words = parser.parse_known_args(arguments)
    words = [word for word in words if word != "--train"] or ["dcgan", "digits", "--generator.width", "16"]
    trials = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(values.seed, values.seed + values.trials):
            minutes = values.minutes or round(random.Random(f"length {seed}").uniform(*MINUTES), 2)
            made = trial(words, minutes, seed, Path(folder) / str(seed))
            print(
                f"seed {seed}: {made['seconds']:.1f} s of {60 * minutes:.1f} s, ratio {made['ratio']:.3f}; "
                f"{made['rounds']:,} rounds, {made['planned']:,} planned, {made['replans']} re-plans; "
                f"second load for {made['loaded_seconds']:.0f} s",
                flush=True,
            )
            trials.append(made)
    within = sum(abs(made["ratio"] - 1) <= TOLERANCE for made in trials)
    print(f"{within} of {len(trials)} within {TOLERANCE:.0%}")
    found = {"trained": words, "cores": cores(), "within_10_percent": within, "trials": trials}
    write_results(values.out, "budget", arguments, **found)


if __name__ == "__main__":
    main()

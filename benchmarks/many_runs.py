"""The page of all runs where there are many: 200 runs, one of a million rounds with a row for each.

python -m benchmarks.many_runs                           makes the folders and measures
python -m benchmarks.many_runs --runs 50 --rounds 100000 --out FOLDER
python -m benchmarks.many_runs --out FOLDER --only-make

Times are those of a client of this machine, of a server that has just begun: the list, the page of the longest run,
which shows some of its rows first, and the same page once all rows were read; beside them the server's processor time,
which a busy machine does not stretch. Memory is the server's, resident.
Results: benchmarks/results/many-runs.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import RESULTS, write_results
from steadygan import recipe as recipes
from steadygan.recipes import by_name
from steadygan.run import layout
from steadygan.system.files import write_json

NAMES = ("wgan-gp", "sngan", "dcgan", "lecam", "r3gan")
PICTURE_EVERY = 10


def make(root: Path, runs: int, rounds: int) -> None:
    """Folders of runs that differ in recipe, state and length; the last one has ``rounds`` rounds, each with a row."""
    for index in range(runs):
        draw = random.Random(index)
        length = rounds if index == runs - 1 else draw.randrange(200, 3000)
        make_run(root / f"{NAMES[index % len(NAMES)]}-{index:03d}", NAMES[index % len(NAMES)], index, length, draw)


def make_run(folder: Path, name: str, seed: int, rounds: int, draw: random.Random) -> None:
    """One folder."""
    folder.mkdir(parents=True)
    with open(folder / layout.METRICS, "w") as file:
        for first in range(1, rounds + 1, 10_000):
            file.writelines(json.dumps(row(n, draw)) + "\n" for n in range(first, min(first + 10_000, rounds + 1)))
    with open(folder / layout.EVALUATIONS, "w") as file:
        for n in range(1, 11):
            line = {"round": n * rounds // 10, "samples": 1000, "judge": "frechet", "frechet": 5 / n + draw.random()}
            file.write(json.dumps(line) + "\n")
    pixels = np.random.default_rng(seed).integers(0, 256, (258, 258, 3), dtype=np.uint8)
    for n in range(1, 11):
        path = layout.picture_path(folder, n * rounds // 10)
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels // n).save(path)
    verdict = draw.choice(["healthy", "healthy", "too_early", "critic_too_strong", "partial_collapse"])
    write_json(folder / layout.DIAGNOSIS, {"round": rounds, "verdict": verdict})
    done = rounds if seed % 4 else rounds // 2
    state = folder / layout.CHECKPOINTS / layout.folder_name(done) / layout.STATE
    state.parent.mkdir(parents=True)
    counters = {"round": done, "critic_steps": done, "position": done, "seen": done, "seconds": 1.0}
    write_json(state, {"format": 1, **counters})
    recipe = by_name()[name]()
    (folder / layout.RECIPE).write_text(recipes.dumps(dataclasses.replace(recipe, rounds=rounds)))


def row(n: int, draw: random.Random) -> dict[str, Any]:
    """A row of metrics.jsonl, as long as those of a real run."""
    noise = draw.random()
    fields = ("critic_loss", "generator_loss", "wasserstein", "wasserstein_train", "wasserstein_held_out", "real_score")
    more = ("fake_score", "penalty", "gradient_norm_mean", "gradient_norm_std", "critic_weight_gradient_norm")
    numbers = {name: (noise + place) / (1 + n / 1000) for place, name in enumerate((*fields, *more))}
    return {"round": n, "critic_steps": n, "samples": 64 * n, **numbers, "seconds": n / 10, "samples_per_second": 640.0}


def measure(root: Path, longest: str, size: int) -> dict[str, Any]:
    """Seconds until an answer was received, seconds of processor time that it took the server, and megabytes."""
    line = [sys.executable, "-m", "steadygan", "ui", str(root)]
    found: dict[str, Any] = {}
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:

        def timed(name: str, ask: Callable[[], int]) -> None:
            before, began = processor_time(server.pid), time.perf_counter()
            answered = ask()
            found[name] = {
                "seconds": round(time.perf_counter() - began, 3),
                "processor seconds": round(processor_time(server.pid) - before, 2),
                "bytes": answered,
                "memory, MB": round(memory(server.pid), 1),
            }

        try:
            assert server.stdout is not None
            base = server.stdout.readline().partition("#")[0]
            timed("list, the first time", lambda: size_of(base))
            timed("list, again", lambda: size_of(base))
            timed("longest run, from some of its rows", lambda: size_of(f"{base}run/{longest}"))
            timed("longest run, until all rows are read", lambda: read_all(f"{base}events/{longest}"))
            timed("longest run, again", lambda: size_of(f"{base}run/{longest}"))
            found["most memory, MB"] = memory(server.pid, "VmHWM")
            found["bytes of the longest record"] = size
        finally:
            server.terminate()
    return found


def size_of(address: str) -> int:
    """Bytes of a page."""
    with urllib.request.urlopen(address) as answer:
        return len(answer.read())


def read_all(address: str) -> int:
    """Bytes of a page's stream until it says nothing of rows that are still read."""
    received = 0
    with urllib.request.urlopen(address) as stream:
        for line in stream:
            received += len(line)
            if line.startswith(b"data: ") and json.loads(line[6:]).get("curve-note") == "":
                break
    return received


def processor_time(process: int) -> float:
    """Seconds of processor time of a process (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: int, name: str = "VmRSS") -> float:
    """Megabytes of a process (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{name}:"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the folders and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1_000_000, help="of the longest run")
    parser.add_argument("--out", type=Path, help="a new folder for the runs (default: one that is deleted)")
    parser.add_argument("--only-make", action="store_true")
    values = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        root = values.out or Path(temporary) / "runs"
        longest = f"{NAMES[(values.runs - 1) % len(NAMES)]}-{values.runs - 1:03d}"
        if not root.exists():
            make(root, values.runs, values.rounds)
        if values.only_make:
            return
        found = measure(root, longest, os.stat(root / longest / layout.METRICS).st_size)
        print("\n".join(f"{name}: {value}" for name, value in found.items()))
        shape = {"runs": values.runs, "rounds of the longest": values.rounds}
        write_results(RESULTS / "many-runs.json", "many_runs", arguments, **shape, load=os.getloadavg(), found=found)


if __name__ == "__main__":
    main()

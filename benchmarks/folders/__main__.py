"""The default training on four kinds of folders, beside other recipes, at equal time.

    python -m benchmarks.folders --photographs cifar10/train.parquet --drawings emoji64 --writing mnist
        [--kinds photographs drawings drawings-64 writing glyphs flowers]
        [--recipes default wgan-gp dcgan lecam msg-gan photos]
        [--minutes 10 | --rounds 1000] [--seeds 0 1 2] [--count 500] [--workers 1] [--threads N]
        [--precision fp32] [--out runs/folders] [--name folders] [--docs]

Each training is the command ``steadygan train`` as a user types it, in a process of its own: 'default' names no recipe,
any other word is a recipe, each followed by fields as on the command line ("default --generator.width 48"). Samples are
compared with the pictures that were trained on: Fréchet distances in features of patches, with their standard errors,
and how much samples vary against the pictures. --count takes a small folder. --workers trains several at once, each
with --threads CPU threads (default: the cores divided among them). Finished trainings are kept, so that a stopped
series goes on. Writes benchmarks/results/NAME.json after each; --docs writes the table and the pictures into
docs/folders.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.common import RESULTS, command_line
from benchmarks.folders.page import write_page
from benchmarks.folders.pictures import KINDS, UNSEEN, Kind, write_pictures
from steadygan.run.environment import describe_environment
from steadygan.system.cores import cores
from steadygan.system.device import processor

RIVALS = ("default", "wgan-gp", "dcgan", "lecam", "msg-gan", "photos")


class Trial(NamedTuple):
    """One training."""

    key: str
    kind: Kind
    recipe: str
    pictures: Path
    folder: Path
    seed: int
    length: str
    """'--minutes N' or '--rounds N', and the precision"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, evaluates, writes and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.folders", description=(__doc__ or "").splitlines()[0])
    for source in ("photographs", "drawings", "writing"):
        parser.add_argument(f"--{source}", type=Path)
    names = [kind.name for kind in KINDS]
    parser.add_argument("--kinds", nargs="+", default=names, choices=[*names, UNSEEN.name])
    parser.add_argument("--recipes", nargs="+", default=list(RIVALS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, help="in place of --minutes, for trials of settings at equal rounds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--count", type=int, help="pictures of a small folder (default: the kind's number)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--precision", default="auto", help="fp32 or bf16, for the trainings")
    parser.add_argument("--out", type=Path, default=Path("runs/folders"))
    parser.add_argument("--name", default="folders")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args(arguments)
    args.threads = args.threads or max(1, cores() // args.workers)

    path = RESULTS / f"{args.name}.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    content["environment"] = {
        **describe_environment(torch.device("cpu"), "auto"),
        "processor": processor(),
        "command": command_line("folders", arguments),
        "date": time.strftime("%Y-%m-%d"),
    }
    lock = threading.Lock()

    def carry_out(one: Trial) -> None:
        print(one.key, flush=True)
        made = trained(one, args.threads)
        with lock:
            content["runs"][one.key] = made
            RESULTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    with ThreadPoolExecutor(args.workers) as pool:
        list(pool.map(carry_out, [each for each in trials(args) if each.key not in content["runs"]]))
    if args.docs:
        write_page(content["runs"], args.out)


def trials(args: argparse.Namespace) -> Iterator[Trial]:
    """All trainings of the command line, each recipe on all kinds before the next one, seed by seed."""
    for seed in args.seeds:
        for recipe in args.recipes:
            for kind in (kind for kind in (*KINDS, UNSEEN) if kind.name in args.kinds):
                source = getattr(args, kind.name.removesuffix("-64"), None)
                pictures = write_pictures(kind, args.out / "pictures", source, args.count)
                length = f"{args.minutes:g} min" if args.rounds is None else f"{args.rounds} rounds"
                key = f"{kind.name}, {recipe}, {length}, seed {seed}"
                key += "" if args.count is None else f", {args.count} pictures"
                folder = args.out / re.sub(r"[^\w.]+", "-", key)
                option = f"--minutes {args.minutes:g}" if args.rounds is None else f"--rounds {args.rounds}"
                option += f" --run.precision {args.precision}"
                yield Trial(key, kind, recipe, pictures, folder, seed, option)


def trained(trial: Trial, threads: int) -> dict[str, Any]:
    """Trains and measures in a process of its own; plain data."""
    words = [str(trial.pictures), str(trial.folder), "--recipe", trial.recipe, "--size", str(trial.kind.size)]
    words += ["--length", trial.length, "--seed", str(trial.seed)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.folders.trial", *words],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise SystemExit(f"folders: {trial.key} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return {
        "kind": trial.kind.name,
        "recipe": trial.recipe,
        "seed": trial.seed,
        "length": trial.length,
        "threads": threads,
        "processor": processor(),
        "folder": trial.folder.name,
        **json.loads(lines[-1]),
    }


if __name__ == "__main__":
    main()

"""Gain of keeping freed memory in the process (``system.malloc``): rounds with and without it, in processes in turn.

    python -m benchmarks.kept_memory [--cases dcgan-32 dcgan-64 began-64 text] [--precisions fp32 bf16] [--repeats 3]

CPU time of a round on one thread at a laptop's widths, the part of it in the kernel, new pages, and the peak; medians
over the repeats. Writes benchmarks/results/kept-memory.json and prints the table. Linux with glibc.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, cast

import torch

from benchmarks.common import RESULTS, ROOT, command_line
from benchmarks.speed.cases import NAMES, case
from benchmarks.speed.library import library_round
from steadygan.system.device import Precision, processor
from steadygan.system.files import write_json
from steadygan.system.malloc import kept_memory

SECONDS = 4.0
"""of one measurement, at least one round"""
WAYS = ("usual", "kept")


def measure(name: str, precision: str, way: str) -> dict[str, float]:
    """Milliseconds and new pages of a round in this process, and the peak of the process in megabytes."""
    torch.set_num_threads(1)
    with kept_memory() if way == "kept" else contextlib.nullcontext():
        run = library_round(case(name, laptop=True), cast(Precision, precision), torch.device("cpu"))
        for _ in range(3):
            run()
        rounds, began, before = 0, time.process_time(), resource.getrusage(resource.RUSAGE_SELF)
        while time.process_time() - began < SECONDS:
            run()
            rounds += 1
        after = resource.getrusage(resource.RUSAGE_SELF)
        spent = time.process_time() - began
    return {
        "ms": 1e3 * spent / rounds,
        "kernel_ms": 1e3 * (after.ru_stime - before.ru_stime) / rounds,
        "pages": (after.ru_minflt - before.ru_minflt) / rounds,
        "peak_mb": after.ru_maxrss / 1024,
    }


def compare(name: str, precision: str, repeats: int) -> dict[str, dict[str, float]]:
    """Medians over the repeats, with and without."""
    figures: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            line = [sys.executable, "-m", "benchmarks.kept_memory", "--one", name, precision, way]
            answer = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True)
            figures[way].append(json.loads(answer.stdout))
    return {way: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for way, rows in figures.items()}


def table(results: Sequence[dict[str, Any]]) -> str:
    """Results as a Markdown table."""
    lines = [
        "| networks | precision | round, usual | kept | faster | in the kernel | new pages | peak of the process |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        usual, kept = (result[way] for way in WAYS)
        lines.append(
            f"| {result['title']} | {result['precision']} | {usual['ms']:.0f} ms | {kept['ms']:.0f} ms "
            f"| **{usual['ms'] / kept['ms']:.2f}** | {usual['kernel_ms']:.0f}, {kept['kernel_ms']:.0f} ms "
            f"| {usual['pages']:,.0f}, {kept['pages']:,.0f} | {usual['peak_mb']:.0f}, {kept['peak_mb']:.0f} MB |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kept_memory", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cases", nargs="+", choices=NAMES, default=["dcgan-32", "dcgan-64", "began-64", "text"])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.one:
        print(json.dumps(measure(*args.one)))
        return
    results = [
        {"title": case(name, laptop=True).title, "precision": precision, **compare(name, precision, args.repeats)}
        for name in args.cases
        for precision in args.precisions
    ]
    environment = {
        "processor": processor(),
        "threads": 1,
        "torch": torch.__version__,
        "command": command_line("kept_memory", arguments),
        "date": time.strftime("%Y-%m-%d"),
    }
    write_json(RESULTS / "kept-memory.json", {"environment": environment, "results": results})
    print(table(results))


if __name__ == "__main__":
    main()

"""Times a training round of the library beside the plain loop that everyone writes.

python -m benchmarks.round_time                        all cases, default precision and fp32
python -m benchmarks.round_time --cases mlp --repeats 15

All sides run in turn in one process, so that a slow minute of the machine hits all; peak memory is measured in a
process for each. Prints a Markdown table and writes benchmarks/results/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.peak_memory import peak_memory
from benchmarks.rounds import CASES, SIDES, Round, make_round
from steadygan.training.environment import describe_environment
from steadygan.training.precision import choose_device, choose_precision

RESULTS = Path(__file__).resolve().parent / "results"
SHORTEST = 0.5  # seconds in one measurement: rounds are repeated until it is reached
WARM_UP = 3  # rounds
STEADY = 1.5  # slowest over fastest: beyond this something else was using the processor


@dataclass(frozen=True)
class Side:
    """Seconds per round over all repeats, megabytes at the peak, and how many times as long as the library."""

    median: float
    fastest: float
    slowest: float
    peak_mb: float | None
    ratio: float
    """median of the ratios of neighbouring measurements"""
    ratio_range: tuple[float, float]


@dataclass(frozen=True)
class Result:
    """One case in one precision."""

    case: str
    title: str
    precision: str
    """of the library; the plain loop is always fp32"""
    plain: Side
    same_networks: Side
    library: Side


def seconds_per_round(run: Round, rounds: int, device: torch.device) -> float:
    """The mean over some rounds."""
    _wait(device)
    start = time.perf_counter()
    for _ in range(rounds):
        run()
    _wait(device)
    return (time.perf_counter() - start) / rounds


def _wait(device: torch.device) -> None:
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()


def interleaved(sides: dict[str, Round], repeats: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds per round of each side, measured in turn; every other repeat goes backwards."""
    counts = {}
    for name, run in sides.items():
        seconds_per_round(run, WARM_UP, device)
        counts[name] = max(1, round(SHORTEST / seconds_per_round(run, 1, device)))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(repeats):
        for name in sides if repeat % 2 == 0 else reversed(sides):
            times[name].append(seconds_per_round(sides[name], counts[name], device))
    return times


def compare(name: str, precision: str, repeats: int, device: torch.device, *, memory: bool = True) -> Result:
    """All sides of a case: time in this process, memory in processes of their own."""
    case = CASES[name]
    held = choose_precision(precision, device)
    times = interleaved({side: make_round(case, side, held, device) for side in SIDES}, repeats, device)

    def summary(side: str) -> Side:
        ratios = [theirs / ours for theirs, ours in zip(times[side], times["library"], strict=True)]
        peak = peak_memory(name, side, held, str(device), torch.get_num_threads()) if memory else None
        return Side(
            median=statistics.median(times[side]),
            fastest=min(times[side]),
            slowest=max(times[side]),
            peak_mb=peak,
            ratio=statistics.median(ratios),
            ratio_range=(min(ratios), max(ratios)),
        )

    return Result(name, case.title, held, **{side: summary(side) for side in SIDES})


def table(results: Sequence[Result]) -> str:
    """Results as a Markdown table: milliseconds a round (fastest to slowest), ratios, megabytes."""

    def milliseconds(side: Side) -> str:
        return f"{1e3 * side.median:.0f} ({1e3 * side.fastest:.0f} to {1e3 * side.slowest:.0f})"

    def times(side: Side) -> str:
        return f"{side.ratio:.2f} ({side.ratio_range[0]:.2f} to {side.ratio_range[1]:.2f})"

    def megabytes(side: Side) -> str:
        return "-" if side.peak_mb is None else f"{side.peak_mb:.0f}"

    lines = [
        "| networks | precision | plain loop, ms | plain loop with our networks, ms | steadygan, ms "
        "| faster than the plain loop | than with our networks | MB: plain, steadygan |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.title} | {r.precision} | {milliseconds(r.plain)} | {milliseconds(r.same_networks)} "
        f"| {milliseconds(r.library)} | {times(r.plain)} | {times(r.same_networks)} "
        f"| {megabytes(r.plain)}, {megabytes(r.library)} |"
        for r in results
    ]
    return "\n".join(lines)


def disturbed(results: Sequence[Result]) -> list[str]:
    """A line for each measurement that something else on the machine seems to have disturbed."""
    return [
        f"note: {r.title}, {r.precision}, {name}: {side.slowest / side.fastest:.1f} times between the fastest and the "
        "slowest repeat; something else was running: measure again"
        for r in results
        for name in SIDES
        if (side := getattr(r, name)).slowest > STEADY * side.fastest
    ]


def command_line(name: str, arguments: Sequence[str] | None) -> str:
    """What was typed, with paths cut to their last two parts: a result names no machine."""
    words = [w if not Path(w).is_absolute() else "/".join(Path(w).parts[-2:]) for w in arguments or sys.argv[1:]]
    return " ".join([f"python -m benchmarks.{name}", *words])


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.round_time", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--precisions", nargs="+", choices=["auto", "fp32", "tf32", "bf16"], default=["auto", "fp32"])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=None, help="of the CPU; torch's choice where not given")
    parser.add_argument("--no-memory", action="store_true", help="measure time only")
    parser.add_argument("--name", default=None, help="of the file in benchmarks/results")
    args = parser.parse_args(arguments)

    device = choose_device(args.device)
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    results: list[Result] = []
    done: set[tuple[str, str]] = set()
    for name in args.cases:
        for precision in args.precisions:
            key = (name, choose_precision(precision, device))
            if key not in done:  # auto may be fp32 here
                done.add(key)
                results.append(compare(name, precision, args.repeats, device, memory=not args.no_memory))
                print(results[-1], file=sys.stderr, flush=True)
    environment: dict[str, Any] = {
        **describe_environment(device, "several"),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "command": command_line("round_time", arguments),
        "date": time.strftime("%Y-%m-%d"),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{args.name or f'rounds-{device.type}'}.json"
    path.write_text(json.dumps({"environment": environment, "results": [asdict(r) for r in results]}, indent=2) + "\n")
    print(table(results))
    print(*disturbed(results), sep="\n")
    print(f"\nwritten: {path}")


if __name__ == "__main__":
    main()

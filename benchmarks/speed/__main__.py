"""Times training rounds against a plain PyTorch loop, engine by engine: the command line of this benchmark.

python -m benchmarks.speed [--cases NAME ...] [--slopes] [--overhead [MINUTES]] [--help]
"""

from __future__ import annotations

import argparse
import math
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from benchmarks.common import command_line
from benchmarks.speed.cases import NAMES
from benchmarks.speed.pieces import ENGINES, Options, bench
from benchmarks.speed.table import show
from steadygan.cli.parser import Parser, at_least, minutes
from steadygan.errors import SteadyganError, UsageError

OVERHEAD_MINUTES = 3.0
TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, writes the figures into a file and prints them; returns the exit code."""
    try:
        _run(list(sys.argv[1:] if arguments is None else arguments))
    except SteadyganError as error:
        print(f"benchmarks.speed: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _run(arguments: Sequence[str]) -> None:
    parser = Parser(
        "bench",
        "Times training rounds side by side with a plain loop in float32, engine by engine, and writes the figures "
        "with device and versions into a JSON file. Figures already in the file are kept, so that the same command "
        "continues where it stopped. Measure on an otherwise idle machine, or see --clock.",
    )
    parser.prog = "python -m benchmarks.speed"
    _add_selection(parser)
    _add_measurement(parser)
    values = parser.parse(arguments)
    alone = values.slopes or values.overhead is not None
    options = Options(
        cases=values.cases if values.cases is not None else () if alone else NAMES,
        slopes=values.slopes,
        overhead=values.overhead,
        data=values.data,
        engines=values.engines,
        precisions=values.precision,
        laptop=values.laptop,
        device=values.device,
        threads=values.threads,
        clock=values.clock,
        repeats=values.repeats,
        seconds=values.seconds,
        minutes=values.minutes,
        memory=values.memory,
        same_networks=values.same_networks,
        out=None if values.out is None else Path(values.out),
    )
    command = command_line("speed", [shlex.quote(word) for word in arguments])
    results = bench(options, command, lambda line: print(line, file=sys.stderr, flush=True))
    show(results.data)
    print(f"written: {results.path}")


def _add_selection(parser: Parser) -> None:
    parser.add_argument("--cases", nargs="+", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--slopes", action="store_true", help="cost against batch, pixels, width and n_critic instead")
    parser.add_argument(
        "--overhead",
        nargs="?",
        type=minutes,
        const=OVERHEAD_MINUTES,
        metavar="MINUTES",
        help="what a real training of MINUTES spends on data, logging, pictures and checkpoints instead (default: 3)",
    )
    parser.add_argument("--data", default="digits", metavar="SOURCE", help="of that training (default: digits)")
    parser.add_argument(
        "--engines",
        nargs="+",
        metavar="NAME",
        help=f"{', '.join(ENGINES)} (default: eager, and on a GPU all); the first is that of slopes and overhead",
    )
    parser.add_argument(
        "--precision",
        nargs="+",
        metavar="P",
        default=["auto", "fp32"],
        help="of the library's side: auto, fp32, tf32, bf16 (default: auto fp32); the first is that of slopes and "
        "overhead",
    )
    parser.add_argument(
        "--laptop",
        action=argparse.BooleanOptionalAction,
        help="narrower networks, for minutes on two cores (default: on a CPU); --no-laptop: the recipes' sizes",
    )
    parser.add_argument(
        "--same-networks", action="store_true", help="also the plain loop with the library's own layers"
    )
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="time only")


def _add_measurement(parser: Parser) -> None:
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda (default: auto)")
    parser.add_argument(
        "--threads",
        type=at_least(1),
        metavar="N",
        help="of the CPU, for all (default: torch's choice for the plain loop, a run's choice for the library)",
    )
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: the processor's time over all threads, for a machine that others use as well; best with --threads 1 "
        "(default: wall)",
    )
    parser.add_argument("--repeats", type=at_least(2), default=5, metavar="N", help="of each side (default: 5)")
    parser.add_argument(
        "--seconds", type=_seconds, default=0.5, metavar="S", help="of one measurement, at least (default: 0.5)"
    )
    parser.add_argument("--minutes", type=minutes, metavar="M", help="no new measurement is begun after M minutes")
    parser.add_argument("--out", metavar="FILE.json", help="the file (default: bench-DEVICE.json in this folder)")


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"got '{text}'; seconds have to be a number from 0 on")
    return number


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)  # so that the process with the plain loop ends, too


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    raise SystemExit(main())

"""``steadygan bench``: how fast rounds are here, beside the plain loop, and what a training spends beside its steps."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args, get_type_hints

from steadygan.bench.cases import NAMES
from steadygan.cli.parser import Parser, at_least, minutes
from steadygan.recipe import RunOptions

OVERHEAD_MINUTES = 3.0
ENGINES = [name for name in get_args(get_type_hints(RunOptions)["engine"]) if name != "auto"]


def run(arguments: Sequence[str]) -> int:
    """Measures, keeps and prints."""
    parser = Parser(
        "bench",
        "Times training rounds side by side with a plain loop in float32, engine by engine, and writes the figures "
        "with device and versions into a JSON file. What the file holds already is left alone, so that the same "
        "command goes on. Measure on an otherwise idle machine, or see --clock.",
    )
    _what(parser)
    _how(parser)
    values = parser.parse(arguments)
    from steadygan.bench.results import typed
    from steadygan.bench.running import Options, bench
    from steadygan.bench.table import show

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
    command = typed(["steadygan", "bench", *map(shlex.quote, arguments)])
    results = bench(options, command, lambda line: print(line, file=sys.stderr, flush=True))
    show(results.data)
    print(f"written: {results.path}")
    return 0


def _what(parser: Parser) -> None:
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
        "--same-networks", action="store_true", help="the plain loop around the library's own layers, too"
    )
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="time only")


def _how(parser: Parser) -> None:
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
        help="cpu: the processor's time over all threads, for a machine that others use too; best with --threads 1 "
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

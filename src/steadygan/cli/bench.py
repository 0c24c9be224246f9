"""``steadygan bench``: which engine and precision is fastest for a recipe on this machine, and what a round costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from steadygan import api
from steadygan.cli import overrides, positionals
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import Parser, add_kinds, at_least
from steadygan.cli.train import prepare, try_changes
from steadygan.errors import unknown_name
from steadygan.kinds import import_kinds
from steadygan.system import progress
from steadygan.system.terminal import console

WIDTH = 110  # of an output other than a terminal


def run(arguments: Sequence[str]) -> int:
    """Times rounds and prints the table; returns the exit code."""
    parser = _parser()
    rest, changes = overrides.split(arguments, parser.options)
    values = parser.parse(rest)
    if values.out is not None:
        check_new_file(Path(values.out), overwrite=values.overwrite)
    changes += positionals.place(values)
    changes += [overrides.setting(text) for text in values.set]
    changes, named = overrides.own_parts(changes)
    values.kinds = (*import_kinds(values.kinds), *named)
    base = None if values.recipe is None else api.read_recipe(values.recipe, values.kinds)
    trial = try_changes(base, changes, parser, values.kinds)
    from steadygan.system.device import choose_device, choose_precision
    from steadygan.system.files import write_json
    from steadygan.training.benchmark import available_engines, benchmark
    from steadygan.training.engines.base import EngineName
    from steadygan.training.setup import SetupBuilder

    device = choose_device(values.device)
    for name in values.engines or ():
        if name not in get_args(EngineName):
            raise unknown_name("engine", name, get_args(EngineName))
    precisions = list(dict.fromkeys(choose_precision(name, device) for name in values.precisions))
    engines = list(dict.fromkeys(values.engines or available_engines(device)))
    ready = prepare(base, trial, changes, values, parser)
    builder = SetupBuilder(ready.recipe, ready.dataset, device)
    figures = benchmark(builder, engines, precisions, values.repeats, say=progress.tell)
    if values.out is not None:
        write_json(Path(values.out), figures)
    if values.json:
        print_json("bench", figures["entries"], **{key: of_all for key, of_all in figures.items() if key != "entries"})
        return 0
    _show(figures)
    if values.out is not None:
        print(f"written: {values.out}")
    return 0


def _parser() -> Parser:
    parser = Parser(
        "bench",
        "Times training rounds of a recipe with each engine in each precision, side by side, after gradients were "
        "checked against eager ones. Fields of the recipe are set as for 'steadygan train'.",
    )
    parser.usage = (
        "steadygan bench [RECIPE | FILE.yaml] [--data SOURCE] [--engines NAME ...] [--precisions P ...]\n"
        "                       [--device D] [--repeats N] [--out FILE.json] [PART:KIND ...] [--FIELD VALUE ...]"
    )
    add = parser.add_argument
    add("words", nargs="*", metavar="RECIPE, DATA", help="a recipe's name or YAML file, and data, as for train")
    add("--data", metavar="SOURCE", help="a path or a name, such as digits (default: the recipe's)")
    add("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    engines = "of eager, compiled, graph, compiled-graph (default: all that the device can have)"
    add("--engines", nargs="+", metavar="NAME", help=engines)
    precisions = "of fp32, tf32, bf16, auto (default: fp32 auto)"
    add("--precisions", nargs="+", metavar="P", default=["fp32", "auto"], help=precisions)
    add("--repeats", type=at_least(2), default=5, metavar="N", help="of each measurement, a second each (default: 5)")
    add("--out", metavar="FILE.json", help="also writes the figures into a file")
    add_overwrite(parser)
    add_json(parser)
    add("--set", action="append", default=[], metavar="PATH=YAML", help="any field, as YAML (repeatable)")
    add_kinds(parser)
    parser.set_defaults(minutes=None, epochs=None, weights_from=None, keep_schedules=False)
    return parser


def _show(figures: Mapping[str, Any]) -> None:
    """Prints the figures as a table, and refused engines below it."""
    from rich.table import Table

    print("{recipe} on {data}; {device}, torch {torch}, CPU threads: {threads}".format(**figures))
    table = Table("engine", "precision")
    for title in ("ms a round (range)", "samples/s", "eager fp32 = 1", "peak MB"):
        table.add_column(title, justify="right")
    for entry in figures["entries"]:
        if "refused" not in entry:
            median, fastest, slowest = (f"{ms:.3g}" if ms < 100 else f"{ms:,.0f}" for ms in entry["ms"])
            optional = [(entry["speedup"], ".2f"), (entry["peak_mb"], ",.0f")]
            table.add_row(
                entry["engine"],
                entry["precision"],
                f"{median} ({fastest} to {slowest})",
                f"{entry['images_per_second']:,.0f}",
                *("-" if value is None else format(value, form) for value, form in optional),
            )
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDTH
    screen.print(table)
    for entry in figures["entries"]:
        if "refused" in entry:
            print(f"refused: {entry['engine']}, {entry['precision']}: {entry['refused']}")

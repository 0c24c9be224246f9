"""The options by which a command chooses what draws samples: a run, its checkpoint and weights, classes, truncation."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan import api
from steadygan.cli.parser import ROUND, Parser, add_kinds, at_least, chosen_round, round_or_best
from steadygan.kinds import check_used, import_kinds

if TYPE_CHECKING:
    from steadygan.run import Run
    from steadygan.run.sampling import Options

MOST_NAMED = 20
"""classes in the name of a file"""


def add_run(parser: Parser) -> None:
    """Adds the run."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")


def add_drawing(parser: Parser) -> None:
    """Adds the options."""
    add = parser.add_argument
    seed = "of the latents (default: a new one each time, which is printed; 0 with --invert, --directions)"
    add("--seed", type=at_least(0), metavar="S", help=seed)
    add(
        "--class",
        dest="classes",
        action="append",
        metavar="C",
        help="a class, by number or name, or several with commas between them (repeatable): conditional recipes",
    )
    add(
        "--truncation",
        type=float,
        metavar="T",
        help="more typical samples, less variety: latents within T only, such as 0.5; of style-based generators, "
        "styles T times as far from their mean, 0 to 1 (default: the whole prior)",
    )
    add("--raw", action="store_true", help="the trained weights, not their running average")
    add("--round", type=round_or_best, metavar="R", help=ROUND)
    add_kinds(parser)


@dataclass(frozen=True)
class Drawing:
    """What draws: a run, with the options of its methods."""

    run: Run
    options: Options
    round: int
    """of the checkpoint, also where none was named"""
    seed: int
    drawn: bool
    """True if no seed was named"""
    marks: str
    """what in the name of a file tells of the options, seed and round included"""

    @property
    def source(self) -> str:
        """The run and the round of its checkpoint, for people."""
        return f"{self.run.folder}, round {self.round:,}"


def chosen(values: argparse.Namespace, *, of_styles: bool = False) -> Drawing:
    """What the options choose; its checkpoint is there, and its generator takes the truncation.

    of_styles: a truncation is of styles whatever the generator is, which refuses it where it has none

    Raises:
        UsageError, RunError: one line.
    """
    from steadygan.run.styles import has_styles

    run = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(run.kinds, run.recipe)
    round_ = chosen_round(run, values.round)
    classes = None if values.classes is None else run.class_numbers(values.classes)
    psi = values.truncation if of_styles or has_styles(run.recipe) else None
    if values.truncation is not None and psi is None:
        run = run.truncated(values.truncation)
    seed = secrets.randbelow(2**31) if values.seed is None else values.seed
    options: Options = {
        "label": classes,
        "weights": "raw" if values.raw else "average",
        "round_": round_,
        "truncation": psi,
    }
    marks = f"round-{round_}-seed-{seed}"
    marks += marks_of_weights(classes, values.raw)
    marks += "" if values.truncation is None else f"-truncation-{values.truncation:g}"
    return Drawing(run, options, round_, seed, values.seed is None, marks)


def marks_of_weights(classes: Sequence[int] | None, raw: bool) -> str:
    """What in the name of a file tells of classes and raw weights."""
    named = "" if classes is None else "-class-" + "-".join(map(str, classes[:MOST_NAMED]))
    return named + ("-raw" if raw else "")


def need_styles(drawing: Drawing, what: str) -> None:
    """Raises UsageError, before anything is written, for a generator without styles and for psi out of range.

    what: the option that needs them
    """
    from steadygan.run.styles import style_based, truncated

    network = drawing.run.generator_of(drawing.options["weights"], drawing.round)
    style_based(network, what)
    with truncated(network, drawing.options["truncation"]):
        pass

"""``steadygan resume``: continues or extends a run, with other rates or settings from here on if asked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from steadygan import api
from steadygan.cli import ending, overrides
from steadygan.cli.overrides import Change
from steadygan.cli.parser import Parser, add_kinds, at_least, more_rounds, round_number
from steadygan.errors import UsageError
from steadygan.kinds import check_used, import_kinds
from steadygan.recipe import Recipe
from steadygan.run import Run
from steadygan.system.graphics import choice as graphics
from steadygan.system.words import counted


def run(arguments: Sequence[str]) -> int:
    """Resumes; returns the exit code."""
    parser = _parser()
    rest, changes = overrides.split(arguments, parser.options)
    values = parser.parse(rest)
    graphics.check(values.pictures, os.environ)
    changes = [*_short(values), *changes]  # --lr first: an option of one optimizer counts more
    loaded = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(loaded.kinds, loaded.recipe)
    start = loaded.rounds_done if values.from_round is None else values.from_round
    if values.from_round is None and start >= loaded.recipe.rounds and not values.rounds:
        return _finished(loaded, values, changes)

    def change(recipe: Recipe) -> Recipe:
        return overrides.apply(recipe, changes, parser.options)

    observers = ending.observers(values.track, values.pictures)
    overrides.apply(loaded.recipe, changes, parser.options)  # before the data is opened, which may take long
    print(f"run {loaded.folder}: round {start:,} of {loaded.recipe.rounds + values.rounds:,}", flush=True)
    return ending.carry_out(
        loaded.folder,
        lambda: api.resume(
            loaded,
            more_rounds=values.rounds,
            change=change,
            from_round=values.from_round,
            data=values.data,
            device=values.device,
            observers=observers,
        ),
        loaded.kinds,
        observers,
    )


def _finished(loaded: Run, values: argparse.Namespace, changes: Sequence[Change]) -> int:
    given = (
        [change.typed for change in changes] + ["--data"] * (values.data is not None) + ["--track"] * bool(values.track)
    )
    if given:
        raise UsageError(
            f"{loaded.folder} is finished, so {given[0]} has nothing to change: --rounds +N goes on for N rounds more"
        )
    print(f"{loaded.folder} is finished: {counted(loaded.rounds_done, 'round')}")
    ending.print_results(loaded)
    return 0


def _short(values: argparse.Namespace) -> list[Change]:
    """The changes of the short options."""
    changes = [overrides.setting(text) for text in values.set]
    if values.lr is not None:
        changes += [Change((f"{player}_optimizer", "lr"), values.lr, "--lr") for player in ("critic", "generator")]
    if values.on_trouble is not None:
        changes.append(Change(("run", "on_trouble"), values.on_trouble, "--on-trouble"))
    if values.micro_batch is not None:
        changes.append(Change(("run", "micro_batch"), str(values.micro_batch), "--micro-batch"))
    return changes


def _parser() -> Parser:
    parser = Parser(
        "resume",
        "Continues a run from its last checkpoint, as if it had never stopped. Rates, penalty weights, precision and "
        "the fields of run can change from here on, such as --critic-optimizer.lr 1e-5 or --run.checkpoint-every 500; "
        "history.jsonl records it.",
    )
    parser.usage = (
        "steadygan resume [RUN] [--rounds +N] [--from-round R] [--data SOURCE] [--lr RATE] [--micro-batch N]\n"
        "                        [--on-trouble HOW] [--device D] [--track NAME] [--pictures HOW]\n"
        "                        [--kinds MODULE:NAME] [--FIELD VALUE ...] [--set PATH=YAML ...]"
    )
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    add("--rounds", type=more_rounds, default=0, metavar="+N", help="extends the run by N rounds")
    add(
        "--from-round",
        type=round_number,
        metavar="R",
        help="goes on from the checkpoint of this round, and drops what came after it (default: the last)",
    )
    add("--data", metavar="SOURCE", help="where the run's data is now, if it has moved: it has to be the same data")
    add("--lr", metavar="RATE", help="the learning rate of both optimizers")
    add("--micro-batch", type=at_least(1), metavar="N", help="samples per forward pass, for less memory")
    add("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    add("--on-trouble", metavar="HOW", help="advise, rollback or restart: what follows a training that goes wrong")
    add("--track", action="append", default=[], metavar="NAME", help="wandb, mlflow, ... (repeatable)")
    ending.add_pictures(parser)
    add_kinds(parser)
    add("--set", action="append", default=[], metavar="PATH=YAML", help="a field, as YAML (repeatable)")
    return parser

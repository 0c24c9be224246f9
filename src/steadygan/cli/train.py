"""``steadygan train``: a recipe, data, and any field of the recipe."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from steadygan import api
from steadygan.cli import ending, overrides
from steadygan.cli.decoding import Decoding
from steadygan.cli.overrides import Change
from steadygan.cli.parser import Parser, add_kinds, minutes
from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.kinds import Kind, check_used, import_kinds
from steadygan.recipe import Recipe, fitted
from steadygan.recipes import listed, text, wgan_gp
from steadygan.run import find_run, new_folder
from steadygan.types import SampleSpec

Base = Recipe | Callable[[SampleSpec], Recipe] | None

STAND_INS = (
    *(SampleSpec(shape, classes) for shape in ((3, 32, 32), (1, 8, 8), (2,)) for classes in (0, 10)),
    SampleSpec((64, 32)),
    SampleSpec((1, 64), kind="signal"),
)
"""sample shapes that options are checked on before the data is opened, which may take long"""


def run(arguments: Sequence[str]) -> int:
    """Trains; returns the exit code."""
    parser = _parser()
    rest, changes = overrides.split(arguments, parser.options)
    values = parser.parse(rest)
    if values.weights_from is not None:
        values.weights_from = find_run(values.weights_from)
    changes += [overrides.setting(text) for text in values.set]
    if values.engine is not None:
        changes.append(Change(("run", "engine"), values.engine, "--engine"))
    if values.data is not None:
        changes.append(data_change(values.data))
    changes, named = overrides.own_networks(changes)
    values.kinds = (*import_kinds(values.kinds), *named)
    base = _base(values)
    trial = try_changes(base, changes, parser, values.kinds)
    if values.help:
        print(_help(parser, values.recipe, trial))
        return 0
    check_used(values.kinds, trial)
    ready = prepare(base, trial, changes, values, parser)
    observers = api.default_observers(trackers=values.track)
    folder = Path(values.out) if values.out else new_folder(f"{ready.recipe.name}-{ready.dataset.name}")
    print(f"run {folder}: {ready.recipe.name} on {ready.dataset.name}", flush=True)
    return ending.carry_out(
        folder,
        lambda: api.train_prepared(
            ready, folder, device=values.device, observers=observers, weights_from=values.weights_from
        ),
        values.kinds,
    )


def prepare(
    base: Base, trial: Recipe, changes: Sequence[Change], values: argparse.Namespace, parser: Parser
) -> api.Prepared:
    """The opened data and its complete recipe; prints what was chosen if no recipe was named."""
    from steadygan.system.device import choose_device, choose_precision

    rounds_given = any(change.path == ("rounds",) for change in changes)
    if values.minutes is not None and rounds_given:
        raise UsageError("--minutes and --rounds both say how long to train; give one of them")
    if values.keep_schedules and not rounds_given:
        raise UsageError("--keep-schedules is for --rounds, which moves decays and warm-ups with it; name both")
    choose_precision(trial.run.precision, choose_device(values.device))  # before the data, which may take long
    options = trial.data if values.weights_from is None else _with_shape_of(values.weights_from, trial.data)
    flip_given = any(
        change.path == ("data", "flip") or (change.path == ("data",) and "flip" in str(change.text))
        for change in changes
    )
    ready = api.prepare(base, options, device=values.device, progress=Decoding(), may_mirror=not flip_given)
    inside = [change for change in changes if change.path not in (("data",), ("data", "source"))]
    made = ready.recipe
    if rounds_given and not values.keep_schedules:  # before other changes: a decay that is named stays as it was typed
        of_length = [change for change in inside if change.path == ("rounds",)]
        made = fitted(made, overrides.apply(made, of_length, parser.options, values.kinds).rounds)
    for line in ready.reasons:
        print(f"chosen: {line}")
    given = [f"{change.typed} {change.text or True}" for change in inside]
    if values.minutes is not None:
        given.insert(0, f"--minutes {values.minutes:g}")
    if ready.reasons and given:
        print(f"overridden: {', '.join(given)}")
    return dataclasses.replace(
        ready,
        recipe=overrides.apply(made, inside, parser.options, values.kinds),
        minutes=values.minutes or (None if rounds_given else ready.minutes),
    )


def _parser() -> Parser:
    parser = Parser("train", "Trains a recipe on data, and writes a run folder.", add_help=False)
    parser.usage = (
        "steadygan train [RECIPE | FILE.yaml] [--data SOURCE] [--out DIR] [--minutes N] [--device D] [--from RUN]\n"
        "                       [--track NAME] [PART:KIND ...] [--FIELD VALUE ...] [--set PATH=YAML ...]"
    )
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="a name (steadygan recipes) or a YAML file")
    parser.add_argument("--data", metavar="SOURCE", help="a path or a name, such as digits (default: the recipe's)")
    parser.add_argument("--out", metavar="DIR", help="the run's folder (default: runs/RECIPE-DATA)")
    parser.add_argument("--minutes", type=minutes, metavar="N", help="fits rounds and schedules to a time")
    parser.add_argument(
        "--keep-schedules", action="store_true", help="--rounds cuts decays and warm-ups off in place of moving them"
    )
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--engine", metavar="E", help="auto, eager, compiled or graph: how steps are executed")
    parser.add_argument(
        "--from", dest="weights_from", metavar="RUN", help="starts from the weights (and the recipe) of a run"
    )
    parser.add_argument("--track", action="append", default=[], metavar="NAME", help="wandb, mlflow, ... (repeatable)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=YAML", help="any field, as YAML (repeatable)"
    )
    add_kinds(parser)
    parser.add_argument("--help", "-h", action="store_true", help="this help, with every field of the recipe")
    return parser


def _base(values: argparse.Namespace) -> Base:
    if values.recipe is not None:
        return api.read_recipe(values.recipe, values.kinds)
    if values.weights_from is None:
        return None
    earlier = api.load(values.weights_from, kinds=values.kinds).recipe
    # its intervals are those of a run of another length
    run = dataclasses.replace(earlier.run, log_every=None, picture_every=None, checkpoint_every=None)
    return dataclasses.replace(earlier, run=run)


def data_change(text: str) -> Change:
    """``--data SOURCE`` is short for ``--data.source SOURCE``; ``--data '{source: ..., size: 32}'`` sets more."""
    return Change(("data",) if text.lstrip().startswith("{") else ("data", "source"), text, "--data")


def try_changes(base: Base, changes: Sequence[Change], parser: Parser, kinds: Sequence[Kind] = ()) -> Recipe:
    """The recipe with the changes for some sample shape, without opening the data.

    Raises:
        UsageError: for changes that fit the recipe of no sample shape.
    """
    if isinstance(base, Recipe):
        return overrides.apply(base, changes, parser.options, kinds)
    problem: UsageError | None = None
    for sample in STAND_INS:
        try:
            make = base or (text if sample.is_text else wgan_gp)
            return overrides.apply(make(sample), changes, parser.options, kinds)
        except UsageError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _with_shape_of(run: Path, options: DataOptions) -> DataOptions:
    """Data options with the sample shape of a run's weights as the default."""
    spec = api.load(run).sample_spec
    if spec.is_text:
        return dataclasses.replace(options, length=options.length or spec.shape[1])
    if not spec.is_picture:
        return options
    channels, _, size = spec.shape
    return dataclasses.replace(options, size=options.size or size, channels=options.channels or channels)


def _help(parser: Parser, name: str | None, recipe: Recipe) -> str:
    from steadygan.cli.fields import help_lines

    width = min(110, shutil.get_terminal_size((100, 24)).columns)
    fields = "\n".join(help_lines(recipe, width))
    named = f"recipe {name}" if name else "recipe wgan-gp ('steadygan train RECIPE --help' for another)"
    return f"""{parser.format_help()}
recipes: {", ".join(listed())}

Every field of the {named}, for {"its data" if name and "." in name else "pictures of 32 px"}:

{fields}
"""

"""``steadygan train``: a recipe, data, and any field of the recipe."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from steadygan import api, default_recipe
from steadygan.cli import ending, epochs, overrides, positionals, topics, verbosity
from steadygan.cli.outputs import check_new_run, check_new_runs
from steadygan.cli.overrides import Change
from steadygan.cli.parser import LARGEST_WIDTH, Parser, add_kinds, minutes, positive
from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.kinds import Kind, check_used, import_kinds
from steadygan.recipe import Recipe, fitted
from steadygan.recipes import by_name
from steadygan.run import RUNS, find_run, new_folder
from steadygan.system import started
from steadygan.system.terminal import raw_of, width_of
from steadygan.system.words import wrapped
from steadygan.types import SampleSpec

FIELDS = ("--rounds N", "--batch N", "--seed N", "--data.size PIXELS", "--critic-steps N", "--run.checkpoint-every N")
"""often set, as the help has them"""
Base = Recipe | Callable[[SampleSpec], Recipe] | None

STAND_INS = (
    *(SampleSpec(shape, classes) for shape in ((3, 32, 32), (1, 8, 8), (2,)) for classes in (0, 10)),
    SampleSpec((64, 32)),
    SampleSpec((1, 64), kind="signal"),
)
"""sample shapes that options are checked on before the data is opened, which may take long"""


def run(arguments: Sequence[str]) -> int:
    """Trains; returns the exit code."""
    began = started.began()
    parser = _parser()
    words, topic = topics.split_help(arguments, list(by_name()))
    rest, changes = overrides.split(words, parser.options)
    values = parser.parse(rest)
    changes += positionals.place(values)
    if values.weights_from is not None:
        path = Path(values.weights_from)
        values.weights_from = path if path.is_file() else find_run(values.weights_from)
    changes += [overrides.setting(text) for text in values.set]
    if values.engine is not None:
        changes.append(Change(("run", "engine"), values.engine, "--engine"))
    if values.on_trouble is not None:
        changes.append(Change(("run", "on_trouble"), values.on_trouble, "--on-trouble"))
    changes, named = overrides.own_parts(changes)
    values.kinds = (*import_kinds(values.kinds), *named)
    base = base_of(values)
    trial = try_changes(base, changes, parser, values.kinds)
    if topic is not None:
        print(_help(parser, values.recipe, trial, topic))
        return 0
    check_used(values.kinds, trial)
    if values.out:
        check_new_run(Path(values.out))
    else:
        check_new_runs(RUNS)
    observers = ending.observers(values.track, values.pictures)
    ready = dataclasses.replace(prepare(base, trial, changes, values, parser), began=began)
    folder = Path(values.out) if values.out else new_folder(f"{ready.recipe.name}-{ready.dataset.name}")
    print(f"run {folder}: {ready.recipe.name} on {ready.dataset.name}", flush=True)
    return ending.carry_out(
        folder,
        lambda: api.train_prepared(
            ready, folder, device=values.device, observers=observers, weights_from=values.weights_from
        ),
        values.kinds,
        observers,
    )


def prepare(
    base: Base, trial: Recipe, changes: Sequence[Change], values: argparse.Namespace, parser: Parser
) -> api.Prepared:
    """The opened data and its complete recipe; prints what was chosen if no recipe was named."""
    from steadygan.system.device import choose_device, choose_precision

    rounds_given = any(change.path == ("rounds",) for change in changes)
    lengths = (("--minutes", values.minutes), ("--rounds", rounds_given or None), ("--epochs", values.epochs))
    given = [name for name, value in lengths if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} both say how long to train; give one of them")
    if values.keep_schedules and not (rounds_given or values.epochs):
        raise UsageError("--keep-schedules is for --rounds, which moves decays and warm-ups with it; name both")
    choose_precision(trial.run.precision, choose_device(values.device))  # before the data, which may take long
    of_file = values.weights_from is None or values.weights_from.is_file()
    options = trial.data if of_file else _with_shape_of(values.weights_from, trial.data)
    flip_given, alpha_given = (
        any(
            change.path == ("data", field) or (change.path == ("data",) and field in str(change.text))
            for change in changes
        )
        for field in ("flip", "alpha")
    )
    ready = api.prepare(
        base,
        options,
        device=values.device,
        may_mirror=not flip_given,
        may_keep_alpha=not alpha_given,
        minutes=math.inf if rounds_given or values.epochs else values.minutes,
    )
    inside = [change for change in changes if change.path not in (("data",), ("data", "source"))]
    verbosity.say(*(f"chosen: {line}" for line in ready.reasons))
    given = [f"{change.typed} {change.text or True}" for change in inside]
    if values.minutes is not None:
        given.insert(0, f"--minutes {values.minutes:g}")
    if ready.reasons and given:
        verbosity.say(f"overridden: {', '.join(given)}")
    if values.epochs is not None:
        recipe = overrides.apply(ready.recipe, inside, parser.options, values.kinds)
        rounds = epochs.rounds_of(values.epochs, recipe, ready.dataset)
        verbosity.say(epochs.explained(values.epochs, rounds, recipe, ready.dataset))
        inside.append(Change(("rounds",), str(rounds), "--epochs"))
    made, of_length = ready.recipe, [change for change in inside if change.path == ("rounds",)]
    if of_length and not values.keep_schedules:  # before other changes: a decay that is named stays as it was typed
        made = fitted(made, overrides.apply(made, of_length, parser.options, values.kinds).rounds)
    recipe = overrides.apply(made, inside, parser.options, values.kinds)
    return dataclasses.replace(ready, recipe=recipe, minutes=values.minutes or (None if of_length else ready.minutes))


def _parser() -> Parser:
    parser = Parser("train", "Trains a recipe on data, and writes a run folder.", add_help=False)
    parser.usage = (
        "steadygan train [RECIPE | FILE.yaml] [DATA] [--minutes N] [--out DIR] [--FIELD VALUE ...] [PART:KIND ...]"
    )
    add = parser.add_argument
    add(
        "words",
        nargs="*",
        metavar="RECIPE, DATA",
        help="a recipe's name or YAML file (default: chosen for the data), and a folder, file or name of data "
        "(default: digits)",
    )
    add("--data", metavar="SOURCE", help="the data: a path or a name, such as digits (default: the recipe's)")
    add("--out", metavar="DIR", help="the run's folder (default: runs/RECIPE-DATA)")
    add("--minutes", type=minutes, metavar="N", help="fits rounds and schedules to a time for the whole command")
    add("--keep-schedules", action="store_true", help="--rounds cuts decays and warm-ups off in place of moving them")
    add("--epochs", type=positive, metavar="N", help="as many rounds as see the data N times")
    add("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    add("--engine", metavar="E", help="auto, eager, compiled, graph or compiled-graph: how steps run")
    add(
        "--from",
        dest="weights_from",
        metavar="RUN|FILE",
        help="starts from the weights (and the recipe) of a run, or a file",
    )
    add("--on-trouble", metavar="HOW", help="advise, rollback or restart: what follows a training that goes wrong")
    add("--track", action="append", default=[], metavar="NAME", help="wandb, mlflow, ... (repeatable)")
    add("--set", action="append", default=[], metavar="PATH=YAML", help="any field, as YAML (repeatable)")
    ending.add_pictures(parser)
    add_kinds(parser)
    add("--help", "-h", metavar="TOPIC", nargs="?", help="this help, or that of a topic below")
    return parser


def base_of(values: argparse.Namespace) -> Base:
    """The recipe, or the function that makes it for the data; None: it is chosen for the data."""
    if values.recipe is not None:
        return api.read_recipe(values.recipe, values.kinds)
    if values.weights_from is None or values.weights_from.is_file():
        return None
    earlier = api.load(values.weights_from, kinds=values.kinds).recipe
    # its intervals are those of a run of another length
    run = dataclasses.replace(earlier.run, log_every=None, picture_every=None, checkpoint_every=None)
    return dataclasses.replace(earlier, run=run)


def try_changes(base: Base, changes: Sequence[Change], parser: Parser, kinds: Sequence[Kind] = ()) -> Recipe:
    """The recipe with the changes for some sample shape, without opening the data.

    Without a recipe, one of those that are chosen among: which one, the data says.

    Raises:
        UsageError: for changes that fit the recipe of no sample shape.
    """
    if isinstance(base, Recipe):
        return overrides.apply(base, changes, parser.options, kinds)
    problem: UsageError | None = None
    for make, sample in itertools.product((base,) if base else default_recipe.RECIPES, STAND_INS):
        try:
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
    channels, *sides = spec.shape
    return dataclasses.replace(options, size=options.size or min(sides), channels=options.channels or channels)


def _help(parser: Parser, name: str | None, recipe: Recipe, topic: str) -> str:
    width = min(LARGEST_WIDTH, width_of(raw_of(sys.stdout)) - 1)
    named = f"recipe {name}" if name else "recipe wgan-gp ('steadygan train RECIPE --help' for another)"
    spelled = f"the {named}, for {'its data' if name and '.' in name else 'pictures of 32 px'}"
    if topic:
        shown = topics.topic_lines(recipe, topic, width)
        head = [] if topic == topics.RECIPES else [f"'{topic}' in {spelled}:", ""]
        return "\n".join([*(line for text in head for line in wrapped(text, width)), *shown])
    often = [*FIELDS, *(f"--{path}" for path in ("generator-optimizer.lr", "critic-optimizer.lr"))]
    text = (
        "Every field of a recipe is an option: --FIELD VALUE sets it, PART:KIND chooses the kind of a part, such as "
        f"critic:resnet-critic. Often: {', '.join(often)}. Options of other programs, such as --batch-size or --lr, "
        "are taken where they mean the same."
    )
    lines = [
        parser.format_help(),
        *wrapped(text, width),
        "",
        *wrapped(f"--help TOPIC lists the fields of a part of {spelled}:", width),
        "",
        *topics.overview(recipe, width),
    ]
    return "\n".join(lines)

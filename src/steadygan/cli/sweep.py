"""``steadygan sweep``: a grid over the fields of a recipe, each setting with several seeds, compared by intervals."""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from steadygan.cli import habits, overrides, positionals, study, train, verbosity
from steadygan.cli.overrides import Change
from steadygan.cli.parser import Parser, add_kinds, at_least
from steadygan.errors import UsageError, enumerated
from steadygan.kinds import check_used, import_kinds

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.studies.definition import Definition
    from steadygan.studies.sweep import Point, Sweep
    from steadygan.studies.trial import Setting

MOST = 1_000
"""settings of a grid"""
LONG = 3600.0
"""seconds of a sweep whose length nobody named, above which it is not started by accident"""
_GRID = re.compile(r"([A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_NOT_SWEPT = {"seed": "--seeds N trains each setting with N seeds", "data": "numbers on other data do not compare"}


def run(arguments: Sequence[str]) -> int:
    """Carries out a sweep; returns the exit code."""
    parser = _parser()
    words, grid = _split_grid(arguments, parser)
    rest, fixed = overrides.split(words, parser.options)
    values = parser.parse(rest)
    fixed += positionals.place(values)
    fixed += [overrides.setting(text) for text in values.set]
    values.kinds = import_kinds(values.kinds)
    if values.rounds is not None:
        if values.minutes is not None:
            raise UsageError("--rounds and --minutes both say how long to train; give one of them")
        fixed.append(Change(("rounds",), str(values.rounds), "--rounds"))
    if values.recipe is None:
        raise UsageError("a sweep needs a recipe: steadygan sweep RECIPE 'FIELD=VALUE,VALUE' --data DATA")
    if not grid:
        raise UsageError("a sweep needs a field with values: steadygan sweep RECIPE 'critic-steps=1,5' --data DATA")
    from steadygan.studies import session
    from steadygan.studies.definition import Definition
    from steadygan.studies.device import settled

    device = settled(values.device)
    made = _sweep(values, fixed, grid, parser)
    definition = Definition("sweep", "laptop", tuple(range(values.seeds)), device=device, sweep=made)
    if values.plan:
        return study.print_plan(definition, values)
    named_length = values.minutes is not None or values.rounds is not None
    if not (named_length or values.yes or session.is_begun(definition, values.out)):
        _check_length(definition, values)
    folder = session.opened(definition, values.out, minutes=values.minutes, workers=values.workers, say=verbosity.say)
    return study.carry_out(folder, values)


def _parser() -> Parser:
    parser = Parser(
        "sweep",
        "Trains a recipe with each setting of a grid and several seeds, and compares the samples: the best first.",
    )
    parser.usage = "steadygan sweep RECIPE 'FIELD=VALUE,VALUE,...' ... [--data DATA] [--seeds N] [--FIELD VALUE ...]"
    add = parser.add_argument
    add("words", nargs="*", metavar="RECIPE, DATA, FIELD=VALUES", help="a recipe, data, and the fields of the grid")
    add("--data", metavar="SOURCE", help="the data: a path or a name, such as digits (default: the recipe's)")
    add("--seeds", type=at_least(1), default=3, metavar="N", help="of each setting (default: 3)")
    add("--rounds", type=at_least(1), metavar="N", help="of each training (default: the recipe's)")
    add("--set", action="append", default=[], metavar="PATH=YAML", help="any field, as YAML (repeatable)")
    study.add_sharing(parser)
    add("--yes", action="store_true", help="starts it, however long it takes")
    add_kinds(parser)
    parser.set_defaults(docs=None, weights_from=None)
    return parser


def _split_grid(arguments: Sequence[str], parser: Parser) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The words that are no fields of the grid, and the fields with their values.

    A word FIELD=A,B is a field of the grid; --FIELD=A,B is one value for all settings, as in ``train``.
    """
    words: list[str] = []
    grid: list[tuple[str, list[str]]] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        found = _GRID.fullmatch(word)
        if found:
            grid.append((found[1], _values(found[1], found[2])))
            continue
        words.append(word)
        if parser.options.get(word) and waiting:  # its value may have a '=' in it
            words.append(waiting.pop(0))
    names = [name.replace("-", "_") for name, _ in grid]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"'{twice}' is given twice; all its values go into one FIELD=VALUE,VALUE")
    return words, grid


def _values(name: str, text: str) -> list[str]:
    values = split_values(text)
    if not all(values):
        raise UsageError(f"{name}: got '{text}'; values with commas between them are needed, such as {name}=1,2")
    if len({_shown(value) for value in values}) != len(values):
        raise UsageError(f"{name}: got '{text}'; each value is needed once")
    return values


def split_values(text: str) -> list[str]:
    """The values between commas that stand in no brackets: ``[0,0.9],[0.5,0.9]`` are two."""
    values, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth <= 0:
            values.append(text[start:index].strip())
            start = index + 1
    return [*values, text[start:].strip()]


def _sweep(
    values: argparse.Namespace, fixed: Sequence[Change], grid: Sequence[tuple[str, list[str]]], parser: Parser
) -> Sweep:
    """The grid with a whole recipe for each setting; all are checked before the data is opened."""
    from steadygan.studies.sweep import Sweep

    count = 1
    for _, each in grid:
        count *= len(each)
    if count > MOST:
        raise UsageError(f"the grid has {count:,} settings; {MOST:,} are allowed")
    combinations = [
        [(name, value) for (name, _), value in zip(grid, chosen, strict=True)]
        for chosen in itertools.product(*(each for _, each in grid))
    ]
    typed = [[*fixed, *(change for pair in each for change in _changes(*pair, parser))] for each in combinations]
    settled = [overrides.own_parts(each) for each in typed]
    changes = [each for each, _ in settled]
    values.kinds = tuple(dict.fromkeys((*values.kinds, *(kind for _, named in settled for kind in named))))
    base = train.base_of(values)
    trials = [train.try_changes(base, each, parser, values.kinds) for each in changes]
    check_used(values.kinds, *trials)
    values.epochs, values.keep_schedules = None, False
    minutes, values.minutes = values.minutes, None  # it is the whole sweep's
    points: list[Point] = []
    names = set[tuple[str, str]]()
    for pairs, wanted, trial in zip(combinations, changes, trials, strict=True):
        point, name, content = _point(pairs, base, trial, wanted, values, parser)
        points.append(point)
        names.add((name, content))
    values.minutes = minutes
    if len({content for _, content in names}) > 1:
        raise UsageError("the settings of the grid train on data that differs: their numbers do not compare")
    from steadygan.codec import import_path

    data = re.sub(r"[^\w.-]+", "-", next(iter(names))[0]).strip("-.") or "data"
    return Sweep(trials[0].name, data, tuple(points), tuple(map(import_path, values.kinds)))


def _point(
    pairs: Sequence[tuple[str, str]],
    base: train.Base,
    trial: Recipe,
    changes: Sequence[Change],
    values: argparse.Namespace,
    parser: Parser,
) -> tuple[Point, str, str]:
    """A setting with its recipe, and the name and the content of its data."""
    from steadygan import recipe as recipes
    from steadygan.studies.sweep import Point

    ready = train.prepare(base, trial, changes, values, parser)
    if ready.recipe.run.evaluate == "none":
        raise UsageError("a sweep compares settings by the evaluations during training: run.evaluate is 'none'")
    content = f"{ready.dataset.fingerprint} {ready.dataset.sample.shape}"
    settings = {name: _setting(value) for name, value in pairs}
    return Point(settings, recipes.dumps(ready.recipe)), ready.dataset.name, content


def _changes(name: str, value: str, parser: Parser) -> list[Change]:
    """The changes of ``--NAME VALUE``, in the words of ``train``."""
    if name in _NOT_SWEPT:
        raise UsageError(f"'{name}' cannot be swept: {_NOT_SWEPT[name]}")
    if name != "rounds" and f"--{name}" in parser.options:  # habits of other programs do not know this command's
        raise _no_field(name, parser)
    rest, changes = overrides.split(habits.meant("train", [f"--{name}={value}"]), parser.options)
    if rest and name == "rounds":
        return [Change(("rounds",), value, f"{name}={value}")]
    if rest or not changes:
        raise _no_field(name, parser)
    return changes


def _no_field(name: str, parser: Parser) -> UsageError:
    options = enumerated(sorted(parser.options))
    return UsageError(f"'{name}' is no field of a recipe, but an option of this command ({options})")


def _setting(text: str) -> Setting:
    """A value as it stands in tables and in the trials' names."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _shown(text: str) -> str:
    value = _setting(text)
    return text if isinstance(value, str) else f"{value:g}"


def _check_length(definition: Definition, values: argparse.Namespace) -> None:
    """Prints the plan of a sweep for which no length was named; refuses a long one."""
    from steadygan.studies import plan, session

    costs = plan.measured(definition)
    asked = values.workers if isinstance(values.workers, int) else session.usual_workers(definition)
    seconds = plan.seconds_with(costs, asked)
    if any(cost.unknown for cost in costs) or seconds <= LONG:
        return
    print("\n".join(plan.plan_lines(definition, definition.made(), costs, asked)))
    raise UsageError(
        "that is long: --minutes N fits the rounds to a time, --rounds N names them, --yes starts it as it is"
    )

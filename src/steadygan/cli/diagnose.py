"""``steadygan diagnose``: what is wrong with a training, and what to change."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence

from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.codes import SICK
from steadygan.cli.parser import Parser, add_kinds, at_least
from steadygan.diagnostics.consultation import Consultation, consult, write_diagnosis
from steadygan.errors import RunError, UsageError, one_line
from steadygan.kinds import import_kinds


def run(arguments: Sequence[str]) -> int:
    """Prints the diagnosis; returns 0 if the training is healthy or it is too early to say, 3 if it is sick."""
    from steadygan.diagnostics.answers import QUESTIONS, answer

    parser = Parser(
        "diagnose",
        "Says what is wrong with a training: the verdict, its evidence, since which round, and what to change. "
        "Exit code 0: healthy, or too early to say; 3: sick. Of a run it also writes diagnosis.json.",
        epilog="questions of --ask: " + "; ".join(f"{name}: {question}" for name, question in QUESTIONS.items()),
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="RUN|LOG",
        help="a name below runs/ or a folder (default: the newest), or another tool's log: CSV, JSON lines, JSON, a "
        "TensorBoard event file or a folder of such",
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=COLUMN",
        help="of another tool's log, such as critic_loss=d_loss round=step (default: guessed by name, and printed)",
    )
    parser.add_argument("--rounds", type=at_least(1), metavar="N", help="planned rounds, for another tool's log")
    parser.add_argument("--timeline", action="store_true", help="also what was said over the rounds")
    parser.add_argument("--ask", choices=tuple(QUESTIONS), metavar="QUESTION", help="answers one of those listed below")
    add_json(parser)
    add_kinds(parser)
    values = parser.parse(arguments)
    columns = _columns(values)
    found = consult(values.source, columns=columns, rounds=values.rounds, kinds=import_kinds(values.kinds))
    if values.json:
        content = found.to_json()
        if values.ask is not None:
            content["answer"] = answer(values.ask, found.rows, found.diagnosis)
        print_json("diagnose", content.pop("findings"), **content)
    else:
        for line in _lines(found, values):
            print(line)
    if values.ask is not None and not values.json:
        print(answer(values.ask, found.rows, found.diagnosis))
    _keep(found)
    return SICK if found.diagnosis.sick else 0


def _lines(found: Consultation, values: argparse.Namespace) -> list[str]:
    """Notes on the log, the diagnosis unless a question was asked, and the timeline if it was asked for."""
    lines = [*found.notes, *([found.allowed] if found.notes else [])]
    lines += [] if values.ask is not None else found.lines()
    return [*lines, "What was said:", *found.timeline_lines()] if values.timeline else lines


def _columns(values: argparse.Namespace) -> dict[str, str]:
    """``--columns`` as fields to columns; a word without '=' after them is the log.

    Raises:
        UsageError: for a word that is neither, and for a field that is given twice.
    """
    columns: dict[str, str] = {}
    for word in values.columns:
        field, equals, column = word.partition("=")
        if not equals and values.source is None:
            values.source = word
        elif not (equals and field and column):
            raise UsageError(f"--columns: got '{word}'; allowed: FIELD=COLUMN, such as critic_loss=d_loss")
        elif field in columns:
            raise UsageError(f"--columns: {field} is given twice, '{columns[field]}' and '{column}'")
        else:
            columns[field.replace("-", "_")] = column
    return columns


def _keep(found: Consultation) -> None:
    """Writes diagnosis.json of a run; a folder that cannot be written is a warning."""
    if found.folder is not None:
        try:
            write_diagnosis(found)
        except RunError as error:
            warnings.warn(one_line(str(error)), stacklevel=2)

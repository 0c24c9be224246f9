"""``steadygan study``: carries out a study, lists all of them, or says what one would cost."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.cli import as_json, verbosity
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.codes import of_signal
from steadygan.cli.parser import Parser, at_least, integer, minutes
from steadygan.cli.runs import table
from steadygan.errors import UsageError, unknown_name
from steadygan.system import started
from steadygan.system.output_paths import check_output_folder
from steadygan.system.terminal import is_terminal, raw_of, width_of

CPU = "cpu"
"""that trials train on unless --device names another"""

if TYPE_CHECKING:
    from steadygan.studies.definition import Definition
    from steadygan.studies.findings import Findings
    from steadygan.studies.folder import StudyFolder
    from steadygan.studies.study import Scale


def run(arguments: Sequence[str]) -> int:
    """Carries out a study; returns the exit code."""
    values = _parser().parse(arguments)
    from steadygan.studies import session
    from steadygan.studies.study import SCALES

    if values.scale is not None and values.scale not in SCALES:
        raise unknown_name("scale", values.scale, SCALES)
    if values.name is None:
        return _without_name(values)
    if values.docs is not None:
        check_output_folder(Path(values.docs))
    data = _by_kind(values.data)
    definition = session.defined(
        values.name, values.scale or "laptop", seeds=values.seeds, data=data, device=values.device
    )
    if values.plan:
        return print_plan(definition, values)
    if values.slurm and values.json:
        raise UsageError("--slurm prints a script, and --json results; give one of them")
    if values.slurm:
        return _print_script(definition, values)
    if definition.scale == "paper" and values.minutes is None and not values.yes:
        print_plan(definition, values)
        raise UsageError("a study at the paper's scale can take weeks: --yes starts it, --minutes N fits it to a time")
    folder = session.opened(
        definition,
        values.out,
        minutes=values.minutes,
        workers=values.workers,
        keep_seeds=values.seeds is None,
        say=verbosity.say,
    )
    return carry_out(folder, values)


def carry_out(folder: StudyFolder, values: argparse.Namespace) -> int:
    """Carries out what is left of a study, and prints what it found; returns the exit code."""
    from steadygan.studies import publishing, session

    command = _command(folder.definition)
    verbosity.say(f"{command} {folder.path}: {folder.study.question}")
    try:
        found = session.carry_out(
            folder, workers=values.workers, again=values.again, leave=values.leave, say=_say_at_once
        )
    except KeyboardInterrupt:
        done = len(folder.trials) - len(folder.unfinished())
        line = f"interrupted; {done} of {len(folder.trials)} trials are finished; to go on: the same command"
        print(f"steadygan: {line}", file=sys.stderr)
        return _code_of_interrupt()
    _print_json(command, found) if values.json else _print_findings(found)
    if values.docs is not None:
        publishing.publish(found, Path(values.docs))
        gallery = publishing.write_gallery(Path(values.docs))
        if not values.json:
            print(f"gallery:  {gallery}")
    return 0 if found.complete or values.leave else 1


def _command(definition: Definition) -> str:
    """The command that carries it out."""
    return "study" if definition.sweep is None else "sweep"


def add_sharing(parser: Parser) -> None:
    """Adds the options on who carries out the trials."""
    add = parser.add_argument
    add("--workers", type=workers, metavar="N", help="processes that share the trials (default: one a core), or ray")
    add("--minutes", type=minutes, metavar="N", help="fits the rounds of all trials to a time for the whole study")
    add("--device", default=CPU, metavar="D", help="cpu (default), cuda, cuda:1 or mps: what trials train on")
    add("--out", metavar="DIR", help="the study's folder (default: one below runs/studies/)")
    add("--again", action="store_true", help="begins trials anew that failed")
    add("--plan", action="store_true", help="says what it would cost, by measured speed, and ends")
    add_json(parser)
    add("--leave", action="store_true", help="ends when all that is left is carried out by other workers")


def workers(text: str) -> int | str:
    """Parses a number of workers, or a Ray cluster."""
    from steadygan.studies.on_ray import is_address

    if is_address(text):
        return text
    try:
        number = integer(text)
    except argparse.ArgumentTypeError:
        number = 0
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"got '{text}'; a number from 1 to 10,000, ray or ray://HOST:PORT is needed")
    return number


def _parser() -> Parser:
    parser = Parser(
        "study", "Carries out an experiment of the papers, and decides its claims; without NAME, lists all."
    )
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="of the study, or package.module:NAME of one of your own")
    add("--scale", metavar="S", help="smoke (seconds), laptop (default) or paper")
    add("--seeds", type=at_least(1), metavar="N", help="how many (default: the study's)")
    add(
        "--data", action="append", default=[], metavar="KIND=PATH", help="mnist, cifar10, pictures or text (repeatable)"
    )
    add_sharing(parser)
    add("--slurm", action="store_true", help="prints a job array in which --workers N tasks share the study")
    add("--yes", action="store_true", help="starts a study at the paper's scale, however long it takes")
    add("--docs", metavar="DIR", help="copies figures and tables there, and writes the gallery of all studies there")
    return parser


def _by_kind(texts: Sequence[str]) -> dict[str, str]:
    from steadygan.studies.sources import parsed

    named: dict[str, str] = {}
    for text in texts:
        kind, path = parsed(text)
        if named.setdefault(kind, path) != path:
            raise UsageError(f"--data: '{kind}' is given twice; once is allowed")
    return named


def _without_name(values: argparse.Namespace) -> int:
    """The gallery, or the list of studies."""
    options = ("seeds", "data", "minutes", "out", "again", "leave", "slurm", "yes")
    given = [name for name in options if getattr(values, name)] + ["device"] * (values.device != CPU)
    if given:
        raise UsageError(f"--{given[0]} is for one study: 'steadygan study NAME --{given[0]} ...'")
    if values.docs is not None:
        from steadygan.studies.publishing import write_gallery

        print(f"gallery: {write_gallery(Path(values.docs))}")
        return 0
    from steadygan.studies import listing
    from steadygan.system.cores import cores

    count = values.workers if isinstance(values.workers, int) else cores()
    scale: Scale | None = values.scale or ("laptop" if values.plan else None)
    lines = listing.lines(scale, count)
    if values.json:
        print_json("study", lines)
        return 0
    print_table([listing.HEAD, *(line.cells for line in lines)])
    verbosity.say("", "'steadygan study NAME' carries one out, or goes on with it; --plan says what it would cost")
    return 0


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows below their head."""
    stream = raw_of(sys.stdout)
    width = width_of(stream) if is_terminal(stream) else None
    for line in table(rows):
        print(line if width is None else line[: width - 1])


def print_plan(definition: Definition, values: argparse.Namespace) -> int:
    """Prints what a study would cost, by measured speed; returns the exit code."""
    from steadygan.studies import plan, session

    study = definition.made()
    began = started.began()
    costs = plan.measured(definition, study)
    asked = values.workers if isinstance(values.workers, int) else session.usual_workers(definition)
    count = min(asked, sum(cost.trials for cost in costs))
    spent = time.perf_counter() - began
    definition = session.fitted(definition, costs, values.minutes, count, verbosity.say, spent=spent)
    if values.json:
        seconds = plan.seconds_with(costs, count, definition.share)
        rows = [dataclasses.replace(cost, rounds=cost.rounds_with(definition.share)) for cost in costs]
        of = {"study": study.name, "scale": definition.scale, "workers": count, "seconds": seconds}
        print_json(_command(definition), rows, **of)
        return 0
    print("\n".join(plan.plan_lines(definition, study, costs, count)))
    return 0


def _print_script(definition: Definition, values: argparse.Namespace) -> int:
    """Begins the study's folder, and prints a job array whose tasks go on with it."""
    from steadygan.studies import session, slurm

    study = definition.made()
    if isinstance(values.workers, str):
        raise UsageError(f"--slurm prints a script of so many tasks: --workers N, not '{values.workers}'")
    tasks = values.workers or min(slurm.MOST, len(definition.trials(study)))
    notes: list[str] = []
    folder = session.opened(
        definition,
        values.out,
        minutes=values.minutes,
        workers=tasks,
        keep_seeds=values.seeds is None,
        elsewhere=True,
        say=notes.append,
    )
    words = ["study", values.name, "--scale", definition.scale, "--out", str(folder.path.resolve())]
    words += [] if definition.device == CPU else ["--device", definition.device]
    words += ["--workers", "1", "--leave", *(["--yes"] if definition.scale == "paper" else [])]
    print(slurm.script(words, study.name, tasks, notes, definition.device != CPU), end="")
    return 0


def _print_findings(found: Findings) -> None:
    from steadygan.studies.words import cell_text

    if found.table.columns:
        print_table([found.table.columns, *([cell_text(cell) for cell in row] for row in found.table.rows)])
    for claim in found.study.claims:
        decision = found.decisions[claim.name]
        print(f"{decision.answer}: {claim.statement.rstrip('.')}: {decision.evidence}")
    for name, line in found.failures.items():
        print(f"failed: {name}: {line}")
    if found.failures and not found.complete:
        verbosity.say("--again begins trials anew that failed")
    print(f"trials:   {found.state}")
    print(f"page:     {found.page}")


def _print_json(command: str, found: Findings) -> None:
    """Prints the table's rows, and the claims, failures and paths beside them."""
    table = found.table
    decided = [
        {"name": claim.name, "statement": claim.statement, **as_json.plain(found.decisions[claim.name])}
        for claim in found.study.claims
    ]
    print_json(
        command,
        [dict(zip(table.columns, row, strict=True)) for row in table.rows],
        folder=found.folder,
        complete=found.complete,
        claims=decided,
        failures=found.failures,
        page=found.page,
    )


def _say_at_once(line: str) -> None:
    verbosity.say(line)
    sys.stdout.flush()


def _code_of_interrupt() -> int:
    from steadygan.training.signals import StopSignals

    return of_signal(StopSignals.last)

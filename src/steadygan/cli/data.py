"""``steadygan data``: the audit of data before training."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from steadygan.cli import overrides
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import LARGEST_WIDTH, Parser
from steadygan.data.options import DataOptions
from steadygan.data.sheet_mark import ENDING, is_sheet
from steadygan.errors import DataError, UsageError
from steadygan.system.files import file_name
from steadygan.system.terminal import raw_of, width_of


def run(arguments: Sequence[str]) -> int:
    """Prints the audit and writes the contact sheet."""
    parser = _parser()
    rest, changes = overrides.split(arguments, parser.options)
    values = parser.parse(rest)
    if values.help:
        print(_help(parser))
        return 0
    if values.sheet and values.no_sheet:
        raise UsageError("--sheet and --no-sheet exclude each other; give one of them")
    if values.source is None and (values.sheet or values.no_sheet):
        raise UsageError("--sheet and --no-sheet are of data: name it")
    options = DataOptions() if values.source is None else DataOptions(source=values.source)
    own = [_own(change) for change in changes]
    options = overrides.apply(options, own, parser.options)
    if not any(change.path == ("alpha",) for change in own):
        options = replace(options, alpha="auto")  # as new runs have it
    if values.clear_cache:
        given = "--sheet" if values.sheet is not None else "--no-sheet" if values.no_sheet else None
        if given is not None:
            raise UsageError(f"--clear-cache inspects no data, so {given} has nothing to say; leave it out")
        if values.json:
            raise UsageError("--json is of an audit, and --clear-cache makes none; give one of them")
        _clear(options, everything=values.source is None)
        return 0
    if values.source is None:
        raise UsageError("name the data to inspect, such as 'steadygan data digits' or 'steadygan data PHOTOS/'")
    if values.sheet is not None:
        if values.no_sheet:
            raise UsageError("--sheet and --no-sheet exclude each other; give one of them")
        check_new_file(Path(values.sheet), overwrite=values.overwrite)
    without = values.no_sheet or (values.json and values.sheet is None)
    sheet = None if without else values.sheet or ""
    _print_audit(options, sheet, overwrite=values.overwrite, as_json=values.json)
    return 0


def _own(change: overrides.Change) -> overrides.Change:
    """The change without 'data.', as which training knows these fields: what an audit advises works here too."""
    return replace(change, path=change.path[1:]) if change.path[0] == "data" and change.path[1:] else change


def _parser() -> Parser:
    parser = Parser("data", "Inspects data, and says what training will do with it.", add_help=False)
    parser.usage = "steadygan data [SOURCE] [--sheet PATH | --no-sheet] [--clear-cache] [--FIELD VALUE ...]"
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a path or a name")
    parser.add_argument("--sheet", metavar="PATH", help="the contact sheet (default: NAME-sheet.png in this folder)")
    parser.add_argument("--no-sheet", action="store_true", help="writes none")
    parser.add_argument(
        "--clear-cache",
        action="store_true",
        help="deletes cached pictures and features that no process uses: those of SOURCE, or all",
    )
    add_overwrite(parser)
    add_json(parser)
    parser.add_argument("--help", "-h", action="store_true", help="this help")
    return parser


def _help(parser: Parser) -> str:
    from steadygan.cli.fields import help_lines

    width = min(LARGEST_WIDTH, width_of(raw_of(sys.stdout)) - 1)
    return f"{parser.format_help()}\nfields, as in a recipe:\n" + "\n".join(help_lines(DataOptions(), width))


def _clear(options: DataOptions, *, everything: bool) -> None:
    from steadygan.data import cache_folder, clear_cache_of
    from steadygan.system.cache import clear_all
    from steadygan.system.words import byte_size

    folder = cache_folder(options.cache)
    cleared = clear_all(folder) if everything else clear_cache_of(options)
    of = "" if everything else f" of {options.source}"
    print(f"{byte_size(cleared.freed) if cleared.freed else 'nothing'}{of} deleted from {folder}")
    if cleared.kept:
        print(f"{byte_size(cleared.kept)} kept: a process uses them")


def _print_audit(options: DataOptions, sheet: str | None, *, overwrite: bool = False, as_json: bool = False) -> None:
    """Prints the audit and writes the sheet: none for None, to a file named after the data for ''."""
    from steadygan.data import audit_data, contact_sheet, open_data
    from steadygan.system.files import written_aside

    try:
        dataset = open_data(options)
    except DataError:
        audit = audit_data(options)  # raises again if the data cannot even be inspected
        if not as_json:
            print("\n".join(audit.lines()))
        raise
    if dataset.sample.is_text and sheet:
        raise UsageError(f"--sheet: '{dataset.name}' is text, of which there is no picture; examples are printed")
    path = Path(sheet or f"{file_name(dataset.name)}{ENDING}")
    if sheet == "" and not dataset.sample.is_text:
        _check_default_sheet(path, overwrite=overwrite)
    if as_json:
        sample = {"shape": dataset.sample.shape, "classes": dataset.sample.classes}
        facts = {"name": dataset.name, "fingerprint": dataset.fingerprint, "sample": sample}
        print_json("data", [] if dataset.audit is None else [dataset.audit], **facts)
    elif dataset.audit is not None:
        print("\n".join(dataset.audit.lines()))
    if sheet is None or dataset.sample.is_text:
        return
    with written_aside(path) as aside:
        contact_sheet(dataset, aside)
    if not as_json:
        print(f"Contact sheet: {path}")


def _check_default_sheet(path: Path, *, overwrite: bool) -> None:
    """Raises UsageError for a file that is no earlier sheet, or where none can be written."""
    if os.path.lexists(path) and not overwrite and not is_sheet(path):
        raise UsageError(
            f"'{path}' exists and is no contact sheet of steadygan: name another by --sheet, give --overwrite to "
            "replace it, or --no-sheet"
        )
    check_new_file(path, overwrite=True)

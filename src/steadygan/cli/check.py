"""``steadygan check``: every file of a run against its hash, and against what the recipe builds."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan import api
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.parser import Parser, add_kinds
from steadygan.kinds import import_kinds

DAMAGED = 3
"""exit code"""


def run(arguments: Sequence[str]) -> int:
    """Prints the state of each file; returns 0, or 3 if one is damaged."""
    parser = Parser(
        "check",
        "Checks every file of a run: against the hashes that were kept as it was written, and against what its recipe "
        "builds. Changes nothing. Exit code 0: nothing is damaged; 3: something is.",
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    add_json(parser)
    add_kinds(parser)
    values = parser.parse(arguments)
    report = api.check(values.run, kinds=import_kinds(values.kinds))
    if values.json:
        content = report.to_json()
        print_json("check", content.pop("files"), **content)
        return 0 if report.whole else DAMAGED
    width = max(len(finding.name) for finding in report.findings)
    print(f"{report.folder}:")
    for finding in report.findings:
        print(f"  {finding.name:<{width}}  {finding.state:<8}  {finding.note}".rstrip())
    for change in report.changes:
        print(f"  changed: {change}")
    if not report.whole:
        newest = report.newest_whole
        last = "no checkpoint is whole" if newest is None else f"the newest whole checkpoint is of round {newest:,}"
        print(f"damaged; {last}")
    return 0 if report.whole else DAMAGED

"""``steadygan report``: rewrites the report of a run, or writes its records as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import Parser
from steadygan.run import Run, find_run


def run(arguments: Sequence[str]) -> int:
    """Writes report.html and prints its path."""
    parser = Parser("report", "Rewrites a run's report.html: pictures, curves, recipe, environment, data.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    parser.add_argument(
        "--csv", metavar="FILE.csv", help="writes the records as a table instead: a line a round, all columns"
    )
    add_overwrite(parser)
    values = parser.parse(arguments)
    folder = find_run(values.run)
    if values.csv is not None:
        check_new_file(Path(values.csv), overwrite=values.overwrite)
        print(Run(folder).to_csv(values.csv))
        return 0
    from steadygan.report.page import write_report

    print(write_report(folder))
    return 0

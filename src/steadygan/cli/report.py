"""``steadygan report``: rewrites the report of a run."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan.cli.parser import Parser
from steadygan.run import find_run


def run(arguments: Sequence[str]) -> int:
    """Writes report.html and prints its path."""
    parser = Parser("report", "Rewrites a run's report.html: pictures, curves, recipe, environment, data.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    folder = find_run(parser.parse(arguments).run)
    from steadygan.report.page import write_report

    print(write_report(folder))
    return 0

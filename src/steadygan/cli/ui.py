"""``steadygan ui``: a local page over all runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.parser import Parser
from steadygan.run import RUNS


def run(arguments: Sequence[str]) -> int:
    """Serves the page until Ctrl-C."""
    parser = Parser(
        "ui",
        "Shows all runs on a page of this machine: live pictures and curves, verdicts, recipes side by side, "
        "evaluations; stops and resumes trainings. Only this machine can open it.",
    )
    parser.add_argument("folder", nargs="?", default=str(RUNS), metavar="DIR", help=f"their folder (default: {RUNS}/)")
    parser.add_argument("--port", type=_port, metavar="N", help="of the page (default: 8230, or a free one)")
    values = parser.parse(arguments)
    from steadygan.ui.server import serve

    serve(Path(values.folder), values.port)
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"got '{text}'; a port is a number from 1 to 65535")
    return int(text)

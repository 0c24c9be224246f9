"""``steadygan compare``: metrics of several runs, only if they were measured alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import Parser


def run(arguments: Sequence[str]) -> int:
    """Prints the table and writes the page."""
    parser = Parser(
        "compare",
        "Compares evaluated runs: one column per recipe, with intervals over training seeds. Refuses numbers that "
        "were not measured alike.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="names below runs/ or folders")
    parser.add_argument("--out", metavar="FILE.html", help="a page with the table and pictures")
    add_overwrite(parser)
    values = parser.parse(arguments)
    if values.out is not None:
        check_new_file(Path(values.out), overwrite=values.overwrite)
    from steadygan.evaluation.comparison import compare
    from steadygan.evaluation.page import write_comparison
    from steadygan.evaluation.tables import comparison_lines

    comparison = compare(values.runs)
    print("\n".join(comparison_lines(comparison)))
    if values.out is not None:
        print(f"written: {write_comparison(comparison, Path(values.out))}")
    return 0

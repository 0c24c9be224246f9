"""``steadygan compare``: metrics of several runs, only if they were measured alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.as_json import add_json, print_json
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
    add_json(parser)
    values = parser.parse(arguments)
    if values.out is not None:
        check_new_file(Path(values.out), overwrite=values.overwrite)
    from steadygan.evaluation.comparison import compare
    from steadygan.evaluation.page import write_comparison
    from steadygan.evaluation.tables import comparison_lines

    comparison = compare(values.runs)
    page = None if values.out is None else write_comparison(comparison, Path(values.out))
    if values.json:
        notes = {"provenance": comparison.provenance, "notes": comparison.notes}
        print_json("compare", comparison.lines, groups=comparison.groups, **notes)
        return 0
    print("\n".join(comparison_lines(comparison)))
    if page is not None:
        print(f"written: {page}")
    return 0

"""Tables of the measurements for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.speed.overhead import LIMITS
from benchmarks.speed.plain import PLAIN
from benchmarks.speed.timing import STEADY

WIDTH = 150  # of an output other than a terminal


def show(data: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints all measurements of a file, and notes on them."""
    if console is None:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDTH)
    for kind, table in (("cases", cases), ("slopes", slopes), ("overhead", overhead)):
        if data[kind]:
            console.print(table(data[kind]))
    for line in notes(data):
        console.print(line, highlight=False, soft_wrap=True)


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right", no_wrap=index == 0)
    return table


def cases(entries: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each side of each case."""
    table = _table(
        "a round", "networks", "precision", "engine", "ms (fastest to slowest)", "samples/s", "peak MB", "GFLOP/s",
        "of matrix product", "faster than plain", left=3,
    )  # fmt: skip
    for entry in entries:
        for index, (name, side) in enumerate(entry["sides"].items()):
            case = (entry["title"], entry["precision"]) if not index else ("", "")
            engine = name + _fewer_threads(side, entry)
            table.add_row(*case, engine, *_side(name, side), end_section=index == len(entry["sides"]) - 1)
    return table


def _fewer_threads(side: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The number of CPU threads, if it is not the plain loop's."""
    threads = side.get("threads")
    return "" if threads == entry["sides"][PLAIN].get("threads") else f", {threads} thread{'s' * (threads != 1)}"


def _side(name: str, side: Mapping[str, Any]) -> Sequence[str]:
    middle, fastest, slowest = side["ms"]
    low, high = side["times_plain_range"]
    return (
        f"{_figures(middle)} ({_figures(fastest)} to {_figures(slowest)})",
        f"{side['samples_per_second']:,.0f}",
        "" if side["peak_mb"] is None else f"{side['peak_mb']:,.0f}",
        f"{side['flop_per_second'] / 1e9:,.0f}" if "flop_per_second" in side else "",
        f"{side['of_matrix_product']:.0%}" if "of_matrix_product" in side else "",
        "" if name == PLAIN else f"{side['times_plain']:.2f} ({low:.2f} to {high:.2f})",
    )


def _figures(number: float) -> str:
    """Three figures: 0.123, 1.23, 12.3, 123, 1,234."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def slopes(entries: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each variable."""
    table = _table("cost of a DCGAN's round", "against", "engine", "values", "ms", "exponent", "residual", left=4)
    for entry in entries:
        table.add_row(
            entry["variable"],
            f"{entry['engine']}, {entry['precision']}",
            " ".join(str(value) for value in entry["values"]),
            " ".join(_figures(ms) for ms in entry["ms"]),
            f"{entry['exponent']:.2f}",
            f"{entry['residual']:.3f}",
        )
    return table


def overhead(entries: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each training."""
    parts = list(entries[0]["shares"])
    table = _table("share of a training's time", "training", "engine", "rounds", "seconds", *parts, left=2)
    for entry in entries:
        shares = (f"{share:.2%}" for share in entry["shares"].values())
        engine = f"{entry['engine']}, {entry['precision']}"
        table.add_row(entry["title"], engine, f"{entry['rounds']:,}", f"{entry['seconds']:.0f}", *shares)
    return table


def notes(data: Mapping[str, Any]) -> list[str]:
    """Notes on the figures: how operations were counted, refused engines, disturbed measurements."""
    lines = []
    if data["environment"]["clock"] == "cpu":
        lines.append("note: CPU seconds, over all threads (--clock cpu)")
    for entry in data["cases"]:
        case = f"{entry['title']}, {entry['precision']}"
        forwards = f"{entry['operations']['equivalents']:.1f} forward passes of the critic"
        counted = f"{entry['title']}: a critic step was counted as {forwards}"
        lines += [counted] if counted not in lines else []
        lines += [f"note: {case}: no engine {name}: {reason}" for name, reason in entry["refused"].items()]
        unsteady = [name for name, side in entry["sides"].items() if side["disturbed"]]
        unsteady += ["the matrix product"] if entry["matrix_product"]["disturbed"] else []
        lines += [_disturbed(f"{case}, {', '.join(unsteady)}")] if unsteady else []
    lines += [_disturbed(f"slope against {entry['variable']}") for entry in data["slopes"] if entry["disturbed"]]
    for entry in data["overhead"]:
        shares = entry["shares"]
        for name, limit in LIMITS.items():
            share = sum(shares[part] for part in name.split(" and "))
            lines.append(f"{entry['title']}: {name} {share:.2%}, target: below {limit:.0%}")
    return lines


def _disturbed(what: str) -> str:
    return f"note: {what}: more than {STEADY} times between the fastest and the slowest repeat; measure again"

"""Evaluations and comparisons as text tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steadygan.evaluation.comparison import Cell, Comparison, Line
from steadygan.evaluation.record import Evaluation, Number, Provenance
from steadygan.system.words import number

DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "one": "best at 1", "half": "best at 0.5"}

LONGEST_HEAD = 28
"""characters of a column's name; longer ones stand above the table, under letters"""


def evaluation_lines(evaluations: Sequence[Evaluation]) -> list[str]:
    """A run's numbers as a table, with their provenance."""
    lines: list[str] = []
    for evaluation in evaluations:
        lines.append(provenance_line(evaluation.provenance))
        rows = [
            (each.metric, value_text(each), floor_text(each), DIRECTIONS[each.better]) for each in evaluation.numbers
        ]
        lines += columns(rows, indent="  ")
        lines += [f"  warning: {each.metric}: {each.caution}" for each in evaluation.numbers if each.caution]
    return lines


def floor_text(result: Number) -> str:
    """The value of held-out real samples."""
    if result.floor is None:
        return ""
    return f"real {number(result.floor)}" + (f" ({result.floor_count:,} of them)" if result.floor_count else "")


def value_text(result: Number) -> str:
    """A value with its standard error of sampling."""
    return number(result.value) + ("" if result.error is None else f" ± {number(result.error)}")


def provenance_line(p: Provenance) -> str:
    """A provenance in one line."""
    features = f"{p.features} features {p.features_hash[:8]}" if p.features else "the samples themselves"
    accuracy = p.facts.get("held_out_accuracy")
    suffix = "" if accuracy is None else f", held-out accuracy {accuracy:.3f}"
    suffix += "" if p.resize == "none" else f", pictures resized: {p.resize}"
    pictures = "".join(f", {p.facts[name]}" for name in ("pictures", "transparency") if name in p.facts)
    of = p.recipe if p.weights == "given" else f"{p.recipe}, round {p.round:,}, seed {p.training_seed}"
    return (
        f"{of}: {p.count:,} samples ({p.weights}) beside "
        f"{p.real:,} of {p.data} {p.data_hash[:8]} ({p.split}){pictures}; {features}{suffix}"
    )


def comparison_lines(comparison: Comparison) -> list[str]:
    """The table as text: a column for each recipe, a line for each metric, winners marked."""
    names = [f"{group.name} ({seeds(len(group.runs))})" for group in comparison.groups]
    letters = [chr(ord("A") + i % 26) * (1 + i // 26) for i in range(len(names))]
    long = any(len(name) > LONGEST_HEAD for name in names)
    head = ("metric", *(letters if long else names), "real", "")
    lines = [f"{letter}: {name}" for letter, name in zip(letters, names, strict=True)] if long else []
    lines += columns([head, *(_row(line) for line in comparison.lines)])
    lines += [f"on {text}" for text in comparison.provenance]
    lines.append(
        "mean over seeds ± half the width of its 95% interval (Student), [both values] of two seeds; (±) is one "
        "standard error of sampling; * is better than every other column: their intervals have no point in common"
    )
    return lines + [f"note: {text}" for text in comparison.notes]


def seeds(count: int) -> str:
    return f"{count} seed{'s' * (count > 1)}"


def _row(line: Line) -> tuple[str, ...]:
    cells = (cell_text(cell, index == line.winner) for index, cell in enumerate(line.cells))
    return (line.metric, *cells, "" if line.floor is None else number(line.floor), DIRECTIONS[line.better])


def cell_text(cell: Cell | None, wins: bool) -> str:
    """A mean, half the width of its interval over seeds (of two, both values), and the sampling error."""
    if cell is None:
        return "-"
    half = (cell.interval.high - cell.interval.low) / 2
    text = number(cell.interval.mean)
    if len(cell.values) == 2:
        text += f" [{', '.join(map(number, cell.values))}]"
    elif math.isfinite(half):
        text += f" ± {number(half)}"
    if cell.sampling_error is not None:
        text += f" (± {number(cell.sampling_error)})"
    return f"{text} *" if wins else text


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Rows as lines, cells padded to columns."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [indent + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]

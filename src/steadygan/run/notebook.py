"""A run as a notebook shows it: its newest picture or lines, and what it is."""

from __future__ import annotations

import html
from pathlib import Path

from steadygan import recipe as recipes
from steadygan.errors import SteadyganError
from steadygan.run import layout
from steadygan.run.records import evaluation_rows
from steadygan.run.state import run_state
from steadygan.system import notebook
from steadygan.system.regular import read_regular

_MOST_BYTES = 1 << 24
_LINES = 12
"""of generated text that are shown"""


def run_html(folder: Path) -> str:
    """HTML of a run; of a damaged one a line. Needs no code of the user's own that its recipe names."""
    try:
        recipe, state = recipes.load(folder / layout.RECIPE, leave_own=True), run_state(folder)
        saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
        rounds = f"{int(saved[-1].name) if saved else 0:,} of {recipe.rounds:,}"
        facts = [("recipe", recipe.name), ("data", recipe.data.source), ("rounds", rounds), ("state", state)]
        facts += [("evaluation", text)] if (text := _evaluation(folder)) else []
    except (SteadyganError, OSError) as error:
        return notebook.text([f"{folder}: {error}"])
    head = f"<strong>{html.escape(str(folder))}</strong>"
    return f"<div>{head}{notebook.table(facts)}{newest_samples(folder)}</div>"


def newest_samples(folder: Path) -> str:
    """The newest picture of fixed latents, or lines of text, as HTML; '' before the first."""
    try:
        if pictures := layout.list_pictures(folder):
            png = read_regular(pictures[-1], _MOST_BYTES)
            return notebook.picture(png, f"samples after round {layout.picture_round(pictures[-1]):,}")
        if lines := layout.list_lines(folder):
            text = read_regular(lines[-1], _MOST_BYTES).decode("utf-8", errors="replace")
            return notebook.text(text.splitlines()[:_LINES])
    except (OSError, ValueError):
        return ""
    return ""


def _evaluation(folder: Path) -> str:
    """The number by which the last evaluation judges, in words; '' without one."""
    rows = evaluation_rows(folder / layout.EVALUATIONS)
    last = rows[-1] if rows else {}
    value = last.get(str(last.get("judge")))
    return f"{last['judge']} {value:.4g} at round {last['round']:,}" if isinstance(value, int | float) else ""

"""Runs beside each other: recipes with their differences marked, evaluations as ``steadygan compare`` gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from steadygan.errors import SteadyganError
from steadygan.evaluation.comparison import Comparison, compare
from steadygan.evaluation.differences import ABSENT, flattened
from steadygan.evaluation.tables import DIRECTIONS, cell_text, seeds
from steadygan.report.captions import EVALUATION, READINGS
from steadygan.run import Run
from steadygan.system.words import number
from steadygan.ui.charts import together
from steadygan.ui.index_page import settings_of
from steadygan.ui.overview import Summary
from steadygan.ui.rendering import render
from steadygan.ui.watched import Watchers

MOST = 8
"""runs that are compared at once"""
CURVES = 4
"""most charts of them"""


@dataclass(frozen=True)
class Setting:
    """One setting of all runs."""

    name: str
    values: tuple[str, ...]
    """of each run; '-' for one without it"""

    @property
    def differs(self) -> bool:
        """True if it is not equal in all runs."""
        return len(set(self.values)) > 1

    @property
    def marked(self) -> tuple[bool, ...]:
        """Of each run: True if its value is another one than most runs have; without such a value, all that differ."""
        counts = Counter(self.values)
        (value, most), *others = counts.most_common(2)
        usual = None if others and others[0][1] == most else value
        return tuple(self.differs and each not in (usual, ABSENT) for each in self.values)


def settings(runs: Sequence[Summary]) -> list[Setting]:
    """Every setting of the runs' recipes, in the order of the recipes; what a run planned anew is none."""
    flat = [dict(flattened(settings_of(run.folder))) for run in runs]
    names = dict.fromkeys(name for fields in flat for name in fields if not name.startswith("replans"))
    return [Setting(name, tuple(fields.get(name, ABSENT) for fields in flat)) for name in names]


def short_names(runs: Sequence[Summary]) -> dict[str, str]:
    """The runs' names by key, without the folders that all of them are in."""
    parts = [run.name.split("/") for run in runs]
    shared = 0
    while all(len(each) > shared + 1 and each[shared] == parts[0][shared] for each in parts):
        shared += 1
    return {run.key: "/".join(each[shared:]) for run, each in zip(runs, parts, strict=True)}


def page(runs: Sequence[Summary], watchers: Watchers) -> str:
    """The page of two runs or more."""
    comparison, refusal = _compared(runs)
    rows = settings(runs)
    return render(
        "compare.html",
        runs=runs,
        names=short_names(runs),
        settings=rows,
        differing=sum(row.differs for row in rows),
        comparison=comparison,
        refusal=refusal,
        charts=_charts(runs, watchers),
        cell=cell_text,
        seeds=seeds,
        number=number,
        directions=DIRECTIONS,
    )


def _compared(runs: Sequence[Summary]) -> tuple[Comparison | None, str]:
    try:
        return compare([Run(run.folder) for run in runs]), ""
    except SteadyganError as error:
        return None, str(error)
    except (ValueError, KeyError, TypeError, OSError) as error:  # of a damaged file
        return None, f"their evaluations cannot be read: {error}"


def _charts(runs: Sequence[Summary], watchers: Watchers) -> list[tuple[str, Markup]]:
    """Charts of fields that two runs or more have: title and drawing; of long records by some of the rows."""
    names, found = short_names(runs), []
    for run in runs:
        watched = watchers.of(run.folder)
        watched.poll()
        found.append((names[run.key], watched.points()[0]))
    charts = []
    for reading in READINGS:
        name, label = reading.fields[0]
        if name.startswith(EVALUATION) or name in ("wasserstein_train", "score_gap_train", "generator_loss"):
            title = reading.title if len(reading.fields) == 1 else f"{reading.title}: {label}"
            drawing = together(found, name, title)
            if drawing is not None:
                charts.append((title, drawing))
    return charts[:CURVES]

"""The log of a run folder: its signals, or for a run without any what its records of rounds and evaluations tell."""

from __future__ import annotations

import contextlib
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.log import read_log
from steadygan.diagnostics.pace import sagging
from steadygan.errors import RunError, UsageError
from steadygan.run import layout
from steadygan.run.records import evaluation_rows, number_rows
from steadygan.system.regular import read_regular
from steadygan.system.yaml_text import read_yaml

MOST = 256
"""looks that are made of a record"""
ENOUGH = 4
"""looks from which a run may be called healthy"""
_MOST_RECIPE = 1 << 25
_SAME = {
    "critic_loss": "critic_loss",
    "generator_loss": "generator_loss",
    "critic_weight_gradient_norm": "critic_gradient",
    "generator_weight_gradient_norm": "generator_gradient",
    "held_out_error": "gap_error",
    "perturbation_p": "augmentation",
}
"""a record's name of a number to the field that it is"""
_SLOPES = {"gradient-penalty": "slope_between", "r1": "slope_real", "r2": "slope_fake"}
"""by the kind of the recipe's first penalty, where its gradient norm is taken"""


class RunLog(NamedTuple):
    """The looks at a run, and where they are from."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """how the log was read"""
    remarks: tuple[str, ...] = ()
    """what else the run's folder tells: no part of the log, on which verdicts rest"""


def run_log(folder: Path) -> RunLog:
    """The looks at a run; none of a run that has logged nothing yet.

    Raises:
        RunError: one line, for a damaged log.
    """
    path = folder / layout.SIGNALS
    settings = _settings(folder)
    if path.exists() and (looked := read_log(path)):
        few = () if len(looked) >= ENOUGH or not _ended(looked[-1]) else (_few(len(looked), looked[-1]),)
        with contextlib.suppress(RunError):  # the signals are whole
            return RunLog(looked, few, _pace(folder, settings, looked))
        return RunLog(looked, few)
    rows = from_records(number_rows(folder / layout.METRICS), evaluation_rows(folder / layout.EVALUATIONS), settings)
    return RunLog(rows, (_unseen(settings, rows),), _pace(folder, settings, ()))


def _pace(folder: Path, settings: Mapping[str, Any], looks: Sequence[Row]) -> tuple[str, ...]:
    """A line on sags of the speed, if there were any."""
    metrics, evaluations = number_rows(folder / layout.METRICS), evaluation_rows(folder / layout.EVALUATIONS)
    busy = {*_every(settings, metrics), *(int(row["round"]) for row in (*evaluations, *looks))}
    found = sagging(metrics, busy)
    return () if found is None else (str(found),)


def _few(looks: int, last: Row) -> str:
    return (
        f"a run of {int(last['round']):,} rounds has time for {looks} look{'s' if looks > 1 else ''}, of 4 that a "
        "diagnosis needs: more rounds say more"
    )


def _unseen(settings: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Why a run has no log of signals, as far as that is known."""
    options = settings.get("run")
    if isinstance(options, Mapping) and options.get("diagnose") is False:
        why = " (--run.diagnose false)"
    elif rows and _ended(rows[-1]):
        why = ": so few rounds are not looked at, since the four looks that a diagnosis needs take as long as many"
    else:
        why = ""
    return f"there is no {layout.SIGNALS}{why}; judged by {layout.METRICS} and {layout.EVALUATIONS}"


def _ended(row: Row) -> bool:
    """True for the last round that was planned."""
    return "rounds" in row and row["round"] == row["rounds"]


def _every(settings: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> set[int]:
    """Rounds after which there are pictures and checkpoints."""
    last = int(metrics[-1]["round"]) if metrics else 0
    options = settings.get("run")
    found = {2**power for power in range(last.bit_length())}  # early pictures
    for name in ("picture_every", "checkpoint_every"):
        every = options.get(name) if isinstance(options, Mapping) else None
        if isinstance(every, int) and every > 0:
            found |= set(range(every, last + 1, every))
    return found


def from_records(
    metrics: Sequence[Mapping[str, Any]], evaluations: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> tuple[Row, ...]:
    """Looks made of a run's records.

    Args:
        metrics: rows of metrics.jsonl, by round
        evaluations: rows of evaluations.jsonl, by round
        settings: of recipe.yaml
    """
    stride = max(1, math.ceil(len(metrics) / MOST))
    last = len(metrics) - 1
    chosen = [row for index, row in enumerate(metrics) if index == last or (last - index) % stride == 0]
    judged = [(int(row["round"]), row.get(str(row["judge"]))) for row in evaluations]
    looks: list[Row] = []
    before = -1
    for row in chosen:
        round_ = int(row["round"])
        look = _look(row, settings)
        place = bisect_right(judged, round_, key=lambda each: each[0]) - 1
        if place >= 0 and judged[place][0] > before and isinstance(score := judged[place][1], int | float):
            look["score"] = float(score)
        looks.append(look)
        before = round_
    return tuple(looks)


def _look(row: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, float | int | str]:
    numbers = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
    look: dict[str, float | int | str] = {"round": int(row["round"])}
    if isinstance(rounds := settings.get("rounds"), int):
        look["rounds"] = rounds
    if isinstance(batch := settings.get("batch"), int) and "critic_steps" in numbers:
        look["seen"] = int(numbers["critic_steps"]) * batch
    look |= {field: numbers[name] for name, field in _SAME.items() if name in numbers}
    if "critic_loss" in look and "penalty" in numbers:
        look["critic_loss"] = numbers["critic_loss"] - numbers["penalty"]
    if "gradient_norm_mean" in numbers and (slope := _slope(settings)) is not None:
        look[slope] = numbers["gradient_norm_mean"]
    for name in ("wasserstein", "score_gap"):
        if name in numbers:
            look["gap"] = numbers.get(f"{name}_train", numbers[name])
            look |= {"wasserstein": look["gap"]} if name == "wasserstein" else {}
        if (train := f"{name}_train") in numbers and (held_out := f"{name}_held_out") in numbers:
            look["gap_train"], look["gap_held_out"] = numbers[train], numbers[held_out]
            if numbers[train] > 0:
                look["r_v"] = (numbers[train] - numbers[held_out]) / numbers[train]
    lost = next((name for name in ("critic_loss", "generator_loss") if row.get(name, 0.0) is None), None)
    return look if lost is None else {**look, "non_finite": lost}


def _slope(settings: Mapping[str, Any]) -> str | None:
    """The field of the first penalty's gradient norm; None if where it is taken is not known."""
    penalties = settings.get("penalties")
    first = penalties[0] if isinstance(penalties, list) and penalties else None
    if not isinstance(first, Mapping) or first.get("at") is not None:
        return None
    return _SLOPES.get(str(first.get("kind", "")).lower().replace("_", "-"))


def _settings(folder: Path) -> Mapping[str, Any]:
    try:
        text = read_regular(folder / layout.RECIPE, _MOST_RECIPE).decode("utf-8", "replace")
        content = read_yaml(text, layout.RECIPE)
    except (OSError, UsageError):
        return {}
    return content if isinstance(content, Mapping) else {}

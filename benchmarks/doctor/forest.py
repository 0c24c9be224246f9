"""A forest of trees in place of the doctor's rules: how well do the same signals tell failures of unseen mechanisms?

    python -m benchmarks.doctor.forest

A random forest for each verdict learns from the fields of the seen logs, at a share of the run, whether that verdict
is a right answer; the likeliest one is said. Trainings of a mechanism are judged by forests that saw none of it
(12-fold, grouped by mechanism), so that the numbers stand for the doctor's on unseen trainings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.doctor.cases import HEALTHY
from benchmarks.doctor.labels import FAILURES, Label, label
from benchmarks.doctor.score import FEWEST
from benchmarks.doctor.shares import macro, wilson
from benchmarks.doctor.split import split_of
from benchmarks.doctor.suite import finished, kept_log, trainings
from benchmarks.doctor.trainings import Training
from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import in_order
from steadygan.diagnostics.log import from_json
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.levels import Levels

AGES = (0.3, 0.5, 1.0)
"""shares of the run at which it is judged"""
FOLDS, TREES, SEED = 12, 600, 0
NOT_SIGNALS = frozenset({"round", "rounds", "time"})

Case = tuple[Training, Label, History]


def seen() -> list[Case]:
    """The seen trainings that are not ambiguous, with their logs."""
    kept = finished()
    found = []
    for training in trainings():
        if training.name in kept and split_of(training) == "seen":
            made = label(kept[training.name])
            if made.name != "ambiguous":
                found.append((training, made, History(in_order(map(from_json, kept_log(training.name))))))
    return found


def features(cases: Sequence[Case], age: float) -> NDArray[np.float64]:
    """[cases, features]: level, trend, outlook of each field, and the expected distance, as of a share of the run."""
    logs = [history.up_to(max(1, int((Levels(history).age <= age).sum()))) for _, _, history in cases]
    fields = sorted(_numbers(history for _, _, history in cases) - NOT_SIGNALS)
    rows = []
    for log in logs:
        levels = Levels(log)
        columns = [c for name in fields for c in (levels.level(name), levels.growth(name), levels.outlook(name))]
        rows.append([column[-1] for column in (*columns, distance_of(levels).expected)])
    return np.nan_to_num(np.array(rows), nan=-1.0, posinf=1e9, neginf=-1e9)


def _numbers(histories: Any) -> set[str]:
    rows = (row for history in histories for row in history.rows)
    return {name for row in rows for name, value in row.items() if isinstance(value, int | float)}


def said(cases: Sequence[Case], age: float) -> list[str]:
    """The likeliest verdict of each case, by forests that saw none of its mechanism."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import GroupKFold

    x = features(cases, age)
    verdicts = sorted(set().union(*(made.accepted for _, made, _ in cases)))
    right = np.array([[verdict in made.accepted for verdict in verdicts] for _, made, _ in cases])
    chance = np.zeros(right.shape)
    mechanisms = [training.mechanism for training, _, _ in cases]
    for train, test in GroupKFold(FOLDS).split(x, groups=mechanisms):
        for column in range(len(verdicts)):
            if right[train, column].any():
                forest = ExtraTreesClassifier(TREES, min_samples_leaf=2, class_weight="balanced", random_state=SEED)
                chance[test, column] = forest.fit(x[train], right[train, column]).predict_proba(x[test])[:, 1]
    return [verdicts[best] for best in chance.argmax(1)]


def main() -> None:
    """Prints a row for each share of the run."""
    cases = seen()
    print("| run so far | recall, mean of the failure classes | false alarms |\n|---|---|---|")
    for age in AGES:
        groups: dict[str, list[bool]] = {}
        for verdict, (_, made, _) in zip(said(cases, age), cases, strict=True):
            groups.setdefault(made.name, []).append(verdict in made.accepted)
        failing = [groups[name] for name in FAILURES if len(groups.get(name, ())) >= FEWEST]
        healthy = groups[HEALTHY]
        print(f"| {age:.0%} | {macro(failing)} | {wilson(healthy.count(False), len(healthy))} |", flush=True)


if __name__ == "__main__":
    main()

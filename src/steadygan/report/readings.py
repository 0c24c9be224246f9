"""Which charts a run has, with their titles and sentences for its recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from steadygan.report.captions import (
    ESTIMATE,
    EVALUATION,
    GRADIENT_NORM,
    GRADIENT_NORM_SENTENCE,
    NO_CURVES,
    PREFIXES,
    READINGS,
    SCORES,
    Reading,
)

LINES = 8
"""most lines in a chart of fields with a common prefix"""
JUDGE = (
    "The checkpoint that is lowest here is kept as the best: judge a run by it and by its pictures, whatever the "
    "losses say."
)
"""after the sentence of the metric by which the best checkpoint is kept"""


def readings_for(
    fields: Iterable[str], recipe: Mapping[str, Any] | None = None, judge: str | None = None
) -> list[Reading]:
    """The charts of a run's fields: quality of the samples, then the known ones, then those of its recipe alone.

    Unknown fields that share what stands before a '/' share charts, as ``layer/critic.0``, ``layer/critic.1``.

    Args:
        fields: of the run's records
        recipe: as plain data; decides how the estimate and the gradient norm are named and read
        judge: the metric by which the best checkpoint is kept
    """
    present = list(fields)
    known = {name for reading in READINGS for name, _ in reading.fields} | NO_CURVES
    charts = [
        _for_recipe(reading, "wasserstein" in present, recipe or {}, judge)
        for reading in READINGS
        if any(name in present for name, _ in reading.fields)
    ]
    groups: dict[str, list[str]] = {}
    for name in present:
        if name not in known:
            groups.setdefault(name.split("/")[0], []).append(name)
    for prefix, members in groups.items():
        title, sentence = PREFIXES.get(prefix, (prefix.replace("_", " ").strip() or prefix, ""))
        for start in range(0, len(members), LINES):
            named = tuple((name, name.split("/", 1)[-1]) for name in members[start : start + LINES])
            charts.append(Reading(title, named, sentence))
    return charts


def _for_recipe(reading: Reading, wasserstein: bool, recipe: Mapping[str, Any], judge: str | None) -> Reading:
    title, sentence = reading.title, reading.sentence
    if title == GRADIENT_NORM:
        title, sentence = gradient_norm_caption(recipe)
    if title == ESTIMATE and isinstance(recipe.get("constraint"), Mapping):
        sentence += " Constrained weights leave the estimate's unit open: compare it within this run only."
    if title == SCORES and _scores_energies(recipe.get("objective")):
        title, sentence = "Energies", "The critic's mean reconstruction error of real and of generated samples."
    if wasserstein:
        sentence += reading.wasserstein
    if judge and any(name in (EVALUATION + judge, judge) for name, _ in reading.fields):
        sentence += f" {JUDGE}"
    return dataclasses.replace(reading, title=title, sentence=sentence)


_ENERGIES = ("EnergyBased", "BoundaryEquilibrium")
"""objectives of autoencoder critics, whose score is a reconstruction error"""


def _scores_energies(objective: object) -> bool:
    while isinstance(objective, Mapping):
        if objective.get("kind") in _ENERGIES:
            return True
        objective = objective.get("base")
    return False


_PLACES = {
    "Between": "between real and generated samples",
    "OnReal": "at real samples",
    "OnFake": "at generated samples",
    "NearReal": "around real samples",
}
"""sampling locations by kind"""
_FIXED = {"R1": "OnReal", "R2": "OnFake"}
"""penalties whose location is part of their definition"""
_OTHERS = ("Drift", "PathLength", "Orthogonal")
"""penalties that are not on the critic's gradient norm"""


def gradient_norm_caption(recipe: Mapping[str, Any]) -> tuple[str, str]:
    """Title and sentence of the critic's gradient norm, by a recipe's first penalty on it, whose numbers are logged.

    Without a penalty of a known kind the title names no place, the sentence no target.
    """
    first = _first_on_gradients(recipe.get("penalties"))
    kind, at = str(first.get("kind")), first.get("at")
    location = _FIXED.get(kind) or (str(at.get("kind")) if isinstance(at, Mapping) else "")
    place = _PLACES.get(location, "")
    title = f"{GRADIENT_NORM} {place}".strip()
    return title, f"{GRADIENT_NORM_SENTENCE}{_target(kind, first)}"


def _first_on_gradients(penalties: object) -> Mapping[str, Any]:
    for each in penalties if isinstance(penalties, list) else ():
        if isinstance(each, Mapping) and each.get("kind") not in _OTHERS:
            return each
    return {}


def _target(kind: str, penalty: Mapping[str, Any]) -> str:
    target = {"R1": 0, "R2": 0, "GradientPenalty": penalty.get("target", 1)}.get(kind)
    if not isinstance(target, int | float):
        return ". Which height is right depends on the penalty."
    if target == 0:
        return (
            ". The penalty pulls it to 0 and the loss away from there, so that it settles in between: a mean that "
            "keeps rising means that the penalty is too weak."
        )
    if penalty.get("one_sided"):
        return f". The penalty holds it to at most {target:g}; near 0 the generator learns nothing."
    return (
        f". The penalty holds it to {target:g}: the mean should settle there in a narrow band; near 0 the generator "
        "learns nothing."
    )

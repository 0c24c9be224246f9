"""The metrics of an evaluation by name: what data each applies to, and the numbers it gives."""

from __future__ import annotations

from collections.abc import Iterable

from steadygan.errors import UsageError, unknown_name
from steadygan.evaluation.measures import classes, images, points, scales, text
from steadygan.evaluation.measures.images import MANIFOLD_COUNT
from steadygan.evaluation.measures.subject import Measure, Subject
from steadygan.evaluation.measures.text import orders

__all__ = ["MANIFOLD_COUNT", "MEASURES", "Measure", "Subject", "orders", "select"]


def select(names: Iterable[str] | None, subject: Subject) -> list[Measure]:
    """The measures of the given names, or all that apply.

    Raises:
        UsageError: for an unknown name, one that does not apply to this data, or too few samples.
    """
    if names is None:
        return [measure for measure in MEASURES if measure.applies(subject) and subject.count >= measure.least]
    selected = []
    known = {measure.name: measure for measure in MEASURES}
    for name in names:
        if name not in known:
            raise unknown_name("metric", name, known)
        measure = known[name]
        if not measure.applies(subject):
            suited = ", ".join(measure.name for measure in MEASURES if measure.applies(subject))
            raise UsageError(
                f"metric '{name}' does not suit '{subject.dataset.name}' ({measure.what}); suited: {suited}"
            )
        if subject.count < measure.least:
            raise UsageError(f"metric '{name}' needs {measure.least} samples or more, got {subject.count}")
        selected.append(measure)
    return selected


MEASURES = (*images.MEASURES, *classes.MEASURES, *scales.MEASURES, *points.MEASURES, *text.MEASURES)
"""In the order of tables."""

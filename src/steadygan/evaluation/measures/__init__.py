"""The metrics of an evaluation by name: what data each applies to, and the numbers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from steadygan.errors import UsageError, unknown_name
from steadygan.evaluation.measures import classes, images, points, scales, text
from steadygan.evaluation.measures.images import MANIFOLD_COUNT
from steadygan.evaluation.measures.subject import Measure, Subject
from steadygan.evaluation.measures.text import orders
from steadygan.system.words import counted

__all__ = ["MANIFOLD_COUNT", "MEASURES", "Measure", "Subject", "orders", "select"]


OTHER_NAMES = {
    "fid": "frechet",
    "fréchet": "frechet",
    "frechet_infinite": "frechet",
    "kid": "kernel",
    "mmd": "kernel",
    "precision": "manifold",
    "recall": "manifold",
    "density": "manifold",
    "coverage": "manifold",
    "is": "inception_score",
    "inception": "inception_score",
    "swd": "sliced_wasserstein",
    "near_copies": "memorisation",
    "nearer_than_held_out": "memorisation",
}
"""what metrics are called elsewhere, and single numbers of a metric that gives several"""


def select(
    names: Iterable[str] | None, subject: Subject, say: Callable[[str], None] = lambda line: None
) -> list[Measure]:
    """The measures of the given names, or all that apply.

    Args:
        names: of measures; None: all that apply and have samples enough
        subject: what they are of
        say: called with a line on those that have too few samples

    Raises:
        UsageError: for an unknown name, one that does not apply to this data, or too few samples, held-out ones too.
    """
    suited = [measure for measure in MEASURES if measure.applies(subject)]
    if names is None:
        return _with_enough(suited, subject, say)
    selected = []
    known = {measure.name: measure for measure in MEASURES}
    for name in names:
        if name not in known:
            raise _unknown(name, known)
        measure = known[name]
        if not measure.applies(subject):
            raise UsageError(
                f"metric '{name}' does not suit '{subject.dataset.name}' ({measure.what}); "
                f"suited: {', '.join(each.name for each in suited)}"
            )
        if subject.count < measure.least:
            raise UsageError(f"metric '{name}' needs {measure.least} samples or more, got {subject.count}")
        if (held_out := len(subject.dataset.held_out)) < measure.held_out:
            raise UsageError(
                f"metric '{name}' needs {measure.held_out} held-out samples or more, "
                f"'{subject.dataset.name}' has {held_out}"
            )
        selected.append(measure)
    return selected


def _with_enough(suited: list[Measure], subject: Subject, say: Callable[[str], None]) -> list[Measure]:
    """The measures that have samples enough, generated and held out; the others are told of."""
    count, held_out = subject.count, len(subject.dataset.held_out)
    enough = [measure for measure in suited if count >= measure.least]
    few = [measure for measure in suited if count < measure.least]
    if suited and not enough:
        least = min(measure.least for measure in suited)
        raise UsageError(f"{counted(count, 'sample')} are too few for any metric: {least} are needed at least")
    if few:
        least, left_out = max(measure.least for measure in few), ", ".join(measure.name for measure in few)
        say(f"note: {counted(count, 'sample')} are too few for {left_out}: left out; {least} are needed")
    lone = [measure for measure in enough if held_out < measure.held_out]
    if lone:
        least, left_out = max(measure.held_out for measure in lone), ", ".join(measure.name for measure in lone)
        few_of = f"{counted(held_out, 'held-out sample')} {'is' if held_out == 1 else 'are'}"
        say(f"note: {few_of} too few for {left_out}: left out; {least} are needed")
    return [measure for measure in enough if measure not in lone]


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    ours = OTHER_NAMES.get(str(name).strip().lower())
    return unknown_name("metric", name, known) if ours is None else UsageError(f"metric '{name}' is '{ours}' here")


MEASURES = (*images.MEASURES, *classes.MEASURES, *scales.MEASURES, *points.MEASURES, *text.MEASURES)
"""In the order of tables."""

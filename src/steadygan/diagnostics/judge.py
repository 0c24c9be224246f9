"""Judging a log: which verdicts hold, and which of them comes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.findings import NO_FAULTS, Diagnosis, Finding, VerdictName
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts import RULES
from steadygan.diagnostics.verdicts.needs import NEEDS

ORDER: tuple[VerdictName, ...] = (
    # nothing that is measured after it means anything
    "diverged",
    # every number is one of a training on the wrong data
    "data_fault",
    # of the critic's gradient, through which the generator learns: it may do anything without one
    "exploding_gradient",
    "clipping",  # causes a gradient to vanish, and not the other way round
    "vanishing_gradient",
    # of the balance: a generator without a gradient, or after a wrong one, stands still or loses modes
    "critic_too_strong",  # before a generator that stands still because of it
    "critic_too_weak",  # before samples that run around and shrink because of it
    "generator_stalled",  # before samples that are all alike since the start
    # of the data's amount: a critic that knows the samples by heart drives the generator to them
    "memorisation",  # the harm itself, where it is proven
    "critic_overfitting",
    "augmentation_exhausted",
    "too_little_data",  # a circumstance, which says why
    # of samples: what is left where no cause is seen
    "full_collapse",
    "oscillation",
    "lipschitz_not_held",
    "partial_collapse",  # weakly told from a run that is not done yet
    "checkerboard",  # last: a flaw of samples that may be good otherwise
    "healthy",
    "too_early",
)
"""A cause comes before what follows from it, and the proven before the likely."""
DOUBTFUL = 0.45
"""confidence below which a fault comes after those above it"""
LARGEST_ROUND = 2**53
"""above it floats skip whole numbers"""
STABLE = 3
"""looks in a row for a verdict that counts"""


def judge(rows: Iterable[Row] | History) -> Diagnosis:
    """What a log says of a training as of its last look; a pure function of its rows.

    A beginning of a log gives what was said live at that look. A log that goes back to an earlier round is one of
    a run that went back: what came after that round is left out.
    """
    history = rows if isinstance(rows, History) else History(in_order(rows))
    faults = [found for name in ORDER if name not in NO_FAULTS and (found := _found(name, history)) is not None]
    faults = _without_echoes(faults)
    faults.sort(key=lambda finding: finding.confidence < DOUBTFUL)  # stable: the order stays
    if not faults:
        found = _found("healthy", history) or RULES["too_early"](history)
        assert found is not None
        return Diagnosis(history.round, (found,))
    return Diagnosis(history.round, tuple(faults))


def _found(name: VerdictName, history: History) -> Finding | None:
    rule = RULES[name]
    return rule(history) if history.holds(name, rule) else None


def timeline(rows: Iterable[Row] | History) -> tuple[Diagnosis, ...]:
    """What was said at each look."""
    return tuple(look_by_look(rows))


def look_by_look(rows: Iterable[Row] | History) -> Iterator[Diagnosis]:
    """What was said at each look, one after the other: for callers that know enough before the last."""
    history = rows if isinstance(rows, History) else History(in_order(rows))
    return (judge(history.up_to(look)) for look in range(1, history.looks + 1))


def first_stable(rows: Iterable[Row] | History, looks: int = STABLE) -> Finding | None:
    """The first fault that was the main one at so many looks in a row, as found at the last of them.

    Without one: health, if it was said at the end; else None.
    """
    said = timeline(rows)
    for end in range(looks, len(said) + 1):
        last = said[end - looks : end]
        if last[-1].sick and len({diagnosis.main.verdict for diagnosis in last}) == 1:
            return last[-1].main
    return said[-1].main if said and said[-1].main.verdict == "healthy" else None


def allows(rows: Iterable[Row] | History) -> tuple[VerdictName, ...]:
    """Verdicts that the fields of a log allow, in the order of ``ORDER``; 'too_early' always can be said."""
    history = rows if isinstance(rows, History) else History(in_order(rows))
    present = {name for row in history.rows for name in row}
    return tuple(name for name in ORDER if any(set(fields.split()) <= present for fields in NEEDS[name]))


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows with a round each, in order; those that a run went back over are left out."""
    kept: list[Row] = []
    for row in rows:
        round_ = row.get("round")
        if not isinstance(round_, int | float) or not abs(round_) < LARGEST_ROUND:
            continue
        while kept and float(kept[-1]["round"]) >= round_:
            kept.pop()
        kept.append(row)
    return tuple(kept)


def _without_echoes(faults: list[Finding]) -> list[Finding]:
    """Without verdicts that another one contains."""
    names = {finding.verdict for finding in faults}
    contained = {"partial_collapse"} if "full_collapse" in names else set()
    if "diverged" in names:
        contained |= {"exploding_gradient", "lipschitz_not_held", "oscillation"}
    return [finding for finding in faults if finding.verdict not in contained]

"""Labels of trainings, from outcome numbers alone, and the verdicts that are right answers for each.

The thresholds were fixed before any rule of the doctor was tuned on the suite, and know nothing of what was changed in
a training. A training has a property if it holds at the last three checkpoints, for the averaged weights and for the
raw ones; what lies between the thresholds of good and bad, or changes, is ambiguous and left out. docs/doctor-suite.md
has the same rules in words.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from benchmarks.doctor.outcomes import Outcome
from benchmarks.doctor.probe import CriticProbe
from steadygan.diagnostics.findings import VerdictName

LabelName = Literal[
    "healthy",
    "diverged",
    "data_fault",
    "generator_stalled",
    "oscillation",
    "full_collapse",
    "overfitting",
    "partial_collapse",
    "critic_failed",
    "not_learned",
    "ambiguous",
]
LABELS: tuple[LabelName, ...] = get_args(LabelName)
FAILURES: tuple[LabelName, ...] = tuple(label for label in LABELS if label not in ("healthy", "ambiguous"))

LATE = 3
"""last checkpoints that decide"""
GOOD = {"points": 0.15, "images": 0.40, "text": 0.50}
"""excess up to which samples are good"""
BAD = {"points": 0.35, "images": 0.60, "text": 0.85}
"""excess from which they are bad"""
VARIED, NARROW, ONE = 0.75, 0.60, 0.20
"""effective modes: at least, for healthy; at most, for a partial and for a full collapse"""
ALIKE, CLOSE = 0.15, 0.50
"""spread: at most, for a full collapse on its own; together with ONE"""
FEW_MODES = 0.30
"""effective modes, at most, for a collapse that may be called full or partial"""
NEAR = 0.30
"""share of samples that are of any mode, at least, for a partial collapse: others are off the data"""
FALLING = 0.85
"""excess at the end over that at half of the run, at most, for a training that still improves"""
STILL = 0.05
"""sum of moves after the first checkpoint, at most, for a generator that stands"""
SWING = 0.50
"""total variation between the shares of modes at late checkpoints, at least, for an oscillation"""
KNOWN, COPIED = 0.75, 0.75
"""area of the critic's scores, training against reference; chance to be nearer to a training sample: at least"""
FEW = 100
"""training samples, at most, for which a faulty distribution is none of the data's faults but their number"""
FAULTY, DISTINCT = 0.30, 0.50
"""excess of the training samples themselves, at least; share of distinct ones, at most"""
BLIND, SEPARABLE = 0.65, 0.90
"""areas: of the critic's scores, at most, though a classifier reaches at least the other"""
SURE, FLAT, STEEP = 0.999, 1e-4, 100.0
"""area of the critic's scores and its slope or pull at fakes; slope: critics without use for a generator"""

ACCEPTED: Mapping[LabelName, frozenset[VerdictName]] = {
    "healthy": frozenset({"healthy", "too_early"}),
    "diverged": frozenset({"diverged", "exploding_gradient"}),
    "data_fault": frozenset({"data_fault", "too_little_data"}),
    "overfitting": frozenset({"critic_overfitting", "memorisation", "too_little_data", "augmentation_exhausted"}),
    "generator_stalled": frozenset({"generator_stalled"}),
    "oscillation": frozenset({"oscillation"}),
    "full_collapse": frozenset({"full_collapse"}),
    "partial_collapse": frozenset({"partial_collapse"}),
    "critic_failed": frozenset(),
    "not_learned": frozenset(
        {
            "generator_stalled",
            "critic_too_strong",
            "critic_too_weak",
            "vanishing_gradient",
            "exploding_gradient",
            "oscillation",
            "clipping",
            "lipschitz_not_held",
        }
    ),
    "ambiguous": frozenset(),
}
"""Right answers by label; more are right where a probe of the critic, or another property, holds too"""
ALSO: Mapping[LabelName, frozenset[LabelName]] = {
    "full_collapse": frozenset({"overfitting"}),
    "overfitting": frozenset({"partial_collapse"}),
    "generator_stalled": frozenset({"full_collapse"}),
    "oscillation": frozenset({"full_collapse", "partial_collapse"}),
}
"""Properties whose verdicts are right too where they hold beside a label"""
BETWEEN: Mapping[LabelName, tuple[str, VerdictName]] = {
    "full_collapse": ("some spread", "partial_collapse"),
    "partial_collapse": ("few modes", "full_collapse"),
}
"""Properties beside which the other kind of collapse is right too"""
PROBES: Mapping[str, frozenset[VerdictName]] = {
    "blind": frozenset({"critic_too_weak", "vanishing_gradient", "clipping"}),
    "flat": frozenset({"critic_too_strong", "vanishing_gradient", "clipping"}),
    "steep": frozenset({"exploding_gradient", "lipschitz_not_held", "critic_too_strong"}),
}
"""Right answers for a failed training whose critic is blind (its scores do not separate what can be separated), flat
(they separate all, but fakes get no gradient), or steep"""


@dataclass(frozen=True)
class Label:
    """What a training came to."""

    name: LabelName
    accepted: frozenset[VerdictName] = frozenset()
    """verdicts that are right"""
    properties: tuple[str, ...] = ()
    """all that hold, for the record"""
    non_finite: bool = False
    """a value was not finite: the easy kind of divergence"""
    onset: float = 0.0
    """share of the run after which no checkpoint was good"""


def label(found: Mapping[str, Any]) -> Label:
    """The label of a training from what ``trial.carry_out`` found."""
    if found["stopped"] is not None:
        if "not finite" in found["stopped"] or "non-finite" in found["stopped"] or "NaN" in found["stopped"]:
            return _made("diverged", ("non-finite",), True, _last(found))
        return Label("ambiguous", properties=("stopped",))
    view = View.of(found)
    if not all(each.finite for each in view.late):
        return _made("diverged", ("non-finite",), True, view.onset)
    held = tuple(name for name, holds in PROPERTIES.items() if holds(view))
    probes = tuple(name for name, holds in CRITICS.items() if view.critic is not None and holds(view.critic))
    name = _first(held, probes)
    if name == "ambiguous" or name == "healthy":
        return Label(name, ACCEPTED[name], held)
    return _made(name, (*held, *probes), False, view.onset)


@dataclass(frozen=True)
class View:
    """Outcomes of a training as the rules see them."""

    kind: str
    average: tuple[Outcome, ...]
    """at all checkpoints"""
    raw: tuple[Outcome, ...]
    """at the last three"""
    moved: tuple[float, ...]
    critic: CriticProbe | None
    training_samples: int
    training_excess: float
    training_distinct: float

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> View:
        """From plain data."""
        critic = found["critic"]
        return cls(
            kind=found["kind"],
            average=tuple(map(Outcome.from_json, found["average"])),
            raw=tuple(map(Outcome.from_json, found["raw"])),
            moved=tuple(found["moved"]),
            critic=None if critic is None else CriticProbe.from_json(critic),
            training_samples=found["training_samples"],
            training_excess=found["training_excess"],
            training_distinct=found["training_distinct"],
        )

    @property
    def late(self) -> tuple[Outcome, ...]:
        """The last three checkpoints with both kinds of weights."""
        return (*self.average[-LATE:], *self.raw[-LATE:])

    def always(self, holds: Callable[[Outcome], bool]) -> bool:
        """True if something holds at the last three checkpoints, for both kinds of weights."""
        return all(map(holds, self.late))

    @property
    def falling(self) -> bool:
        """True if the excess at the end is well below that at half of the run."""
        middle = self.average[(len(self.average) - 1) // 2].excess
        return self.average[-1].excess <= FALLING * middle

    @property
    def onset(self) -> float:
        """Share of the run after which no checkpoint was good."""
        good = [index for index, each in enumerate(self.average) if each.excess <= GOOD[self.kind]]
        return (good[-1] + 1) / len(self.average) if good else 0.0


def _is_good(view: View) -> bool:
    return view.always(lambda at: at.excess <= GOOD[view.kind] and min(at.effective, at.modes) >= VARIED)


def _improves(view: View) -> bool:
    """Not good yet, but varied, better from checkpoint to checkpoint, and not bad any more."""
    last = (view.average[-1], view.raw[-1])
    varied = all(at.effective >= VARIED and at.excess < BAD[view.kind] for at in last)
    return varied and view.falling


def _collapsed(view: View) -> bool:
    return view.always(lambda at: at.spread <= ALIKE or (at.effective <= ONE and at.spread <= CLOSE))


def _narrow(view: View) -> bool:
    """Few modes, without more of them in the second half of the run; and samples are not good."""
    if not view.always(lambda at: at.effective <= NARROW and at.near >= NEAR and at.excess > GOOD[view.kind]):
        return False
    middle = view.average[(len(view.average) - 1) // 2]
    return view.average[-1].effective <= middle.effective + 0.1


def _bad(view: View) -> bool:
    return view.always(lambda at: at.excess >= BAD[view.kind])


def _stands(view: View) -> bool:
    return bool(view.moved) and sum(view.moved) <= STILL and _bad(view)


def _swings(view: View) -> bool:
    shares = [at.shares for at in view.raw[-LATE:]]
    moves = [_total_variation(a, b) for a, b in itertools.pairwise(shares)]
    return len(moves) == LATE - 1 and min(moves) >= SWING and view.always(lambda at: at.excess > GOOD[view.kind])


def _faulty_data(view: View) -> bool:
    if view.training_distinct <= DISTINCT:
        return True
    return view.training_samples > FEW and view.training_excess >= FAULTY


def _overfits(view: View) -> bool:
    """Copies, or a critic that tells training samples from others where samples are not good."""
    if view.always(lambda at: at.copies >= COPIED):
        return True
    knows = view.critic is not None and view.critic.knows_training >= KNOWN
    return knows and view.always(lambda at: at.excess > GOOD[view.kind])


PROPERTIES: Mapping[str, Callable[[View], bool]] = {
    "data_fault": _faulty_data,
    "generator_stalled": _stands,
    "oscillation": _swings,
    "full_collapse": _collapsed,
    "overfitting": _overfits,
    "partial_collapse": _narrow,
    "good": _is_good,
    "improves": _improves,
    "bad": _bad,
    "few modes": lambda view: view.always(lambda at: at.effective <= FEW_MODES),
    "some spread": lambda view: view.always(lambda at: at.spread > ALIKE),
}
"""By precedence"""
CRITICS: Mapping[str, Callable[[CriticProbe], bool]] = {
    "blind": lambda critic: critic.separates <= BLIND and critic.separable >= SEPARABLE,
    "flat": lambda critic: critic.separates >= SURE and min(critic.slope, critic.pull or critic.slope) <= FLAT,
    "steep": lambda critic: critic.slope >= STEEP,
}


def _first(held: Sequence[str], probes: Sequence[str]) -> LabelName:
    faults = [name for name in held if name in FAILURES]
    if faults:
        return "ambiguous" if "good" in held and faults[0] == "partial_collapse" else faults[0]
    if "bad" in held and "improves" not in held:
        return "critic_failed" if probes else "not_learned"
    return "healthy" if {"good", "improves"} & set(held) else "ambiguous"


def _made(name: LabelName, held: tuple[str, ...], non_finite: bool, onset: float) -> Label:
    accepted = ACCEPTED[name]
    for other in held:
        accepted |= PROBES.get(other, frozenset())
        if other in ALSO.get(name, frozenset()):
            accepted |= ACCEPTED[other]
    between = BETWEEN.get(name)
    if between is not None and between[0] in held:
        accepted |= {between[1]}
    return Label(name, accepted, held, non_finite, onset)


def _total_variation(a: Sequence[float], b: Sequence[float]) -> float:
    """Half of the summed differences, with what is near no mode as a mode of its own."""
    rest = abs(sum(a) - sum(b))
    return (sum(abs(x - y) for x, y in zip(a, b, strict=True)) + rest) / 2


def _last(found: Mapping[str, Any]) -> float:
    """Share of the run at the last checkpoint."""
    return found["at"][-1] / found["rounds"] if found["at"] else 0.0

"""What a study's folder holds the trials of: which study, at which scale, with which seeds, rounds and data."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from steadygan.errors import RunError, UsageError
from steadygan.run.fields import Fields
from steadygan.studies import sources
from steadygan.studies.catalogue import find
from steadygan.studies.device import CPU, on
from steadygan.studies.study import SCALES, Scale, Study
from steadygan.studies.sweep import Sweep
from steadygan.studies.trial import Trial


@dataclass(frozen=True)
class Definition:
    """All that decides a study's numbers, so that any process anywhere makes the same trials of it."""

    study: str
    """its name, or the import path of one of the user's own: 'my_studies:STUDY'"""
    scale: Scale
    seeds: tuple[int, ...]
    share: float = 1.0
    """of the scale's rounds, as fitted to a time"""
    minutes: float | None = None
    """that the rounds were fitted to"""
    sources: Mapping[str, str] = field(default_factory=dict)
    """data of the user's own, by kind (``sources``)"""
    device: str = CPU
    """that trials train on"""
    sweep: Sweep | None = None
    """a grid of the user's own, whose ``study`` is ``sweep.NAME``"""

    def made(self) -> Study:
        """The study.

        Raises:
            UsageError: for an unknown name.
        """
        return find(self.study) if self.sweep is None else self.sweep.study()

    def trials(self, study: Study | None = None) -> tuple[Trial, ...]:
        """The study's trials, in its order.

        Raises:
            UsageError: if two of them have one name.
        """
        study = study or self.made()
        with sources.given(self.sources):
            trials = tuple(study.trials(self.scale, self.seeds))
        if self.share != 1:
            trials = tuple(trial.fitted(self.share) for trial in trials)
        if not trials:
            raise UsageError(f"the study '{study.name}' has no trials at the scale '{self.scale}'")
        names = Counter(trial.name.lower() for trial in trials)
        twice, times = names.most_common(1)[0]
        if times > 1:
            raise UsageError(f"the study '{study.name}' has two trials of the name '{twice}'")
        return trials

    @contextlib.contextmanager
    def conditions(self) -> Iterator[None]:
        """Context in which trials are measured and carried out: with the study's data, on its device."""
        with sources.given(self.sources), on(self.device):
            yield

    def to_json(self) -> dict[str, Any]:
        """What study.json holds of it."""
        return {
            "study": self.study,
            "scale": self.scale,
            "seeds": list(self.seeds),
            "share": self.share,
            "minutes": self.minutes,
            "sources": dict(self.sources),
            **({} if self.device == CPU else {"device": self.device}),
            **({} if self.sweep is None else {"sweep": self.sweep.to_json()}),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> Definition:
        """Reads what ``to_json`` made.

        Raises:
            RunError: one line, for fields that are missing or wrong.
        """
        share, seeds = fields.number("share"), fields.wholes("seeds")
        minutes = fields.number("minutes") if fields.has("minutes") else None
        if not (0 < share < math.inf) or not seeds or len(set(seeds)) != len(seeds):
            raise RunError(f"{fields.path} is damaged: its share is {share}, its seeds are {list(seeds)[:5]}")
        inner = fields.inner("sources")
        given = {name: inner.text(name) for name in inner.content}
        sweep = Sweep.from_json(fields.inner("sweep")) if fields.has("sweep") else None
        device = fields.optional_text("device") or CPU
        return cls(fields.text("study"), fields.one_of("scale", SCALES), seeds, share, minutes, given, device, sweep)

"""The progress of a study: what is finished, what is carried out now, and the time left."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from steadygan.errors import RunError
from steadygan.studies import layout
from steadygan.studies.folder import StudyFolder
from steadygan.studies.outcomes import Record
from steadygan.studies.trial import Trial
from steadygan.system import progress
from steadygan.system.words import duration

Say = Callable[[str], None]


class Watch:
    """Tells of each trial that is finished, by whichever worker, and how long the others will take.

    folder: of the study
    workers: that share it
    say: takes a line
    """

    def __init__(
        self, folder: StudyFolder, workers: int, say: Say, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._workers, self._say, self._clock = folder, workers, say, clock
        self._records, _ = folder.records()
        self._began: dict[str, float] = {}
        if self._records:
            say(f"{len(self._records)} of {len(folder.trials)} trials are finished already")

    @property
    def finished(self) -> int:
        return len(self._records)

    def look(self) -> bool:
        """Looks at the folder once; True if all trials are finished."""
        now = self._clock()
        for trial in self._folder.trials:
            if trial.name in self._records:
                continue
            if self._folder.is_finished(trial):
                try:
                    self.finish(trial, self._folder.record(trial))
                except RunError:  # torn by another hand since
                    continue
            elif (self._folder.place(trial) / layout.OWNER).exists():
                self._began.setdefault(trial.name, now)
            else:
                self._began.pop(trial.name, None)
        done, total = len(self._records), len(self._folder.trials)
        progress.tell("trials", done, total, left=self.left())
        return done == total

    def finish(self, trial: Trial, record: Record) -> None:
        """Takes in the outcome of a trial, and says so."""
        self._records[trial.name] = record
        left = self.left()
        ahead = f"; left {duration(left)}" if left else ""
        how = duration(record.seconds) if record.failure is None else f"failed: {record.failure}"
        self._say(f"trial {len(self._records)} of {len(self._folder.trials)}: {trial.name}, {how}{ahead}")

    def left(self) -> float | None:
        """Seconds until all trials are finished; None: not known yet."""
        now = self._clock()
        left = [trial for trial in self._folder.trials if trial.name not in self._records]
        spent = {name: now - began for name, began in self._began.items()}
        return seconds_left(self._folder.trials, self._records, left, spent, self._workers)


def seconds_left(
    trials: Iterable[Trial],
    records: Mapping[str, Record],
    left: Sequence[Trial],
    spent: Mapping[str, float],
    workers: int,
) -> float | None:
    """Of trials that so many workers share: each is expected to take what its setting took with other seeds.

    Args:
        trials: all of them
        records: of the finished ones, by name
        left: the others, in the order in which they are taken
        spent: seconds for which those that run now have been carried out
        workers: how many

    Returns:
        seconds; None if nothing is finished yet
    """
    if not records:
        return None
    of_setting: dict[str, list[float]] = {}
    for trial in trials:
        if trial.name in records:
            of_setting.setdefault(_setting(trial), []).append(records[trial.name].seconds)
    usual = statistics.mean(record.seconds for record in records.values())
    ends = [0.0] * max(1, workers)
    for trial in left:
        expected = statistics.mean(of_setting.get(_setting(trial), [usual]))
        first = ends.index(min(ends))
        ends[first] += max(expected - spent.get(trial.name, 0.0), 0.0)
    return max(ends)


def _setting(trial: Trial) -> str:
    return repr(sorted(trial.settings.items()))

"""A worker: takes trials that nobody has, one after another, until none is left."""

from __future__ import annotations

import time
from collections.abc import Callable

from steadygan.studies.carrying_out import finish
from steadygan.studies.folder import StudyFolder
from steadygan.studies.outcomes import Record
from steadygan.studies.trial import Trial

POLL = 0.5
"""seconds between two looks at trials that others carry out"""
Told = Callable[[Trial, Record], None]


def work(
    folder: StudyFolder,
    told: Told | None = None,
    *,
    before: Callable[[], object] | None = None,
    leave: bool = False,
) -> None:
    """Carries out the trials that are left; any number of workers share them.

    Args:
        folder: of the study
        told: called with each trial that was carried out here
        before: called before each trial that is carried out here, and while others are waited for
        leave: True if it ends when all that are left are carried out by others; else it waits, and takes over the
            trial of a worker that dies
    """
    while left := folder.unfinished():
        taken = False
        for trial in left:
            with folder.claimed(trial) as mine:
                if not mine:
                    continue
                taken = True
                if before is not None:
                    before()
                record = finish(folder, trial)
            if told is not None:
                told(trial, record)
        if not taken:
            if leave:
                return
            if before is not None:
                before()
            time.sleep(POLL)

"""Carrying out a trial: its outcome, or the line of its failure, with where and how it came about."""

from __future__ import annotations

import dataclasses
import socket
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from steadygan.errors import RunError, SteadyganError, UsageError, in_one_line
from steadygan.run.checkpoints import read_state
from steadygan.run.fields import Fields
from steadygan.run.layout import CHECKPOINTS, list_checkpoints
from steadygan.studies import layout, outcomes
from steadygan.studies.definition import Definition
from steadygan.studies.device import CPU
from steadygan.studies.folder import StudyFolder
from steadygan.studies.outcomes import Record
from steadygan.studies.stops import Stops
from steadygan.studies.training import RUN
from steadygan.studies.trial import Trial
from steadygan.system.files import read_json_object, write_json

THREADS = 1
"""of a trial: its numbers depend on them, so every trial has as many"""


def carry_out(definition: Definition, trial: Trial, place: Path) -> Record:
    """Carries a trial out in its folder, or goes on with it.

    A training that fails is an outcome: its record has the line of the error. What is no fault of the trial (a full
    disk, no memory, data that is not there, Ctrl-C) is raised, and the trial stays unfinished.
    """
    failure, values = None, {}
    made = provenance(definition.device)
    earlier, began = _seconds_before(place), time.monotonic()
    with _noting_time(place, earlier), Stops() as stops, definition.conditions(), _one_thread():
        try:
            values = dict(trial.work.carry_out(place, trial.seed))
        except Exception as error:
            if stops.received:
                raise KeyboardInterrupt from error
            if _is_of_the_machine(error):
                raise
            failure = str(error) if isinstance(error, SteadyganError) else in_one_line(error)
            if not isinstance(error, SteadyganError):
                _leave_trace(place)
    return Record(
        settings=trial.settings,
        seed=trial.seed,
        rounds=trial.work.rounds,
        values=values,
        failure=failure,
        seconds=round(earlier + time.monotonic() - began, 3),
        run=(place / RUN).is_dir(),
        made=made,
    )


def _seconds_before(place: Path) -> float:
    """What a trial took until it was stopped; of one whose process was killed, its training up to the checkpoint."""
    taken = [0.0]
    with suppress(RunError):
        taken.append(Fields(read_json_object(place / layout.SPENT), place / layout.SPENT).number("seconds"))
    with suppress(RunError):
        taken += [read_state(path).seconds for path in list_checkpoints(place / RUN / CHECKPOINTS)[-1:]]
    return max(taken)


@contextmanager
def _noting_time(place: Path, earlier: float) -> Iterator[None]:
    """Writes how long a trial took, if the block ends without its outcome."""
    began = time.monotonic()
    try:
        yield
    except BaseException:
        with suppress(SteadyganError):
            write_json(place / layout.SPENT, {"seconds": round(earlier + time.monotonic() - began, 3)})
        raise


def finish(folder: StudyFolder, trial: Trial) -> Record:
    """Carries out a claimed trial, and writes its result."""
    place = folder.place(trial)
    record = carry_out(folder.definition, trial, place)
    try:
        outcomes.write(place, record)
    except TypeError as error:
        record = dataclasses.replace(record, values={}, failure=str(error))
        outcomes.write(place, record)
    with suppress(OSError):
        (place / layout.SPENT).unlink(missing_ok=True)
    if record.run and folder.definition.scale != "smoke":
        _report(place / RUN)
    return record


def _report(run: Path) -> None:
    """Writes the report of a trial's training, to which the study's page links; without it the trial is as good."""
    from steadygan.report.page import write_report

    with suppress(SteadyganError, OSError):
        write_report(run)


def provenance(device: str = CPU) -> Mapping[str, Any]:
    """Versions, device, threads and command of this process.

    Raises:
        UsageError: for a device that is not here.
    """
    from steadygan.run.environment import describe_environment
    from steadygan.system.device import choose_device, processor

    chosen = choose_device(device)
    made = {**describe_environment(chosen, "fp32"), "host": socket.gethostname(), "threads": THREADS}
    if chosen.type == CPU:
        made["device"] = processor()
    return {name: value for name, value in made.items() if value is not None}


def _is_of_the_machine(error: BaseException) -> bool:
    """True for an error that every trial would meet here: of the disk, the memory, or of what the user named."""
    from steadygan.training.out_of_memory import is_out_of_memory

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError | UsageError) or is_out_of_memory(seen):
            return True
        seen = seen.__cause__
    return isinstance(error, RunError) and isinstance(error.__context__, OSError)


@contextmanager
def _one_thread() -> Iterator[None]:
    from steadygan.system.threads import restored_threads

    with restored_threads(THREADS):
        yield


def _leave_trace(place: Path) -> None:
    with suppress(OSError):
        (place / layout.TRACE).write_text(traceback.format_exc(), encoding="utf-8", errors="replace")

"""A study's folder: its definition, which the first process that begins it writes, and the trials that are finished."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from steadygan.errors import RunError, UsageError
from steadygan.run.fields import Fields
from steadygan.run.hashes import SEAL, is_sealed, sealed
from steadygan.studies import layout, outcomes
from steadygan.studies.definition import Definition
from steadygan.studies.outcomes import Record
from steadygan.studies.results import Results, Row
from steadygan.studies.study import Study
from steadygan.studies.trial import Trial
from steadygan.system import owner
from steadygan.system.file_lock import locked_folder
from steadygan.system.files import ASIDE, describe, read_json_object, to_json, write_json
from steadygan.system.output_paths import check_output_folder
from steadygan.system.owner import OwnedError

FORMAT = 1


class StudyFolder:
    """A study on disk.

    Raises:
        UsageError: for a folder without a study.
        RunError: for a study.json that is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not is_study(self.path):
            raise UsageError(f"'{path}' is no study: it has no {layout.STUDY}")
        self.content = _read(self.path / layout.STUDY)
        fields = Fields(self.content, self.path / layout.STUDY)
        self.definition = Definition.from_json(fields.inner("definition"))
        self.made: Mapping[str, Any] = fields.inner("made").content

    @classmethod
    def begun(
        cls, path: Path, definition: Definition, made: Mapping[str, Any], costs: Sequence[Mapping[str, Any]] = ()
    ) -> StudyFolder:
        """Begins a study in a folder, unless another process was faster: then its definition is the study's.

        Args:
            path: of the folder; its parents are made
            definition: of the study
            made: by which versions on which machine
            costs: that the rounds were fitted by
        """
        check_output_folder(path)
        content = {"format": FORMAT, "definition": definition.to_json(), "made": dict(made)}
        if costs:
            content["costs"] = [dict(cost) for cost in costs]
        made_here = not path.exists()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot make the folder '{path}': {describe(error)}") from None
        try:
            _write_first(path / layout.STUDY, to_json(sealed(content)))
        except OSError as error:
            if made_here:
                with contextlib.suppress(OSError):
                    path.rmdir()
            raise RunError(f"cannot write '{path / layout.STUDY}': {describe(error)}") from error
        return cls(path)

    def redefined(self, definition: Definition) -> StudyFolder:
        """The same with another definition, such as more seeds."""
        self.write(definition=definition.to_json())
        return StudyFolder(self.path)

    def write(self, **changes: Any) -> None:
        """Writes study.json with these fields changed."""
        path = self.path / layout.STUDY
        with locked_folder(self.path):  # another process may write another field
            content = {name: value for name, value in _read(path).items() if name != SEAL} | changes
            write_json(path, sealed(content))

    @cached_property
    def study(self) -> Study:
        return self.definition.made()

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        return self.definition.trials(self.study)

    def place(self, trial: Trial) -> Path:
        """The folder of a trial."""
        return self.path / layout.TRIALS / trial.name

    def is_finished(self, trial: Trial) -> bool:
        return outcomes.is_finished(self.place(trial))

    def unfinished(self) -> list[Trial]:
        """The trials without a result, in the study's order."""
        return [trial for trial in self.trials if not self.is_finished(trial)]

    def record(self, trial: Trial) -> Record:
        """What a finished trial left.

        Raises:
            RunError: if it is damaged.
        """
        record = outcomes.read(self.place(trial))
        if (dict(record.settings), record.seed) != (dict(trial.settings), trial.seed):
            raise RunError(f"{self.place(trial) / layout.RESULT} is damaged: it is of another trial")
        return record

    def records(self) -> tuple[dict[str, Record], list[str]]:
        """What the finished trials left, by name; and a line for each whose result is damaged."""
        found: dict[str, Record] = {}
        damaged = []
        for trial in self.trials:
            if self.is_finished(trial):
                try:
                    found[trial.name] = self.record(trial)
                except RunError as error:
                    damaged.append(str(error))
        return found, damaged

    def results(self, records: Mapping[str, Record] | None = None) -> Results:
        """The outcomes of the finished trials, in the study's order; of those that failed if the study counts them."""
        records = self.records()[0] if records is None else records
        rows: list[Row] = []
        for trial in self.trials:
            record = records.get(trial.name)
            if record is None or (record.failure is not None and self.study.of_failure is None):
                continue
            values = record.values
            if record.failure is not None:
                values = {**(self.study.of_failure or {}), "failure": record.failure}
            run = f"{layout.TRIALS}/{trial.name}/run" if record.run else None
            rows.append(Row(trial.settings, trial.seed, values, run))
        return Results(tuple(rows))

    @contextlib.contextmanager
    def claimed(self, trial: Trial) -> Iterator[bool]:
        """Makes this process the one that carries out a trial; False if another one does, or it is finished."""
        place = self.place(trial)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot make the folder '{place}': {describe(error)}") from error
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(owner.owned(place / layout.OWNER, patience=0.0))
            except OwnedError:
                yield False
                return
            yield not self.is_finished(trial)

    def is_claimed(self, trial: Trial) -> bool:
        """True if a process carries it out now."""
        return owner.is_owned(self.place(trial) / layout.OWNER)

    def forget(self, trials: Sequence[Trial]) -> None:
        """Removes the results of trials, and what they left, so that they begin anew."""
        for trial in trials:
            place = self.place(trial)
            try:
                (place / layout.RESULT).unlink(missing_ok=True)
                shutil.rmtree(place)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise RunError(f"cannot remove '{place}': {describe(error)}") from error

    def repaired(self) -> list[str]:
        """Removes damaged results, so that these trials are measured again; gives a line for each.

        What a process left that died right after it had finished a trial is removed, too.
        """
        lines = []
        for trial in self.trials:
            mark = self.place(trial) / layout.OWNER
            if mark.exists() and self.is_finished(trial) and not self.is_claimed(trial):
                with contextlib.suppress(OSError):
                    mark.unlink()
            try:
                if self.is_finished(trial):
                    self.record(trial)
            except RunError as error:
                lines.append(f"{error}: the trial is measured again")
                (self.place(trial) / layout.RESULT).unlink(missing_ok=True)
        return lines


def is_study(folder: Path) -> bool:
    """True if the folder holds a study."""
    try:
        return (folder / layout.STUDY).is_file()
    except (OSError, ValueError):  # no valid name of a file
        return False


def _read(path: Path) -> dict[str, Any]:
    content = read_json_object(path)
    Fields(content, path).one_of("format", (FORMAT,))
    if not is_sealed(content):
        raise RunError(f"{path} is damaged: its content does not fit its hash")
    return content


def _write_first(path: Path, text: str) -> None:
    """Writes a file at once unless there is one, which then stays."""
    aside = path.with_name(f"{ASIDE}{os.getpid()}-{threading.get_ident()}-first-{path.name}")
    try:
        aside.write_bytes(text.encode())
        try:
            os.link(aside, path)  # fails if it is there, on network folders too
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

"""Trials as tasks of a Ray cluster (extra ``ray``): each node makes the study anew by its name, and carries out trials.

Nodes that see the study's folder work in it, as local workers do. From others outcomes come back by value, and this
process writes them; what a training leaves on disk stays behind there, and is removed.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from steadygan.errors import RunError, SteadyganError, UsageError, in_one_line
from steadygan.run.fields import Fields
from steadygan.studies import layout, outcomes
from steadygan.studies.carrying_out import carry_out, finish
from steadygan.studies.definition import Definition
from steadygan.studies.device import CPU
from steadygan.studies.folder import StudyFolder
from steadygan.studies.outcomes import Record
from steadygan.studies.watching import Say, Watch
from steadygan.studies.worker import POLL
from steadygan.system.files import ASIDE, writing

NAME = "ray"
_PREFIX = "ray://"


def is_address(text: str) -> bool:
    """True for ``ray``, which is a running cluster or a new one on this machine, and for ``ray://HOST:PORT``."""
    return text == NAME or (text.startswith(_PREFIX) and len(text) > len(_PREFIX))


def share(folder: StudyFolder, address: str, say: Say) -> None:
    """Carries out what is left of a study on a Ray cluster.

    Args:
        folder: of the study
        address: ``ray`` or ``ray://HOST:PORT``
        say: takes a line on each trial

    Raises:
        UsageError: without Ray, for a cluster that cannot be reached, or the line of a task that cannot go on.
        RunError: the line of another task that cannot go on.
    """
    with _connected(address) as ray, _token(folder) as token:
        cores = int(ray.cluster_resources().get("CPU", 1))
        say(f"Ray: {cores} CPU{'s' * (cores != 1)}, {sum(node['Alive'] for node in ray.nodes())} nodes")
        watch = Watch(folder, cores, say)
        task = ray.remote(num_cpus=1, num_gpus=float(folder.definition.device != CPU))(on_node)
        definition, path = folder.definition.to_json(), str(folder.path.resolve())
        while not watch.look():
            tasks = {
                task.remote(definition, path, trial.name, token): trial
                for trial in folder.unfinished()
                if not folder.is_claimed(trial)
            }
            try:
                waiting = list(tasks)
                while waiting:
                    ready, waiting = ray.wait(waiting, timeout=POLL)
                    for reference in ready:
                        record = _outcome(ray, reference)
                        if record is not None:
                            _write(folder, tasks[reference].name, record)
                    watch.look()
            finally:
                for reference in waiting:
                    with suppress(Exception):  # the cluster may be gone
                        ray.cancel(reference)
            if not tasks:
                time.sleep(POLL)


def on_node(definition: dict[str, Any], path: str, name: str, token: str) -> Record | None:
    """Carries out a trial on a node; its record, or None where the node sees the study's folder and wrote it there."""
    made = Definition.from_json(Fields(definition, Path(path) / layout.STUDY))
    trial = next(trial for trial in made.trials() if trial.name == name)
    if _sees(Path(path), token):
        folder = StudyFolder(path)
        with folder.claimed(trial) as mine:
            if mine:
                finish(folder, trial)
        return None
    with tempfile.TemporaryDirectory(prefix="steadygan-") as place:
        return dataclasses.replace(carry_out(made, trial, Path(place)), run=False)


def _write(folder: StudyFolder, name: str, record: Record) -> None:
    trial = next(trial for trial in folder.trials if trial.name == name)
    with folder.claimed(trial) as mine:
        if mine:
            outcomes.write(folder.place(trial), record)


def _outcome(ray: Any, reference: Any) -> Record | None:
    """What a task returned.

    Raises:
        SteadyganError: the line of its error.
    """
    try:
        record: Record | None = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause if isinstance(error.cause, Exception) else error
        if isinstance(cause, SteadyganError):
            kind = UsageError if isinstance(cause, UsageError) else RunError
            raise kind(f"on a node: {cause}") from None
        raise RunError(f"on a node: {in_one_line(cause)}") from error
    except ray.exceptions.RayError as error:
        raise RunError(f"Ray: {in_one_line(error)}") from error
    return record


@contextmanager
def _token(folder: StudyFolder) -> Iterator[str]:
    """A file in the study's folder by which a node tells that it sees this very folder."""
    token = uuid.uuid4().hex
    path = folder.path / f"{ASIDE}{token}"
    with writing(path):
        path.write_text(token)
    try:
        yield token
    finally:
        path.unlink(missing_ok=True)


def _sees(path: Path, token: str) -> bool:
    try:
        return (path / f"{ASIDE}{token}").read_text() == token
    except OSError:
        return False


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection that the caller made is used, and left."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise UsageError("--workers ray needs Ray: pip install 'steadygan[ray]'") from None
    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    if address != NAME:
        options = {"address": address}
    try:
        ray.init(**options)
    except Exception as error:  # of many kinds
        raise UsageError(f"Ray cannot be reached at '{address}': {in_one_line(error)}") from None
    try:
        yield ray
    finally:
        ray.shutdown()

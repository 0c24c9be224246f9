"""The trials of a part, several at a time, each in a process and a folder of its own; done ones are not done again."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from benchmarks.damage import bits, disk, files, kills, lines
from benchmarks.damage.command import limit_memory
from benchmarks.damage.subject import Subject

PARTS: dict[str, ModuleType] = {"kills": kills, "bits": bits, "files": files, "lines": lines, "disk": disk}

Trial = Callable[[Subject, random.Random, Path], str | None]


@dataclass(frozen=True)
class Result:
    """One trial: what went wrong, None if nothing did."""

    part: str
    seed: int
    index: int
    fault: str | None

    def to_json(self) -> str:
        return json.dumps(self.__dict__)


class Log:
    """Results in a file, a line each, so that an interrupted series goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, part: str, seed: int) -> dict[int, Result]:
        """The results of a part so far, by their index."""
        if not self.path.is_file():
            return {}
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                result = Result(**json.loads(line))
            except (ValueError, TypeError):  # the line that was being written
                continue
            if (result.part, result.seed) == (part, seed):
                found[result.index] = result
        return found

    def add(self, result: Result) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(result.to_json() + "\n")


def run_part(
    part: str, seed: int, indices: range, subject: Subject, log: Log, workers: int, say: Callable[[str], None] = print
) -> list[Result]:
    """The results of a part's trials, in order; those in the log are taken from it."""
    known = log.read(part, seed)
    waiting = [index for index in indices if index not in known]
    began = time.monotonic()
    for done, result in enumerate(_side_by_side(part, seed, waiting, subject, workers), start=1):
        log.add(result)
        known[result.index] = result
        if result.fault:
            say(f"{part} {result.index}: {result.fault}")
        if done % 25 == 0 or done == len(waiting):
            failed = sum(each.fault is not None for each in known.values())
            say(f"{part}: {len(known)} of {len(indices)}, {failed} failed, {time.monotonic() - began:.0f} s")
    return [known[index] for index in indices]


def _side_by_side(part: str, seed: int, waiting: list[int], subject: Subject, workers: int) -> Iterator[Result]:
    running: dict[int, tuple[int, int, Path]] = {}
    todo = list(reversed(waiting))
    try:
        while todo or running:
            while todo and len(running) < workers:
                index = todo.pop()
                folder = Path(tempfile.mkdtemp(prefix=f"{part}-{index}-", dir=subject.folder))
                pipe, writing = os.pipe()
                child = os.fork()
                if child == 0:
                    os.close(pipe)
                    _be_the_trial(PARTS[part].trial, f"{seed} {part} {index}", subject, folder, writing)
                os.close(writing)
                running[child] = (index, pipe, folder)
            child, status = os.wait()
            if child not in running:
                continue
            index, pipe, folder = running.pop(child)
            with os.fdopen(pipe, encoding="utf-8") as answer:
                text = answer.read()
            fault = json.loads(text) if text else f"the trial itself ended with status {status}"
            shutil.rmtree(folder, ignore_errors=True)
            yield Result(part, seed, index, fault)
    finally:
        for child in running:
            os.kill(child, 9)


def _be_the_trial(trial: Trial, key: str, subject: Subject, folder: Path, answer: int) -> None:
    fault: str | None
    try:
        limit_memory()
        os.environ["STEADYGAN_CACHE"] = str(folder / "cache")
        fault = trial(subject, random.Random(key), folder)
    except BaseException as error:
        traceback.print_exc()
        fault = f"the trial itself failed: {error!r}"
    try:
        os.write(answer, json.dumps(fault and fault.replace(str(folder), "…")).encode())
        sys.stdout.flush()
    finally:
        os._exit(0)

"""The file of results: JSON, rewritten after each measurement, so that an interrupted benchmark can continue."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import steadygan
from benchmarks.speed.timing import Watch
from steadygan.errors import RunError, UsageError
from steadygan.run.environment import describe_environment
from steadygan.system.device import processor
from steadygan.system.files import read_json, write_json

FORMAT = 1
KINDS = ("cases", "slopes", "overhead")
ALIKE = ("device", "processor", "threads", "clock", "torch")
"""fields of the environment that all figures in a file share"""


class Results:
    """The measurements so far."""

    def __init__(self, path: Path, environment: Mapping[str, Any]) -> None:
        """
        Args:
            path: of the file, which is read if it exists
            environment: of this process, by ``describe``

        Raises:
            UsageError: for a file of another device, processor, clock or version of torch, or without measurements.
        """
        self.path = path
        self.data: dict[str, Any] = {"format": FORMAT, "environment": dict(environment), "commands": [], "left": []}
        self.data |= {kind: [] for kind in KINDS}
        if not path.exists():
            return
        try:
            content = read_json(path)
        except RunError:
            content = None
        if not isinstance(content, dict) or content.get("format") != FORMAT or not set(KINDS) <= content.keys():
            raise UsageError(f"{path} holds no measurements of benchmarks.speed: name another --out")
        for field in ALIKE:
            then, now = content["environment"].get(field), environment[field]
            if then != now:
                raise UsageError(f"{path} was measured with {field} {then}, this is {now}: name another --out")
        self.data = content

    def find(self, kind: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The entry with the fields of the key, if there is one."""
        entries: list[dict[str, Any]] = self.data[kind]
        return next((entry for entry in entries if all(entry.get(k) == v for k, v in key.items())), None)

    def add(self, kind: str, key: Mapping[str, Any], entry: Mapping[str, Any], command: str) -> None:
        """Replaces the entry with this key, or appends one, and writes the file.

        Raises:
            RunError: one line, if the file cannot be written.
        """
        old, new = self.find(kind, key), {**entry, "commit": commit(), "date": time.strftime("%Y-%m-%d")}
        entries = self.data[kind]
        if old is None:
            entries.append(new)
        else:
            entries[entries.index(old)] = new
        if command not in self.data["commands"]:
            self.data["commands"].append(command)
        write_json(self.path, self.data)

    def leave(self, left: Sequence[str]) -> None:
        """Records what the last command has left to measure, which scripts that repeat it read.

        Raises:
            RunError: one line, if the file cannot be written.
        """
        if self.data["left"] != list(left):
            self.data["left"] = list(left)
            write_json(self.path, self.data)


def describe(watch: Watch) -> dict[str, Any]:
    """Device, versions and clock, for the head of the file."""
    environment = {**describe_environment(watch.device, "several"), "processor": processor(), "clock": watch.clock}
    environment["torch"] = torch.__version__
    environment.pop("command")
    return environment


def commit() -> str | None:
    """The commit of the checkout that the package runs from, with '+' if src/ has changes; None outside a checkout."""
    root = Path(steadygan.__file__).parents[2]
    if not (root / ".git").exists():
        return None

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout

    try:
        return git("rev-parse", "--short", "HEAD").strip() + "+" * bool(git("status", "--porcelain", "src").strip())
    except (OSError, subprocess.CalledProcessError):
        return None

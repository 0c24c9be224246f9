"""The file that measurements are kept in: JSON, written whole after each one, so that another command goes on."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import steadygan
from steadygan.bench.measuring import Watch
from steadygan.errors import RunError, UsageError
from steadygan.run.environment import describe_environment
from steadygan.system.files import read_json, write_json

FORMAT = 1
KINDS = ("cases", "slopes", "overhead")
ALIKE = ("device", "processor", "threads", "clock", "torch")
"""what figures in one file have in common"""


class Results:
    """What was measured so far."""

    def __init__(self, path: Path, environment: Mapping[str, Any]) -> None:
        """
        Args:
            path: of the file; read where it is there
            environment: of this process, by ``describe``

        Raises:
            UsageError: for a file of another device, processor, clock or version of torch, or that is none of these.
        """
        self.path = path
        self.data: dict[str, Any] = {"format": FORMAT, "environment": dict(environment), "commands": [], "left": []}
        self.data |= {kind: [] for kind in KINDS}
        if not path.exists():
            return
        try:
            found = read_json(path)
        except RunError:
            found = None
        if not isinstance(found, dict) or found.get("format") != FORMAT or not set(KINDS) <= found.keys():
            raise UsageError(f"{path} holds no measurements of 'steadygan bench': name another --out")
        for field in ALIKE:
            then, now = found["environment"].get(field), environment[field]
            if then != now:
                raise UsageError(f"{path} was measured with {field} {then}, this is {now}: name another --out")
        self.data = found

    def find(self, kind: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The entry whose fields are those of the key."""
        entries: list[dict[str, Any]] = self.data[kind]
        return next((entry for entry in entries if all(entry.get(k) == v for k, v in key.items())), None)

    def add(self, kind: str, key: Mapping[str, Any], entry: Mapping[str, Any], command: str) -> None:
        """Puts an entry in the place of the one with its key, or at the end, and writes the file.

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
        """Notes what the last command has yet to measure: a program that calls it again and again looks there.

        Raises:
            RunError: one line, if the file cannot be written.
        """
        if self.data["left"] != list(left):
            self.data["left"] = list(left)
            write_json(self.path, self.data)


def describe(watch: Watch) -> dict[str, Any]:
    """Device, versions and clock, as they stand at the head of the file."""
    environment = {**describe_environment(watch.device, "several"), "processor": processor(), "clock": watch.clock}
    environment["torch"] = torch.__version__
    environment.pop("command")
    return environment


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def typed(arguments: Sequence[str] | None = None) -> str:
    """Arguments in one line, with paths cut to their last two parts: a result names no machine."""
    return " ".join(short(word) for word in (sys.argv[1:] if arguments is None else arguments))


def short(word: str) -> str:
    """A word; of an absolute path the last two parts."""
    return "/".join(Path(word).parts[-2:]) if Path(word).is_absolute() else word


def commit() -> str | None:
    """The commit of the checkout that the package runs from, '+' behind it where src/ was changed since; else None."""
    root = Path(steadygan.__file__).parents[2]
    if not (root / ".git").exists():
        return None

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout

    try:
        return git("rev-parse", "--short", "HEAD").strip() + "+" * bool(git("status", "--porcelain", "src").strip())
    except (OSError, subprocess.CalledProcessError):
        return None

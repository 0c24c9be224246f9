"""The runs below a folder, each in one row: read at once, from names, heads and ends of files."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from steadygan.errors import SteadyganError
from steadygan.run import is_run, layout
from steadygan.run.checkpoints import read_state
from steadygan.run.owner import is_owned, read_owner
from steadygan.run.state import RunState
from steadygan.system.escapes import page_text
from steadygan.system.yaml_text import read_yaml
from steadygan.ui.files import inside, read_inside
from steadygan.ui.tail import last_lines
from steadygan.ui.verdicts import Verdict, read_verdict
from steadygan.ui.watched import row_of

DEPTH = 6
"""folders below the given one in which runs are looked for"""
MOST = 5_000
"""folders that are looked through"""
SETTLED = 2_000_000_000
"""nanoseconds after a change for which a folder may change again and look the same"""
_HEAD = re.compile(r"^(name|rounds): *(\S.*)$", re.MULTILINE)
_SOURCE = re.compile(r"^data:\n(?:  .*\n)*?  source: *(\S.*)$", re.MULTILINE)
_RECIPE_BYTES = 1 << 18
_SIGNS = (layout.RECIPE, layout.OWNER, layout.METRICS, layout.DIAGNOSIS, layout.SAMPLES, layout.CHECKPOINTS)
"""what changes with a run"""


@dataclass(frozen=True)
class Summary:
    """A run in one row."""

    key: str
    """names the run in addresses"""
    folder: Path
    name: str
    recipe: str
    data: str
    rounds: int | None
    """planned; None if the recipe cannot be read"""
    done: int
    state: RunState
    owner: str
    """of a run that is trained now: process and host; ''"""
    verdict: Verdict | None
    picture: int | None
    """round of the newest picture"""
    stamp: int
    """changes with the picture"""
    changed: float
    """seconds since 1970 of the last change"""
    seconds: float | None = None
    left: float | None = None
    """seconds trained, and left"""

    @property
    def title(self) -> str:
        """The last part of the name; two where it is the run of a study's trial."""
        parts = self.name.split("/")
        return "/".join(parts[-2:] if parts[-1] == "run" else parts[-1:])

    @property
    def place(self) -> str:
        """What stands before the title; ''."""
        return self.name[: len(self.name) - len(self.title)]

    @property
    def share(self) -> float:
        """Of the planned rounds that are done."""
        return min(1.0, self.done / self.rounds) if self.rounds else 0.0


Listing: TypeAlias = "tuple[int, list[tuple[Path, bool]]]"
"""of a folder: when it was changed, and the folders in it, each with True for a link"""


def find_runs(root: Path, known: dict[Path, Listing] | None = None) -> dict[str, Path]:
    """The runs below a folder by their keys, hidden folders aside. A link leads to a run, never to a folder of runs.

    Args:
        root: the folder
        known: listings of folders, which are not read again while they stay as they are: one may hold many pictures
    """
    return {key_of(path.relative_to(root)): path for path in _walk(root, {} if known is None else known)}


def key_of(relative: Path) -> str:
    """A run's key: its path below the folder; a hash where that has bytes that no address can hold."""
    text = relative.as_posix()
    return text if text.isprintable() else f"~{hashlib.sha256(os.fsencode(text)).hexdigest()[:16]}"


def _walk(root: Path, known: dict[Path, Listing]) -> Iterator[Path]:
    waiting, seen = [(root, 0)], 0
    while waiting and seen < MOST:
        folder, depth = waiting.pop()
        seen += 1
        for path, linked in _folders(folder, known):
            if is_run(path):
                yield path
            elif not linked and depth + 1 < DEPTH:
                waiting.append((path, depth + 1))


def _folders(folder: Path, known: dict[Path, Listing]) -> list[tuple[Path, bool]]:
    try:
        changed = os.stat(folder).st_mtime_ns
        if folder in known and known[folder][0] == changed:
            return known[folder][1]
        now = time.time_ns()
        with os.scandir(folder) as entries:
            found = [
                (Path(entry.path), entry.is_symlink())
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir()
            ]
    except OSError:
        known.pop(folder, None)
        return []
    if now - changed > SETTLED:
        known[folder] = changed, found
    return found


class Overview:
    """The summaries of all runs; what did not change is not read again. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._listings: dict[Path, Listing] = {}
        self._known: dict[str, tuple[tuple[int, ...], Summary]] = {}
        self._lock = threading.Lock()

    def runs(self) -> list[Summary]:
        """All runs, those that are trained now first, then the last changed ones."""
        with self._lock:
            found = find_runs(self.root, self._listings)
            self._known = {key: entry for key, entry in self._known.items() if key in found}
            summaries = [self._summary(key, folder) for key, folder in found.items()]
        return sorted(summaries, key=lambda each: (each.state != "running", -each.changed, each.key))

    def run(self, key: str) -> Summary | None:
        """One run; None for a key that names none. Keys are looked up, never made into paths."""
        with self._lock:
            folder = self._known[key][1].folder if key in self._known else find_runs(self.root, self._listings).get(key)
            if folder is None or not is_run(folder):
                return None
            return self._summary(key, folder)

    def _summary(self, key: str, folder: Path) -> Summary:
        signs, changed = _signs(folder)
        owned = is_owned(folder)
        signs = (*signs, int(owned))
        if key not in self._known or self._known[key][0] != signs:
            self._known[key] = signs, summarise(key, folder, changed, owned=owned)
        return self._known[key][1]


def _signs(folder: Path) -> tuple[tuple[int, ...], float]:
    signs: list[int] = []
    newest = 0.0
    for name in _SIGNS:
        try:
            found = os.stat(folder / name)
        except OSError:
            signs += [0, 0]
            continue
        signs += [found.st_mtime_ns, found.st_size]
        newest = max(newest, found.st_mtime)
    return tuple(signs), newest


def summarise(key: str, folder: Path, changed: float, *, owned: bool) -> Summary:
    """The row of a run. A recipe is taken as readable if its head is: ``steadygan check`` looks at all of it."""
    head = recipe_head(folder)
    rounds = head.get("rounds") if type(head.get("rounds")) is int else None
    done, damaged = _done(folder)
    row = next((row for line in reversed(last_lines(folder / layout.METRICS)) if (row := row_of(line))), {})
    owner = read_owner(folder) if owned else None
    state: RunState
    if owned:
        state, done = "running", max(done, row.get("round", 0))
    elif rounds is None or damaged:
        state = "damaged"
    else:
        state = "finished" if done >= rounds else "interrupted"
    picture = _newest_picture(folder)
    return Summary(
        key=key,
        folder=folder,
        name=page_text(key if not key.startswith("~") else folder.name),
        recipe=_text(head.get("name")),
        data=_text(head.get("source")).rstrip("/\\").replace("\\", "/").rpartition("/")[2],
        rounds=rounds,
        done=done,
        state=state,
        owner=page_text(str(owner)) if owner else "",
        verdict=read_verdict(folder),
        picture=None if picture is None else picture[0],
        stamp=0 if picture is None else picture[1],
        changed=changed,
        seconds=_seconds(row.get("seconds")),
        left=_seconds(row.get("seconds_left")) if owned else None,
    )


def recipe_head(folder: Path) -> dict[str, Any]:
    """Name, rounds and data source of a recipe: of its lines, or if it is written in another way, of all of it."""
    text = (read_inside(folder, layout.RECIPE, _RECIPE_BYTES) or b"").decode("utf-8", errors="replace")
    lines = [match[0] for match in _HEAD.finditer(text)]
    if source := _SOURCE.search(text):
        lines.append(f"source: {source[1]}")
    try:
        head = read_yaml("\n".join(lines), layout.RECIPE)
        if len(lines) != 3 or not isinstance(head, dict) or type(head.get("rounds")) is not int:
            whole = read_yaml(text, layout.RECIPE)
            head = dict(whole) if isinstance(whole, dict) else {}
            data = head.get("data")
            head["source"] = data.get("source") if isinstance(data, dict) else data
    except (SteadyganError, ValueError):
        return {}
    return head


def _done(folder: Path) -> tuple[int, bool]:
    """The round of the last checkpoint, and True if its state cannot be read."""
    try:
        saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
        return (read_state(saved[-1]).round if saved else 0), False
    except (SteadyganError, OSError):
        return 0, True


def _newest_picture(folder: Path) -> tuple[int, int] | None:
    """Round and time stamp of the newest picture that is the run's own."""
    for path in reversed(layout.list_pictures(folder)):
        if found := inside(folder, path):
            return layout.picture_round(path), found.stat().st_mtime_ns
    return None


def _text(value: object) -> str:
    return page_text(str(value))[:80] if isinstance(value, str | int | float) else "?"


def _seconds(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e12 else None  # type: ignore[arg-type,operator]

"""The history of a run, history.jsonl: what was changed when it was resumed, one field of the recipe a line.

A change made at round N holds from round N on; the records before stay.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygan import codec
from steadygan.kinds import Kind, bound, spec_types
from steadygan.recipe import Recipe
from steadygan.run.layout import HISTORY
from steadygan.run.records import numbered_lines
from steadygan.system.files import write_text

BY_RESUME, BY_HAND, REPLANNED, DAMAGED = "resume", "edited by hand", "to keep the time", "damaged"
"""how a change was made: by an option of resume, in recipe.yaml, by the run itself as its speed changed, or none of the
recipe: a record was damaged"""


@dataclass(frozen=True)
class Change:
    """A field of the recipe that has another value from a round on."""

    round: int
    field: str
    """its path: 'critic_optimizer.lr'"""
    old: Any
    new: Any
    """as in YAML: numbers, texts, lists, objects"""
    by: str = BY_RESUME
    time: str = ""
    """local time, 'YYYY-MM-DD HH:MM:SS'"""

    def __str__(self) -> str:
        if self.by == DAMAGED:
            return f"{self.field} was found damaged at round {self.round:,}"
        how = "" if self.by == BY_RESUME else f" ({self.by})"
        return f"{self.field}: {shown(self.old)} → {shown(self.new)} from round {self.round:,} on{how}"


def shown(value: Any) -> str:
    """A value on one short line."""
    text = f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def now() -> str:
    """The local time as the history has it."""
    return f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}"


def differences(old: Recipe, new: Recipe, round_: int, by: str = BY_RESUME) -> tuple[Change, ...]:
    """The fields in which two recipes differ, as changes at a round."""
    found = _different("", codec.to_plain(old), codec.to_plain(new))
    return tuple(Change(round_, path, before, after, by, now()) for path, before, after in found)


def _different(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict) and old.get("kind") == new.get("kind"):
        for name in old.keys() | new.keys():
            inner = f"{path}.{name}" if path else name
            yield from sorted(_different(inner, old.get(name), new.get(name)), key=lambda found: found[0])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and any(map(_is_spec, old + new)):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _different(f"{path}.{index}", before, after)
    elif old != new:
        yield path, old, new


def _is_spec(value: Any) -> bool:
    return isinstance(value, dict)


def without(recipe: Recipe, changes: Iterable[Change], kinds: Iterable[Kind] = ()) -> Recipe:
    """The recipe as it was before some changes, the last of which is given last.

    Raises:
        UsageError: if they are not of this recipe.
    """
    plain = codec.to_plain(recipe)
    for change in reversed(list(changes)):
        _set(plain, change.field.split("."), change.old)
    kinds = tuple(kinds)
    return bound(codec.from_plain(plain, Recipe, extra=spec_types(kinds)), kinds)


def _set(node: Any, path: Sequence[str], value: Any) -> None:
    name, *rest = path
    if isinstance(node, list) and name.isdigit() and int(name) < len(node):
        inner: Any = int(name)
    elif isinstance(node, dict) and name in node:
        inner = name
    else:
        return  # the recipe has no such place any more
    if rest:
        _set(node[inner], rest, value)
    else:
        node[inner] = value


def read_history(folder: Path) -> tuple[Change, ...]:
    """The changes of a run, oldest first; lines that are none are left out."""
    return tuple(change for _, change in history_lines(folder) if change is not None)


def history_lines(folder: Path) -> Iterator[tuple[int, Change | None]]:
    """Each line's number and change; None for a damaged line."""
    for number, line in numbered_lines(folder / HISTORY):
        yield number, None if line is None else _change(line)


def _change(line: dict[str, Any]) -> Change | None:
    round_, field, by, time = (line.get(name) for name in ("round", "field", "by", "time"))
    good = type(round_) is int and round_ >= 0 and all(isinstance(text, str) for text in (field, by, time))
    return Change(round_, field, line.get("old"), line.get("new"), by, time) if good else None  # type: ignore[arg-type]


def write_history(folder: Path, changes: Sequence[Change]) -> None:
    """Writes the whole history, oldest first.

    Raises:
        RunError: one line, if it cannot be written.
    """
    lines = (
        json.dumps({"round": c.round, "time": c.time, "field": c.field, "old": c.old, "new": c.new, "by": c.by})
        for c in changes
    )
    write_text(folder / HISTORY, "".join(f"{line}\n" for line in lines))

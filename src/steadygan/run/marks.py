"""Marks of what a session wrote at its start, marks.json: the hashes of environment and data facts, and the recipe.

By them a damaged file is found, and a recipe that was edited by hand is told field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steadygan.errors import RunError
from steadygan.run import layout
from steadygan.run.checkpoints import file_damage
from steadygan.run.fields import Fields
from steadygan.run.hashes import Mark, is_sealed, mark_of, sealed
from steadygan.system.files import read_json_object, reading, write_json
from steadygan.system.regular import read_regular

MARKED = (layout.ENVIRONMENT, layout.DATA)
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class Marks:
    """What marks.json holds."""

    files: Mapping[str, Mark]
    """of ``MARKED``, by name"""
    recipe: str
    """the recipe as YAML"""
    fingerprint: str
    """of the data"""
    minutes: float | None = None
    """time limit of the whole run"""


def write_marks(
    folder: Path,
    recipe: str,
    fingerprint: str,
    damaged: Mapping[str, Mark] | None = None,
    minutes: float | None = None,
) -> None:
    """Marks the files that are there, a recipe as YAML, and the data's fingerprint.

    Args:
        folder: of the run
        recipe: as YAML
        fingerprint: of the data
        damaged: marks that stay as they are, of files that do not hold what was written
        minutes: time limit of the run

    Raises:
        RunError: one line, if it cannot be written.
    """
    files = {name: mark.to_json() for name, mark in (damaged or {}).items()}
    for name in MARKED:
        if name in files:
            continue
        with reading(folder / name):
            files[name] = mark_of(read_regular(folder / name, _MOST_BYTES)).to_json()
    content = {"format": 1, "files": files, "recipe": recipe, "fingerprint": fingerprint}
    if minutes is not None:
        content["minutes"] = minutes
    write_json(folder / layout.MARKS, sealed(content))


def read_marks(folder: Path) -> Marks | None:
    """The marks of a run; None for a run of an earlier version, which has none.

    Raises:
        RunError: if they are damaged.
    """
    path = folder / layout.MARKS
    if not path.exists():
        return None
    way_on = "; without it the run is read as one that kept no hashes: move it away and try again"
    try:
        content = read_json_object(path)
    except RunError as error:
        raise RunError(f"{error}{way_on}") from None
    if not is_sealed(content):
        raise RunError(f"{path} is damaged: its content is not what was written (its hash differs){way_on}")
    fields = Fields(content, path)
    inner = fields.inner("files")
    entries = {name: inner.inner(name) for name in inner.content}
    files = {name: Mark(entry.whole("bytes"), entry.text("hash")) for name, entry in entries.items()}
    minutes = fields.number("minutes") if fields.has("minutes") else None
    return Marks(files, fields.text("recipe"), fields.text("fingerprint"), minutes)


def marked_damage(folder: Path, marks: Marks, name: str) -> str | None:
    """How a marked file differs from what was written; None if it does not."""
    mark = marks.files.get(name)
    return None if mark is None else file_damage(folder / name, mark)

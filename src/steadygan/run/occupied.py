"""What a new run would write over in a folder that is there already."""

from __future__ import annotations

import os
from pathlib import Path

from steadygan.errors import RunError
from steadygan.run import layout
from steadygan.run.environment import Environment
from steadygan.run.find import is_run
from steadygan.run.removal import FILES, FOLDERS

_BEGINNING = (layout.ENVIRONMENT, layout.DATA, layout.MARKS)
"""what a run writes before its recipe"""


def occupied(folder: Path, source: str = "") -> str | None:
    """Why no new run can begin in a folder: what is there would be written over, or taken for the run's.

    What a run that was killed as it began has left is no reason: its recipe is written last.

    Args:
        folder: which may not exist
        source: of the data: a run inside its own data would change them
    """
    if source and _same(folder, Path(source)):
        return f"{folder} is the folder of the data: pictures of the run would be among them; name another --out"
    if not folder.is_dir() or is_run(folder):
        return None
    own = _BEGINNING if _begun(folder) else ()
    names = [name for name in FOLDERS if _holds_something(folder / name)]
    names += [name for name in (*FILES, layout.ENVIRONMENT) if name not in own and os.path.lexists(folder / name)]
    names += sorted(path.name for path in folder.glob(layout.EVENTS))[:1]
    if not names:
        return None
    listed = " and ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"{folder} holds {listed}, but no {layout.RECIPE}: a new run would write over them, or take them for its own; "
        "move them away, or name another --out"
    )


def _holds_something(folder: Path) -> bool:
    return os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir()))


def _begun(folder: Path) -> bool:
    """True for an environment that a run wrote."""
    try:
        Environment.read(folder)
    except RunError:
        return False
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) and one.is_dir() and any(one.iterdir())
    except (OSError, ValueError):
        return False

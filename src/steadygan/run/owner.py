"""The owner of a run: the one process that may write it, by a lock on its owner.json (``system/owner``)."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

from steadygan.errors import RunError, UsageError
from steadygan.run.find import CLAIMED
from steadygan.run.layout import OWNER, RECIPE
from steadygan.system import owner as owners
from steadygan.system.files import describe
from steadygan.system.owner import OwnedError, Owner

__all__ = ["Owner", "is_owned", "owned", "read_owner"]


def read_owner(folder: Path) -> Owner | None:
    """What owner.json says; None without one, or if it was not written to its end."""
    return owners.read_owner(folder / OWNER)


def is_owned(folder: Path) -> bool:
    """True if a process trains the run now, as far as this host can see."""
    return owners.is_owned(folder / OWNER)


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[str | None]:
    """Makes this process the run's owner for the block, and the folder if there is none.

    Yields:
        a line about the owner that was gone without a word, None if there was none.

    Raises:
        UsageError: one line, if the run has an owner.
        RunError: if the folder cannot be written.
    """
    made = _make(folder)
    try:
        with contextlib.ExitStack() as stack:
            try:
                before = stack.enter_context(owners.owned(folder / OWNER))
            except OwnedError as error:
                raise _refused(folder, error) from None
            yield None if before is None else f"{folder} was left by {before}, which is gone: taken over"
    finally:
        for empty in made:  # a training that never began leaves no folder
            with contextlib.suppress(OSError):
                empty.rmdir()


def check_still_owned(folder: Path) -> None:
    """Raises RunError if a run that this process trains was deleted or renamed meanwhile, or is another's by now.

    What is written next would make the folder anew, without its recipe, or change the other run.
    """
    try:
        (folder / RECIPE).lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunError(f"{folder} was deleted or renamed while it was trained: the training cannot go on") from error
    except OSError:
        return  # the write tells why
    owner = read_owner(folder)
    if owner is not None and not owner.is_this:
        raise RunError(f"{folder} is trained by {owner} by now: it was deleted or renamed, and begun again")


def _refused(folder: Path, error: OwnedError) -> UsageError:
    if error.left > 0:
        return UsageError(
            f"{folder} is trained by {error.owner or 'another host'}, which cannot be asked from here: if it has "
            f"ended, try again in {error.left / 60:.0f} min, or delete {folder / OWNER}"
        )
    return UsageError(
        f"{folder} is being trained by {error.owner or 'another process'}: wait for its end, stop it, or name another "
        "folder"
    )


def _make(folder: Path) -> list[Path]:
    """Makes the folder; returns those that were made, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if not missing:
        missing = list(itertools.takewhile(lambda path: path.resolve() in CLAIMED, (folder, *folder.parents)))
        CLAIMED.difference_update(path.resolve() for path in missing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {folder}: {describe(error)}") from None
    return missing

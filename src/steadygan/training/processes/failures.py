"""Failures of collective operations: the error when another process of the run is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from steadygan.errors import RunError, SteadyganError


def lost_process_message(reason: str) -> str:
    """The one-line error for a run that has lost a process."""
    return (
        f"another process of this run is gone ({reason}): 'steadygan resume RUN' goes on from the last checkpoint, "
        "with any number of processes that divides the batch"
    )


@contextmanager
def collective() -> Iterator[None]:
    """Context of a collective operation; its failure because another process has left becomes a RunError."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, SteadyganError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        raise RunError(lost_process_message(reason)) from None

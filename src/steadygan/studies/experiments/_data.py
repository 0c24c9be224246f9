"""Data of the studies' trials: the user's own set of a kind, or the stand-in that is at hand everywhere."""

from __future__ import annotations

from steadygan.data.options import DataOptions
from steadygan.studies.sources import Kind, is_stand_in, source


def named(kind: Kind) -> dict[str, str]:
    """The setting that tells trials on named data from those on the stand-in."""
    return {} if is_stand_in(kind) else {"data": source(kind)}


def pictures(kind: Kind, size: int, stand_in: int = 8) -> DataOptions:
    """Pictures of a kind with sides of ``size`` pixels; of the stand-in with sides of ``stand_in`` pixels."""
    return DataOptions(source=source(kind), size=stand_in if is_stand_in(kind) else size)

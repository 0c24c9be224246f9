"""Data of the studies: the user's own set of a kind, or the stand-in that is at hand everywhere."""

from __future__ import annotations

import os
from typing import Literal

from steadygan.data.options import DataOptions

Kind = Literal["mnist", "cifar10", "pictures", "text"]
STAND_INS: dict[Kind, str] = {"mnist": "digits", "cifar10": "digits", "pictures": "digits", "text": "python-docs"}


def source(kind: Kind) -> str:
    """The path or name of a kind of data: of ``STEADYGAN_DATA_KIND``, or the stand-in."""
    return os.environ.get(f"STEADYGAN_DATA_{kind.upper()}") or STAND_INS[kind]


def is_stand_in(kind: Kind) -> bool:
    """True if no data of the kind was named."""
    return source(kind) == STAND_INS[kind]


def named(kind: Kind) -> dict[str, str]:
    """The setting that tells trials on named data from those on the stand-in."""
    return {} if is_stand_in(kind) else {"data": source(kind)}


def pictures(kind: Kind, size: int, stand_in: int = 8) -> DataOptions:
    """Pictures of a kind with sides of ``size`` pixels; of the stand-in with sides of ``stand_in`` pixels."""
    return DataOptions(source=source(kind), size=stand_in if is_stand_in(kind) else size)

"""Which data a trial of a picture study takes: the user's, or a built-in stand-in."""

from __future__ import annotations

import os
from typing import Literal

Kind = Literal["mnist", "cifar10", "pictures", "text"]

STAND_INS: dict[Kind, str] = {"mnist": "digits", "cifar10": "digits", "pictures": "digits", "text": "python-docs"}


def source(kind: Kind) -> str:
    """The data of a kind: the path in STEADYGAN_DATA_MNIST and so on, or what the package has in its place."""
    return os.environ.get(f"STEADYGAN_DATA_{kind.upper()}") or STAND_INS[kind]

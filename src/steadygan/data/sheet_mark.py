"""The mark in contact sheets, by which they are known as no data, and as what a later one may replace."""

from __future__ import annotations

from pathlib import Path

from steadygan.errors import UsageError
from steadygan.system.regular import open_regular

ENDING = "-sheet.png"
"""of the name that a sheet has by default, after the data's"""
MARK = "steadygan contact sheet"
"""in the PNG text 'Software', within the first ``_HEAD`` bytes"""
_HEAD = 1024


def is_sheet(path: Path) -> bool:
    """True for a contact sheet that this library made."""
    try:
        with open_regular(path) as file:
            return MARK.encode() in file.read(_HEAD)
    except (OSError, UsageError):
        return False

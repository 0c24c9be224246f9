"""What the doctor said of a run last, from its diagnosis.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steadygan.diagnostics.words import NAMES, SENTENCES
from steadygan.run import layout
from steadygan.ui.files import read_inside

Style = Literal["good", "open", "bad"]
_MOST_BYTES = 1 << 23


@dataclass(frozen=True)
class Verdict:
    """A verdict in words."""

    name: str
    sentence: str
    style: Style
    round: int


def read_verdict(folder: Path) -> Verdict | None:
    """The verdict of a run; None for one without, and for a file that holds none."""
    content = read_inside(folder, layout.DIAGNOSIS, _MOST_BYTES)
    try:
        found = json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    verdict, round_ = found.get("verdict"), found.get("round")
    if not isinstance(verdict, str) or verdict not in NAMES or type(round_) is not int:
        return None
    style: Style = {"healthy": "good", "too_early": "open"}.get(verdict, "bad")  # type: ignore[assignment]
    return Verdict(NAMES[verdict], SENTENCES[verdict], style, round_)

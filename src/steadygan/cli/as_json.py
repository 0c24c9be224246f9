"""``--json``: what a command lists, as one JSON object of the same shape for every command.

``{"command": "runs", "version": "0.1.0", "rows": [{...}, ...]}``: a row is an object, and what is said of all rows
together stands beside ``rows``. A number that is not finite is null.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from steadygan.cli.parser import Parser
from steadygan.system.terminal import raw_of
from steadygan.version import __version__

OPTION = "--json"
KEYS = ("command", "version", "rows")
"""of every answer"""


def add_json(parser: Parser) -> None:
    """Adds ``--json``."""
    parser.add_argument(OPTION, action="store_true", help="prints JSON, for scripts")


def print_json(command: str, rows: Iterable[Any], **more: Any) -> None:
    """Prints an answer; ``more`` stands beside the rows."""
    answer = {"command": command, "version": __version__, "rows": list(rows), **more}
    text = json.dumps(plain(answer), indent=1, allow_nan=False) + "\n"
    stream = raw_of(sys.stdout)  # all its characters are ASCII, and its lines are not to be broken
    stream.write(text)
    stream.flush()


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, paths as texts, numbers that are not finite as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if callable(getattr(value, "item", None)):  # a number of numpy's
        return plain(value.item())
    return str(value) if isinstance(value, str | Path) else repr(value)

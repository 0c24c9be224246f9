"""JSON of files that may be damaged or hostile: bounds on depth and on numbers; every fault is a ``ValueError``."""

from __future__ import annotations

import json
from typing import Any

DEPTH, DIGITS = 64, 40
"""bounds of nesting, and of the length of whole numbers"""


def parse_json(content: bytes) -> Any:
    """The value that a JSON text in UTF-8 holds.

    Raises:
        ValueError: for anything else, nesting deeper than ``DEPTH``, whole numbers of more than ``DIGITS`` digits, and
            strings that UTF-8 cannot write (lone surrogates).
    """
    try:
        value = json.loads(content.decode("utf-8"), parse_int=_whole_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    deep = content.count(b"[") + content.count(b"{") > DEPTH
    if deep or b"\\u" in content:
        _check(value)
    return value


def _whole_number(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"it has a number of {len(text):,} digits")
    return int(text)


def _check(value: Any) -> None:
    """Walks the value without recursion."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            item.encode()  # a UnicodeEncodeError is a ValueError
        elif isinstance(item, list | dict) and depth == DEPTH:
            raise ValueError("it is nested too deeply")
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, dict):
            waiting.extend((inner, depth + 1) for pair in item.items() for inner in pair)

"""Untrusted names as they are printed and stored: what cannot be printed is escaped, so that the rest stays legible."""

from __future__ import annotations

import re
from typing import Any

_LOW = 0xDC00
"""a byte b of a file name that is no UTF-8 is the lone surrogate _LOW + b in Python's text (PEP 383)"""


def escaped(text: str) -> str:
    r"""Text in which every character that cannot be printed is escaped: ``'\x1b'``, ``'\u202e'``, ``'\xe4'``.

    Those are control codes, which could move a terminal's cursor or forge its output, marks of text direction, and
    bytes of file names that are not UTF-8, which no file can store as text.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(ord(character)) for character in text)


def _escape(code: int) -> str:
    if _LOW + 0x80 <= code <= _LOW + 0xFF:
        code -= _LOW
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""control codes but tabs and line breaks, and marks that turn the direction of a text"""


def page_text(text: str) -> str:
    """The text of a page, storable, with control codes and marks of text direction escaped."""
    return _UNSEEN.sub(lambda found: _escape(ord(found[0])), storable(text))


def storable(text: str) -> str:
    """Text that UTF-8 can write: bytes of file names that are not UTF-8 (lone surrogates) are escaped."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escape(ord(one)) if "\ud800" <= one <= "\udfff" else one for one in text)
    return text


def storable_tree(value: Any) -> Any:
    """Plain data with ``storable`` strings; tuples become lists, as in JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_tree(key): storable_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_tree(item) for item in value]
    return value

"""Untrusted names as they are printed and stored: what cannot be printed is escaped, so that the rest stays legible."""

from __future__ import annotations

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


def escaped_tree(value: Any) -> Any:
    """Plain data whose strings can be stored as UTF-8: lone surrogates are escaped, all else stays.

    Tuples become lists, as in JSON.
    """
    if isinstance(value, str):
        return value if _is_utf8(value) else escaped(value)
    if isinstance(value, dict):
        return {escaped_tree(key): escaped_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [escaped_tree(item) for item in value]
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

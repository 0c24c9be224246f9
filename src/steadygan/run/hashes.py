"""Hashes of a run's files (BLAKE2b of 128 bits), by which damage is found before a file is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygan.system.regular import open_regular

SEAL = "hash"
"""field of a sealed JSON object: the hash of its other fields"""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Mark:
    """Length and hash of a file, or of its first bytes."""

    bytes: int
    hash: str

    def to_json(self) -> dict[str, Any]:
        return {"bytes": self.bytes, "hash": self.hash}


class Hash:
    """Length and hash of what was given to ``update`` so far."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._bytes = 0

    def update(self, content: bytes) -> None:
        self._hash.update(content)
        self._bytes += len(content)

    @property
    def mark(self) -> Mark:
        return Mark(self._bytes, self._hash.hexdigest())


def mark_of(content: bytes) -> Mark:
    """The mark of a file's content."""
    found = Hash()
    found.update(content)
    return found.mark


def hash_file(path: Path, most: int | None = None) -> Hash:
    """The hash of a file, or of its first ``most`` bytes.

    Raises:
        OSError: if it cannot be read, or is no regular file.
    """
    found, left = Hash(), most
    with open_regular(path) as file:
        while content := file.read(_CHUNK if left is None else min(_CHUNK, left)):
            found.update(content)
            left = None if left is None else left - len(content)
    return found


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the hash of its fields."""
    return {**content, SEAL: _hash_of_fields(content)}


def is_sealed(content: Mapping[str, Any]) -> bool:
    """True if the object is as it was when ``sealed`` made it."""
    return content.get(SEAL) == _hash_of_fields({key: value for key, value in content.items() if key != SEAL})


def _hash_of_fields(content: Mapping[str, Any]) -> str:
    return mark_of(json.dumps(content, sort_keys=True).encode()).hash

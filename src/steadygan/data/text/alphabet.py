"""Character vocabulary: encoding of lines as ids, and back.

A character is a Unicode code point; case, spaces and accents are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.options import LARGEST_ALPHABET
from steadygan.errors import UsageError

Ids = NDArray[np.uint8] | NDArray[np.int16]
"""[M, length]"""

LENGTH = 32
"""characters of a sample in the paper"""
MOST_CHARACTERS = 2048
"""the authors' largest alphabet, including unknown and padding"""
PADDING = "`"
"""the authors' padding character"""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""how unknown characters are written; invalid bytes are decoded to it, so they are unknown, too"""

_CODE_POINTS = 0x110000
_BLOCK = 2**16


@dataclass(frozen=True)
class Alphabet:
    """The characters of a model; the index of a character is its id."""

    characters: str
    """every known character once, including those for unknown and for padding"""
    padding: int = 1
    """id of the padding; the same character in a text is padding, too, as in the authors' code"""
    unknown: int = 0
    """id of all unknown characters"""

    def __post_init__(self) -> None:
        size = len(self.characters)
        if len(set(self.characters)) != size:
            twice = Counter(self.characters).most_common(1)[0][0]
            raise UsageError(f"an alphabet has {twice!r} twice; each character has one id")
        if not 3 <= size <= LARGEST_ALPHABET:
            raise UsageError(f"an alphabet has {size:,} characters; allowed are 3 to {LARGEST_ALPHABET:,}")
        if not (0 <= self.padding < size and 0 <= self.unknown < size) or self.padding == self.unknown:
            raise UsageError(
                f"an alphabet of {size:,} has the ids {self.padding} for padding and {self.unknown} for unknown; "
                f"they have to differ and be from 0 to {size - 1:,}"
            )

    def __len__(self) -> int:
        return len(self.characters)


def build_alphabet(
    lines: Sequence[str], most: int = MOST_CHARACTERS, length: int | None = None, padding: str = PADDING
) -> Alphabet:
    """An alphabet of unknown (id 0), padding (id 1), then characters by falling frequency.

    The authors' rule, except that padding always has an id, and that ties are broken by code point, not by chance.

    Args:
        lines: the lines to train on; characters that only held-out lines have are unknown
        most: size of the alphabet, including unknown and padding
        length: characters of a line that count, from its start; None: all
        padding: one character, best one that the text does not contain

    Raises:
        UsageError: for an alphabet that is too small or too large, another padding, or lines without a character.
    """
    if not 3 <= most <= LARGEST_ALPHABET:
        raise UsageError(f"the most characters are {most:,}; allowed are 3 to {LARGEST_ALPHABET:,}")
    if len(padding) != 1 or padding == UNKNOWN:
        raise UsageError(f"padding is {padding!r}; it has to be one character, not the one for unknown ones")
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(line[:length])
    for special in (padding, UNKNOWN):
        counts.pop(special, None)
    if not counts:
        raise UsageError(f"{len(lines)} lines have no character to make an alphabet of")
    known = sorted(counts, key=lambda character: (-counts[character], character))[: most - 2]
    return Alphabet(UNKNOWN + padding + "".join(known))


def encode(lines: Sequence[str], alphabet: Alphabet, length: int = LENGTH) -> Ids:
    """Ids [M, length] of lines, cut or padded; uint8 for up to 256 characters, else int16."""
    need_length(length)
    dtype = np.uint8 if len(alphabet) <= 256 else np.int16
    table = np.full(_CODE_POINTS, alphabet.unknown, dtype)
    table[_codes(alphabet.characters)] = np.arange(len(alphabet), dtype=dtype)
    padding = alphabet.characters[alphabet.padding]
    ids = np.empty((len(lines), length), dtype)
    for start in range(0, len(lines), _BLOCK):  # code points take four bytes each
        block = "".join(line[:length].ljust(length, padding) for line in lines[start : start + _BLOCK])
        ids[start : start + _BLOCK] = table[_codes(block)].reshape(-1, length)
    return ids


def decode(ids: NDArray[Any], alphabet: Alphabet) -> list[str]:
    """Lines of ids [M, length], without trailing padding; padding inside a line becomes its character.

    Raises:
        UsageError: for ids that the alphabet does not have.
    """
    if ids.ndim != 2:
        raise UsageError(f"ids have the shape {list(ids.shape)}; lines need [M, length]")
    if ids.size and not 0 <= ids.min() <= ids.max() < len(alphabet):
        raise UsageError(f"ids go from {ids.min()} to {ids.max()}; the alphabet has 0 to {len(alphabet) - 1}")
    codes = _codes(alphabet.characters)
    padding = alphabet.characters[alphabet.padding]
    return [_text(codes[row]).rstrip(padding) for row in ids]


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def need_length(length: int) -> None:
    """Raises UsageError if a sample would have no character."""
    if length < 1:
        raise UsageError(f"the length of a line is {length}; it has to be 1 or more")

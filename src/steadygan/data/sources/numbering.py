"""Folders that only number or distribute files, as large data sets have them; they are no classes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

_SHARDS = re.compile(
    r"(part|shard|chunk|batch|piece|block|bucket|volume|vol|(sub)?dir|(sub)?folder|archive|images?|imgs?|photos?|"
    r"pictures?|data|frames?)s?[-_ .]?\d+|.*\d+-of-\d+",
    re.IGNORECASE,
)
_CAMERA = re.compile(r"[1-9]\d\d[A-Z_][A-Z0-9_]{4}")
_HEX = re.compile(r"[0-9a-f]{1,4}", re.IGNORECASE)
_LONG_HEX = re.compile(r"[0-9a-f-]{8,}", re.IGNORECASE)
_MANY_HEX = 8
"""folders of two hexadecimal digits from which on they are taken for hashes, whatever their files are called"""
_STEP = 10


def only_number(folders: Mapping[str, Sequence[str]]) -> bool:
    """True if the names of folders tell nothing about the pictures in them.

    - shards by name: part-0001, shard_3, images_02, train-00000-of-00004, and a camera's 100CANON;
    - hashes: names of 1 to 4 hexadecimal digits with which the names of their files begin, or at least 8 of two digits;
    - numbers of one length, some with leading zeros, where the numbers of the files decide the folder (FFHQ's
      01000/01234.png, the 00001/img00001234.png of StyleGAN's tools); of three digits or more, also where all folders
      but the last hold as many files, of different names.

    '0' to '9' and '00' to '09' are classes, as are numbered folders whose files are numbered each from the beginning.

    Args:
        folders: name -> names of the files in it, without their endings; at least two
    """
    names = sorted(folders)
    if all(map(_SHARDS.fullmatch, names)):
        words = {re.sub(r"\d+", "", name).lower() for name in names}
        return len(words) == 1
    if all(map(_CAMERA.fullmatch, names)):
        return True
    return _are_hashes(folders) or _are_numbers(folders)


def _are_hashes(folders: Mapping[str, Sequence[str]]) -> bool:
    names = list(folders)
    if not all(map(_HEX.fullmatch, names)) or len({len(name) for name in names}) > 1:
        return False
    if all(
        stem.lower().startswith(name.lower()) and _LONG_HEX.fullmatch(stem)
        for name, stems in folders.items()
        for stem in stems
    ):
        return True
    text = "".join(names)
    both_kinds = any(map(str.isalpha, text)) and any(map(str.isdigit, text))
    if len(names[0]) != 2 or len(names) < _MANY_HEX or not both_kinds:
        return False
    return not all(chr(int(name, 16)).isalnum() and int(name, 16) < 128 for name in names)  # codes of characters


def _are_numbers(folders: Mapping[str, Sequence[str]]) -> bool:
    names = sorted(folders)
    same_length = len({len(name) for name in names}) == 1
    if not same_length or not all(name.isdecimal() and name.isascii() for name in names) or len(names[0]) < 2:
        return False
    if not any(name.startswith("0") for name in names) or names == [f"{digit:02d}" for digit in range(10)]:
        return False
    spans = [_span(folders[name]) for name in names]
    numbers = [int(name) for name in names]
    if all(span is not None for span in spans):
        known = [span for span in spans if span is not None]
        if _begin_with_name(numbers, known) or _divided(numbers, known):
            return True
    return len(names[0]) > 2 and _filled_up(names, folders)


def _span(stems: Sequence[str]) -> tuple[int, int] | None:
    """The smallest and largest of the last numbers in the names; None if one has none."""
    found = [re.findall(r"\d{1,18}", stem) for stem in stems]
    if not all(found):
        return None
    numbers = [int(each[-1]) for each in found]
    return min(numbers), max(numbers)


def _begin_with_name(numbers: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    """True if each folder is called after the first number that belongs into it."""
    step = math.gcd(*(number - numbers[0] for number in numbers))
    return step >= _STEP and all(
        first <= low and high < first + step for first, (low, high) in zip(numbers, spans, strict=True)
    )


def _divided(numbers: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    """True if a file's number, divided by some count, is the folder's."""
    for folder_from in {0, numbers[0]}:
        for file_from in {0, 1, spans[0][0]}:
            moved = [
                (number - folder_from, low - file_from, high - file_from)
                for number, (low, high) in zip(numbers, spans, strict=True)
            ]
            least = max(high // (number + 1) + 1 for number, _, high in moved)
            most = min((low // number for number, low, _ in moved if number), default=0)
            if all(low >= 0 for _, low, _ in moved) and 1 < least <= most:
                return True
    return False


def _filled_up(names: Sequence[str], folders: Mapping[str, Sequence[str]]) -> bool:
    """True if all folders but the last hold as many files, and no two files have one name or that of their folder."""
    counts = [len(folders[name]) for name in names]
    numbers = [int(name) for name in names]
    stems = [stem for name in names for stem in folders[name]]
    own = any(stem.startswith(name) for name in names for stem in folders[name])
    full = len(set(counts[:-1])) == 1 and 1 < counts[-1] <= counts[0] if len(names) > 1 else False
    return full and numbers[-1] - numbers[0] == len(names) - 1 and len(set(stems)) == len(stems) and not own

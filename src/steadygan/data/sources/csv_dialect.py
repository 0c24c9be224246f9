"""Delimiters of tables of text, and the signs in their numbers: decimal points or commas, and thousands."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from steadygan.data.labels import MISSING

DELIMITERS = (",", ";", "\t", "|")
SEPARATOR_LINE = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
_LOOKED_AT = 200
"""lines"""
_LIKE_A_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?")
_EXPONENT = r"([eE][-+]?\d+)?"


def _signed(decimal: str, thousands: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of numbers with a decimal sign: any; with one that is nothing else; with thousands alone."""
    groups = rf"[1-9]\d{{0,2}}({thousands}\d{{3}})"
    many = rf"[-+]?({groups}+{decimal}\d*|{groups}{{2,}}){_EXPONENT}"
    plain = rf"[-+]?(\d+{decimal}\d*|{decimal}\d+){_EXPONENT}"
    return re.compile(plain), re.compile(many), re.compile(rf"[-+]?{groups}+")


_POINT, _POINT_ALONE, _COMMA_GROUPS = _signed(r"\.", ",")
_COMMA, _COMMA_ALONE, _POINT_GROUPS = _signed(",", r"\.")


class UnclearNumber(ValueError):
    """A number such as 1.000 in a file where both signs are decimal."""


@dataclass(frozen=True)
class Decimals:
    """What points and commas are in the numbers of a file."""

    point: bool = False
    """a number has a decimal point that cannot separate thousands"""
    comma: bool = False
    """the same of a comma"""
    unclear: frozenset[str] = frozenset()
    """signs of numbers such as 1.000 and 2,000"""
    taken: bool = False
    """commas are decimal ones where nothing proves it, as beside semicolons"""

    @property
    def plain(self) -> bool:
        """True if every number is as Python writes it, or no number at all."""
        return not self.comma and not (self.taken and "," in self.unclear)

    def note(self) -> str:
        """A sentence on separators of thousands; '' without any."""
        if self.comma and not self.point and "." in self.unclear:
            return "Commas in numbers are decimal ones, points separate thousands."
        if self.point and not self.comma and "," in self.unclear:
            return "Points in numbers are decimal ones, commas separate thousands."
        return ""

    def number(self, text: str) -> float:
        """The number of a field. Raises ValueError for other text, UnclearNumber for what could be two numbers."""
        if "_" in text:  # 2020_01 is no number, but to Python
            raise ValueError(text)
        grouped = "." if _POINT_GROUPS.fullmatch(text) else "," if _COMMA_GROUPS.fullmatch(text) else ""
        both = len(self.unclear) > 1 if self.point == self.comma and self.taken else self.point and self.comma
        if grouped and text.count(grouped) == 1 and both:
            raise UnclearNumber(text)
        if _POINT_ALONE.fullmatch(text) or (grouped == "," and self.point):
            return float(text.replace(",", ""))
        if _COMMA_ALONE.fullmatch(text) or (grouped == "." and self.comma):
            return float(text.replace(".", "").replace(",", "."))
        if "," in text and (self.comma or self.taken):
            return float(text.replace(",", "."))
        return float(text)


def decimals_of(lines: Iterable[str], delimiter: str) -> Decimals:
    """The signs in the numbers of a whole file.

    Args:
        lines: all of them, or rows from any on
        delimiter: between the fields
    """
    point = comma = False
    unclear: set[str] = set()
    held = '"' if delimiter == "," else ","  # in lines where a comma can be in a field
    telling = (line for line in lines if '"' in line or (held in line and not comma) or ("." in line and not point))
    for row in csv.reader(telling, delimiter=delimiter):
        for field in map(str.strip, row):
            for sign, known in ((".", _POINT_GROUPS), (",", _COMMA_GROUPS)):
                if field.count(sign) == 1 and known.fullmatch(field):
                    unclear.add(sign)
                    break
            else:
                point = point or bool(_POINT.fullmatch(field) or _POINT_ALONE.fullmatch(field))
                comma = comma or bool(_COMMA.fullmatch(field) or _COMMA_ALONE.fullmatch(field))
    return Decimals(point, comma, frozenset(unclear), delimiter == ";" and not point)


def delimiter_of(head: str) -> str:
    """The delimiter that gives most of the first lines the same number of fields, two or more, and most numbers.

    A first line such as ``sep=;``, as Excel writes it, names it.
    """
    named = SEPARATOR_LINE.match(head)
    if named:
        return named[1]
    lines = [line for line in re.split(r"\r\n|\r|\n", head) if line.strip()]
    lines = lines[: -1 if len(lines) > 1 else None][:_LOOKED_AT]  # the last one may be cut
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: list[str], delimiter: str) -> tuple[float, float, int]:
    """Share of lines with the usual number of fields, times that of numbers among these; the first share; fields of the
    first line."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return 0.0, 0.0, 0
    if not rows:
        return 0.0, 0.0, 0
    ((width, count),) = Counter(map(len, rows)).most_common(1)
    same = count / len(rows) if width > 1 else 0.0
    fields = [field.strip() for row in rows[1:] or rows for field in row]
    numbers = sum(_is_like_a_number(field) for field in fields) / max(1, len(fields))
    return same * numbers, same, len(rows[0])


def _is_like_a_number(field: str) -> bool:
    return bool(_LIKE_A_NUMBER.fullmatch(field)) or field.lower().lstrip("+-") in (*MISSING, "inf", "infinity")

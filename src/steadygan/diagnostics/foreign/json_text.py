"""JSON logs: an object a line, a list of objects, or lists by name; nested names are joined, as in 'Loss/G/loss'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from steadygan.data.reading import need_memory, reading, shown
from steadygan.diagnostics.foreign.names import guess
from steadygan.diagnostics.foreign.record import Cell, Record, Source, value_of
from steadygan.diagnostics.foreign.text import encoding_of, first_line, lines_of
from steadygan.errors import DataError
from steadygan.system.json_text import parse_json
from steadygan.system.regular import read_regular

MOST_BYTES = 1 << 28
"""of a file that is one JSON value"""
IN_MEMORY = 12
"""bytes of Python objects for one of JSON, about"""
MOST_NAMES, DEEPEST = 4096, 8


def open_json(path: Path) -> Source:
    """A JSON log as a source.

    Raises:
        DataError: one line, for what is no such log.
    """
    first = first_line(path)
    if first is not None and isinstance(row := _object(first), dict) and not _alone(path, row):
        return _by_lines(path)
    rows = _rows(path, _whole(path))
    return Source("JSON", lambda: (flat(row) for row in rows))


def flat(row: Mapping[str, Any]) -> Record:
    """The numbers of an object by joined names; {"mean": ..., "std": ...} is its mean."""
    found: dict[str, Cell] = {}
    waiting: list[tuple[str, Any, int]] = [("", row, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, Mapping) and depth < DEEPEST and len(found) < MOST_NAMES:
            if "mean" in value and {"num", "std"} & set(value):
                found[name] = value_of(value["mean"])
            else:
                items = [(f"{name}/{key}" if name else str(key), inner, depth + 1) for key, inner in value.items()]
                waiting += reversed(items)
        elif (number := value_of(value)) is not None or value is None:
            found[name] = number
    return found


def _by_lines(path: Path) -> Source:
    """One object a line; a torn last line is usual, and lines that are none are counted."""
    good = bad = 0
    for line in lines_of(path):
        if line.strip():
            is_object = isinstance(_object(line), dict)
            good, bad = good + is_object, bad + (not is_object)
    if bad > good:
        raise DataError(f"'{shown(path)}' is no JSON lines: {bad:,} of its {good + bad:,} lines are no JSON objects")
    notes = (f"{bad:,} of {good + bad:,} lines are no JSON objects and are left out",) if bad else ()

    def records() -> Iterator[Record]:
        for line in lines_of(path):
            if isinstance(row := _object(line), dict):
                yield flat(row)

    return Source("JSON lines", records, notes)


def _object(line: str) -> Any:
    try:
        return parse_json(line.encode("utf-8", "replace"))
    except ValueError:
        return None


def _alone(path: Path, first: Mapping[str, Any]) -> bool:
    """True if the first line holds lists or objects of which the file consists, with no other line."""
    if not _numbered(first):
        if not any(isinstance(value, list) for each in (first, *_inner(first)) for value in each.values()):
            return False
        if guess([name for name, value in flat(first).items() if isinstance(value, float)]):
            return False  # a row, one of whose values is a list
    return sum(1 for line, _ in zip(filter(str.strip, lines_of(path)), range(2), strict=False)) == 1


def _inner(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [value for value in content.values() if isinstance(value, dict)]


def _numbered(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a table of pandas, whose rows are numbered by texts inside its columns, or around them; else none."""
    inner = _inner(content)
    if not inner or len(inner) < len(content):
        return []
    if all(name.isdecimal() for name in content):
        return inner
    numbers = list(inner[0])
    if not numbers or any(list(each) != numbers for each in inner) or not all(map(str.isdecimal, numbers)):
        return []
    return [{name: column[number] for name, column in content.items()} for number in numbers]


def _whole(path: Path) -> Any:
    with reading(path, "JSON"):
        content = read_regular(path, MOST_BYTES)
        need_memory(f"'{shown(path)}'", IN_MEMORY * len(content), "as JSON it needs about")
        return parse_json(content.decode(encoding_of(path), "replace").encode())


def _rows(path: Path, content: Any) -> list[Mapping[str, Any]]:
    """The rows in a JSON value: a list of objects, lists of numbers by name, or either under some name."""
    if isinstance(content, dict):
        if rows := _numbered(content):
            return rows
        for each in (content, *_inner(content)):  # as a history beside settings
            lists = {name: value for name, value in each.items() if isinstance(value, list) and value}
            objects = [value for value in lists.values() if all(isinstance(item, dict) for item in value)]
            if objects:
                content = max(objects, key=len)
                break
            if lists and (each is content or guess(list(lists))):
                longest = max(map(len, lists.values()))
                return [
                    {name: value[index] for name, value in lists.items() if index < len(value)}
                    for index in range(longest)
                ]
    if not (isinstance(content, list) and content and all(isinstance(item, dict) for item in content)):
        raise DataError(f"'{shown(path)}' is no log: needed of JSON: objects, one a row, or lists of numbers by name")
    return content

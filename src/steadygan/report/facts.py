"""What the .json files of a run hold, in a form that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from steadygan.system.words import number

Facts: TypeAlias = "str | list[str] | dict[str, Facts]"
"""A text, lines, or named facts"""

LISTED = 40
"""items of a list that are shown"""


def readable(value: Any) -> Facts:
    """Plain JSON data as facts for people: pairs, sizes and short lists become one text; what is empty is left out.

    >>> readable({"classes": [["cat", 1200], ["dog", 7]], "sizes": [[[8, 8], 3]], "notes": []})
    {'classes': 'cat: 1,200, dog: 7', 'sizes': '8x8: 3'}
    """
    if isinstance(value, Mapping):
        return {str(name).replace("_", " "): _inside(item) for name, item in value.items() if not _empty(item)}
    return _inside(value)


def _inside(value: Any) -> Facts:
    """The same for a value below a name, where a mapping of plain values is one text."""
    if isinstance(value, Mapping):
        named = {name: item for name, item in value.items() if not _empty(item)}
        if all(_is_plain(item) for item in named.values()):
            return _joined([f"{name}: {_text(item)}" for name, item in named.items()])
        return readable(named)
    if not _is_list(value) or _is_size(value):
        return _text(value)
    items = [item for item in value if not _empty(item)]
    if items and all(_is_list(item) and len(item) == 2 for item in items):
        lines = [f"{_text(what)}: {_text(said)}" for what, said in items]
        return _joined(lines) if all(_is_number(said) for _, said in items) else _capped(lines)
    lines = [_text(item) for item in items]
    return _joined(lines) if all(len(line) <= 24 for line in lines) else _capped(lines)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if _is_list(value):
        return "x".join(str(n) for n in value) if _is_size(value) else ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return str(value)


def _joined(items: list[str]) -> str:
    return ", ".join(_capped(items))


def _capped(items: list[str]) -> list[str]:
    more = len(items) - LISTED
    return items if more <= 0 else [*items[:LISTED], f"and {more:,} more"]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Mapping) and (not _is_list(value) or _is_size(value))


def _is_size(value: Any) -> bool:
    """Whether this is the size of a picture or the shape of a sample."""
    return _is_list(value) and 2 <= len(value) <= 4 and all(type(n) is int for n in value)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, Sequence, Mapping)) and not len(value))


def evaluation_facts(content: Any) -> Facts:
    """What evaluation.json holds: by origin, a line a number. What is not of its form is shown as it stands.

    >>> number = {"metric": "frechet", "value": 4.592, "error": 0.23, "floor": 2.87}
    >>> origin = {"features": "classifier", "count": 2000, "round": 600, "weights": "average"}
    >>> evaluation_facts({"evaluations": [{"provenance": origin, "numbers": [number]}]})
    {'round 600, 2,000 samples (average), classifier features': ['frechet 4.59 ± 0.230, real samples 2.87']}
    """
    try:
        return {
            _origin(entry["provenance"]): [_number(n) for n in entry["numbers"]] for entry in content["evaluations"]
        }
    except (KeyError, TypeError, ValueError):
        return readable(content)


def _origin(origin: Mapping[str, Any]) -> str:
    seen = f"{origin['features']} features" if origin["features"] else "samples themselves"
    drawn = f", seed {origin['sampling_seed']}" if origin.get("sampling_seed") else ""
    return f"round {origin['round']:,}, {origin['count']:,} samples ({origin['weights']}{drawn}), {seen}"


def _number(held: Mapping[str, Any]) -> str:
    error = "" if held.get("error") is None else f" ± {number(held['error'])}"
    floor = "" if held.get("floor") is None else f", real samples {number(held['floor'])}"
    return f"{held['metric']} {number(held['value'])}{error}{floor}"

"""JSON documents of a run as readable text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from steadygan.system.words import number

Facts: TypeAlias = "str | list[str] | dict[str, Facts]"
"""a text, lines, or named facts"""

LISTED = 40
"""most items of a list that are shown"""


def readable(value: Any) -> Facts:
    """Plain JSON data as readable text: pairs, sizes and short lists become one text; what is empty is left out.

    >>> readable({"classes": [["cat", 1200], ["dog", 7]], "sizes": [[[8, 8], 3]], "notes": []})
    {'classes': 'cat: 1,200, dog: 7', 'sizes': '8x8: 3'}
    """
    if isinstance(value, Mapping):
        return {str(name).replace("_", " "): _inside(item) for name, item in value.items() if not _empty(item)}
    return _inside(value)


def _inside(value: Any) -> Facts:
    """``readable`` of a value below a name, where a mapping of plain values is one text."""
    if isinstance(value, Mapping):
        named = {name: item for name, item in value.items() if not _empty(item)}
        if all(_is_plain(item) for item in named.values()):
            return _joined([f"{name}: {_text(item)}" for name, item in named.items()])
        return readable(named)
    if not _is_list(value) or _is_size(value):
        return _text(value)
    items = [item for item in value if not _empty(item)]
    if items and all(_is_list(item) and len(item) == 2 for item in items):
        lines = [f"{_text(name)}: {_text(item)}" for name, item in items]
        return _joined(lines) if all(_is_number(item) for _, item in items) else _capped(lines)
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
    """True for the size of a picture or the shape of a sample."""
    return _is_list(value) and 2 <= len(value) <= 4 and all(type(n) is int for n in value)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, Sequence, Mapping)) and not len(value))


def evaluation_facts(content: Any) -> Facts:
    """evaluation.json as text: one line per metric, by provenance. Content of another form goes through ``readable``.

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
    features = f"{origin['features']} features" if origin["features"] else "samples themselves"
    seed = f", seed {origin['sampling_seed']}" if origin.get("sampling_seed") else ""
    return f"round {origin['round']:,}, {origin['count']:,} samples ({origin['weights']}{seed}), {features}"


def _number(entry: Mapping[str, Any]) -> str:
    error = "" if entry.get("error") is None else f" ± {number(entry['error'])}"
    floor = "" if entry.get("floor") is None else f", real samples {number(entry['floor'])}"
    return f"{entry['metric']} {number(entry['value'])}{error}{floor}"

"""YAML of files that may be damaged or hostile: bounds on size, depth, on what aliases expand to, and on numbers."""

from __future__ import annotations

import re
from typing import Any

import yaml

from steadygan.errors import UsageError

CHARACTERS, NODES, DEPTH, DIGITS = 1 << 18, 20_000, 100, 40
"""bounds of a text, of its nodes where aliases count as what they stand for, of their depth, and of the length of whole
numbers"""

_NO_CHARACTER = re.compile(r"\\[uU](0000)?[dD][89a-fA-F]")
"""escape of half a character, as of a file name that is not UTF-8, which the parser in C refuses"""


class _Bounded:
    """YAML loader that reads 1e-4 as a number, where YAML 1.1 reads text, and rejects duplicate keys."""

    def get_single_node(self) -> Any:
        node = super().get_single_node()  # type: ignore[misc]
        if node is not None and _expanded(node, {}) > NODES:
            raise ValueError(f"it stands for more than {NODES:,} values")
        return node

    def construct_yaml_int(self, node: Any) -> int:
        if len(node.value) > DIGITS:
            raise ValueError(f"it has a whole number of more than {DIGITS} digits")
        number: int = super().construct_yaml_int(node)  # type: ignore[misc]
        return number


class _Loader(_Bounded, yaml.SafeLoader):
    """In Python."""


class _FastLoader(_Bounded, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """In C, in a seventh of the time, where PyYAML was built with it."""


class Dumper(yaml.SafeDumper):
    """YAML dumper that quotes strings which the loader would read as numbers."""


_LOADERS: tuple[Any, ...] = (_Loader, _FastLoader)
for _loader in _LOADERS:
    _loader.add_constructor("tag:yaml.org,2002:int", _loader.construct_yaml_int)
for _class in (*_LOADERS, Dumper):
    _class.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


def read_yaml(text: str, where: str) -> Any:
    """Parses YAML into plain data.

    Args:
        text: YAML
        where: its source, for error messages

    Raises:
        UsageError: one line, for a syntax error, and beyond the bounds of this module.
    """
    if len(text) > CHARACTERS:
        raise UsageError(f"{where} is {len(text):,} characters long; allowed: up to {CHARACTERS:,}")
    loader = _Loader if _NO_CHARACTER.search(text) else _FastLoader
    try:
        _check_depth(text, loader)
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        last = text.rstrip().count("\n") + 1  # the parser in C sees the end of the text a line later
        line = f" in line {min(mark.line + 1, last)}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "cannot be read"
        raise UsageError(f"{where} is no valid YAML{line}: {problem}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # malformed dates and numbers, and what PyYAML's constructors stumble on
        problem = str(error) if isinstance(error, ValueError) else "it holds what cannot be read"
        raise UsageError(f"{where} is no valid YAML: {problem}") from None


def _check_depth(text: str, loader: Any) -> None:
    """ValueError for a text that is nested too deeply: the parser in C would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")


def _check_keys(node: yaml.MappingNode) -> None:
    """ConstructorError for a key that stands twice."""
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)


def _expanded(node: Any, known: dict[int, int]) -> int:
    """Number of nodes below a node, each alias counted as what it stands for; more than ``NODES`` for one in itself.

    ConstructorError for a mapping with a key that stands twice.
    """
    found = known.get(id(node))
    if found is not None:
        return found
    known[id(node)] = NODES + 1  # while it is being counted: an alias of a node inside it
    total = 1
    if isinstance(node, yaml.SequenceNode):
        total += sum(_expanded(item, known) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node)
        total += sum(_expanded(item, known) for pair in node.value for item in pair)
    known[id(node)] = min(total, NODES + 1)
    return known[id(node)]

"""Functions that draw latents or samples: the same for a seed, and random numbers of the loop are left as they were."""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from steadygan.callables import referred
from steadygan.errors import UsageError
from steadygan.measuring import preserved_random_state, seed_random_numbers

Given = Any
"""a tensor [N, ...], a list of images by scale, or where it is said a function of N that gives these"""
_TRIED = 16
_DEPTH = 4  # from a function to a generator that it refers to
_MOST = 64  # entries of a container that is searched
_SOURCES = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)


def drawn(draw: Callable[[int], Given], count: int, seed: int) -> Given:
    """What a function draws, the same for a seed if its random numbers are known; these are left as they were.

    Raises:
        UsageError: one line, for another number of samples.
    """
    with seeded(draw, seed), torch.no_grad():
        found = draw(count)
    parts = parts_of(found)
    if not parts or any(len(part) != count for part in parts):
        got = ", ".join(str(list(part.shape)) for part in parts) or type(found).__name__
        raise UsageError(
            f"a function that draws {count} samples or latents gave {got}; needed: a tensor [{count}, ...]"
        )
    return found.detach() if isinstance(found, Tensor) else [part.detach() for part in parts]


def repeatable(draw: Callable[[int], Given], name: str, most: Callable[[Given], int]) -> Callable[[int], Given]:
    """The function; or, where it draws others with the same seed, one that draws of what it gave once, with a warning.

    Args:
        draw: of the number of samples
        name: of the argument, for the warning
        most: of some samples, how many to draw once
    """
    first, second = (drawn(draw, _TRIED, 0) for _ in range(2))
    if _equal(first, second):
        return draw
    size = most(first)
    warnings.warn(
        f"{name} is a function whose draws do not follow the seed: looks take from {size} that are drawn once; give a "
        "tensor, or draw by torch's, numpy's or Python's random numbers",
        stacklevel=5,
    )
    kept = drawn(draw, size, 0)

    def again(count: int) -> Given:
        rows = torch.randperm(size).repeat(-(-count // size))[:count]
        parts = [part[rows.to(part.device)] for part in parts_of(kept)]
        return parts[0] if isinstance(kept, Tensor) else parts

    return again


def is_stored(given: Given) -> bool:
    """True for a tensor, or a list of them."""
    if isinstance(given, list | tuple):
        return bool(given) and all(isinstance(each, Tensor) for each in given)
    return isinstance(given, Tensor)


def parts_of(given: Given) -> list[Tensor]:
    """The tensors of stored samples."""
    return [given] if isinstance(given, Tensor) else list(given) if is_stored(given) else []


def _equal(first: Given, second: Given) -> bool:
    pairs = list(zip(parts_of(first), parts_of(second), strict=False))
    return len(parts_of(first)) == len(parts_of(second)) and all(torch.equal(a, b) for a, b in pairs)


@contextlib.contextmanager
def seeded(function: Callable[..., Any], seed: int) -> Iterator[None]:
    """Context in which torch's, numpy's and Python's random numbers, and generators that the function refers to, begin
    with a seed; afterwards they go on where they were."""
    sources = {id(source): source for source in (np.random, random, *_sources(function, _DEPTH, set()))}
    with preserved_random_state(), contextlib.ExitStack() as stack:
        seed_random_numbers(seed)
        for source in sources.values():
            stack.callback(_restoring(source))
        for source in sources.values():
            _seed(source, seed)
        yield


def _restoring(source: Any) -> Callable[[], Any]:
    """A function that gives a generator, or numpy's or Python's module of them, the state that it has now."""
    if isinstance(source, np.random.Generator):
        return functools.partial(setattr, source.bit_generator, "state", source.bit_generator.state)
    if hasattr(source, "getstate"):
        return functools.partial(source.setstate, source.getstate())
    return functools.partial(source.set_state, source.get_state())


def _seed(source: Any, seed: int) -> None:
    if isinstance(source, torch.Generator):
        source.manual_seed(seed)
    elif isinstance(source, np.random.Generator):
        kind: Any = type(source.bit_generator)
        source.bit_generator.state = kind(seed).state
    else:
        source.seed(seed % 2**32)


def _sources(value: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """Generators of random numbers that a value is or refers to."""
    if isinstance(value, _SOURCES) and not isinstance(value, random.SystemRandom):
        yield value
    elif depth and id(value) not in seen:
        seen.add(id(value))
        for part in _parts_of_code(value):
            yield from _sources(part, depth - 1, seen)


def _parts_of_code(value: Any) -> list[Any]:
    """What a function or object of the loop's own holds, or refers to."""
    if isinstance(value, Tensor | np.ndarray | types.ModuleType | type):
        return []
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, types.FunctionType):
        return [] if value.__module__.partition(".")[0] in ("torch", "numpy") else referred(value)
    if isinstance(value, dict | list | tuple):
        return list(value.values() if isinstance(value, dict) else value) if len(value) <= _MOST else []
    if isinstance(value, types.MethodType | types.BuiltinMethodType):  # numpy's and Python's, too
        return [value.__self__, getattr(value, "__func__", None)]
    call = inspect.getattr_static(type(value), "__call__", None)
    return [call, *getattr(value, "__dict__", {}).values()]

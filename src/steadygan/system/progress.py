"""Progress of long work: what is being done and how much of it, told to whoever listens.

Work that can take long passes its steps through ``steps``, at no cost if nobody listens; the command shows them as a
status line. A listener is of one thread and one context: work in other threads stays silent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sized
from contextvars import ContextVar
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Listener(Protocol):
    """Called with (what is done, steps done, steps in all; 0 if that is unknown), and with the seconds left where they
    are known better than by the steps."""

    def __call__(self, what: str, done: int, total: int, left: float | None = None, /) -> None: ...


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Tells the listener of the work in the block; None: nobody."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(what: str, done: int = 0, total: int = 0, left: float | None = None) -> None:
    """Tells whoever listens that ``done`` of ``total`` steps are done, and that so many seconds are left if known."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total) if left is None else listener(what, done, total, left)


def steps(
    what: str, items: Iterable[Item], total: int | None = None, weight: Callable[[Item], int] | None = None
) -> Iterator[Item]:
    """The items, each told of when it is done with.

    Args:
        what: is being done, such as 'drawing samples'
        items: of the work
        total: steps in all; None: as many as there are items, if that is known
        weight: the steps that an item stands for; None: one
    """
    everything = total if total is not None else len(items) if isinstance(items, Sized) else 0
    done = 0
    tell(what, done, everything)
    for item in items:
        yield item
        done += 1 if weight is None else weight(item)
        tell(what, min(done, everything) if everything else done, everything)

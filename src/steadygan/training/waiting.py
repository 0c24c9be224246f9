"""What happens before the first round, said while it happens: a line for each part, and again while it lasts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from steadygan.system.words import duration

if TYPE_CHECKING:
    from steadygan.training.observers import Observer

Say = Callable[[str], None]

EVERY = 20.0
"""seconds between the lines of a part that lasts"""


def silent(line: str) -> None:
    """Says nothing: for processes and callers without a display."""


def told_to(observers: Sequence[Observer]) -> Say:
    """Tells lines to the observers that have a method ``preparing(line)``."""
    listeners = [listen for observer in observers if (listen := getattr(observer, "preparing", None)) is not None]

    def say(line: str) -> None:
        for listen in listeners:
            listen(line)

    return say


@contextlib.contextmanager
def said(say: Say, what: str, *, at_once: bool = True, every: float = EVERY) -> Iterator[None]:
    """Context that says what happens in it, and every so many seconds that it still does.

    Args:
        say: gets each line, the later ones in a thread
        what: the line
        at_once: False for what is mostly short: the first line comes after ``every`` seconds
        every: seconds between lines
    """
    began, over = time.monotonic(), threading.Event()
    if at_once:
        say(what)

    def tick() -> None:
        while not over.wait(every):
            say(f"{what}: {duration(time.monotonic() - began)} so far")

    thread = threading.Thread(target=tick, name="waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=1.0)

"""Server-sent events: what changed on a page, as HTML of its parts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

from steadygan.ui.rendering import Parts, changed

PERIOD = 1.0
"""seconds between two looks"""
SHARE = 0.1
"""most of a core's time that one page takes, beyond the first look"""
SILENCE = 15.0
"""seconds after which a comment keeps the connection"""
MOST = 32
"""connections at once"""


class Streams:
    """The open connections."""

    def __init__(self) -> None:
        self.open = 0
        self.ends: Callable[[], bool] = lambda: False
        """True when the server ends"""

    @property
    def full(self) -> bool:
        """True if there are as many as are served."""
        return self.open >= MOST

    async def follow(self, look: Callable[[], tuple[Parts | None, bool]]) -> AsyncIterator[bytes]:
        """Events for one page.

        Args:
            look: reads what is new, in another thread: the page's parts (None: nothing to follow any more), and
                True if there is more to read at once
        """
        self.open += 1
        before: Parts = {}
        told = time.monotonic()
        try:
            yield b"retry: 2000\n\n"
            while not self.ends():
                began = time.monotonic()
                try:
                    parts, more = await asyncio.to_thread(look)
                except OSError:  # files that went away while they were read
                    parts, more = before, False
                cost = time.monotonic() - began
                if parts is None:
                    yield event("gone", {})
                    return
                new = changed(parts, before)
                before = parts
                if new:
                    yield event("parts", new)
                    told = time.monotonic()
                elif time.monotonic() - told > SILENCE:
                    yield b": still here\n\n"
                    told = time.monotonic()
                wait = 0.02 if more else max(PERIOD, cost / SHARE)
                until = time.monotonic() + wait
                while not self.ends() and (left := until - time.monotonic()) > 0:
                    await asyncio.sleep(min(left, 0.25))
        finally:
            self.open -= 1


def event(name: str, data: Parts) -> bytes:
    """One event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()

"""How far the decoding of pictures is, for people who wait for it."""

from __future__ import annotations

import sys
import time

BETWEEN = 2.0
"""seconds between lines"""


class Decoding:
    """Called with (done, all); says something only where it takes longer than a moment."""

    def __init__(self) -> None:
        self._next = time.monotonic() + BETWEEN

    def __call__(self, done: int, all_: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BETWEEN
        print(f"decoding pictures, once: {done:,} of {all_:,}", file=sys.stderr, flush=True)

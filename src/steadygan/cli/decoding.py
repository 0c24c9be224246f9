"""Progress of finding and decoding pictures, on standard error."""

from __future__ import annotations

import sys
import time

BETWEEN = 2.0
"""seconds between lines"""


class Decoding:
    """Called with (done, all), or (files found, 0); prints a line every 2 seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + BETWEEN

    def __call__(self, done: int, all_: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BETWEEN
        line = f"decoding pictures, once: {done:,} of {all_:,}" if all_ else f"looking through folders: {done:,} files"
        print(line, file=sys.stderr, flush=True)

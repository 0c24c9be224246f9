"""Progress of decoding pictures, which happens once for each data set and shape."""

from __future__ import annotations

from steadygan.system import progress


def decoding(done: int, all_: int) -> None:
    """Called with (pictures done, pictures in all)."""
    progress.tell("decoding pictures, once", done, all_)

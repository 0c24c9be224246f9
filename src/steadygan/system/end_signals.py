"""Signals that ask a process to end: SIGTERM, and SIGHUP, which a closed terminal or a lost connection sends."""

from __future__ import annotations

import signal

HANGUP: int | None = getattr(signal, "SIGHUP", None)
"""None on Windows, which has no such signal"""


def heeded() -> tuple[int, ...]:
    """Those that this process has to heed: SIGHUP stays ignored where it is, as under nohup."""
    if HANGUP is None or signal.getsignal(HANGUP) is signal.SIG_IGN:
        return (signal.SIGTERM,)
    return (signal.SIGTERM, HANGUP)

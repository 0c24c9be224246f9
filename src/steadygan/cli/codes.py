"""Exit codes of the command beside 0 (done), 1 (a run or the system failed) and 2 (wrong usage)."""

SICK = 3
"""of ``steadygan diagnose``: the verdict is a fault"""
INTERRUPTED, NO_READER = 130, 141
"""by Ctrl-C, by a pipe whose reader is gone"""


def of_signal(number: int | None) -> int:
    """The code of a command that a signal ended, as shells have it: 143 of SIGTERM, 129 of SIGHUP; None: Ctrl-C."""
    return INTERRUPTED if number is None else 128 + number

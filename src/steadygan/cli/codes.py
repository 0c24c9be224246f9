"""Exit codes of the command beside 0 (done), 1 (a run or the system failed) and 2 (wrong usage)."""

SICK = 3
"""of ``steadygan diagnose``: the verdict is a fault"""
INTERRUPTED, TERMINATED, NO_READER = 130, 143, 141
"""by Ctrl-C, by SIGTERM, by a pipe whose reader is gone"""

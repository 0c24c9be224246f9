"""A call in a process that was just forked: its own streams and signal handlers; its result is the exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

CRASHED = 70
"""exit code of a call that raised"""


def carry_out(call: Callable[[], int], streams: Callable[[], tuple[int, int, int]]) -> NoReturn:
    """Carries out a call, and ends this process, the child, whatever happens: it must not go on as its parent.

    Args:
        call: gives the exit code
        streams: file descriptors that become its standard input, output and error
    """
    code = CRASHED
    try:
        for number, handle in enumerate(streams()):
            os.dup2(handle, number)
        sys.stdout = open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        code = call()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):  # a full disk
                code = code or 1
        os._exit(code)

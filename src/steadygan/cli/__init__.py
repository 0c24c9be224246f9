"""The command ``steadygan``: finds the command that is meant, and turns what goes wrong into one line and a code.

Exit codes: 0 done, 1 a run or the system failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 ended by SIGTERM,
141 the reader of the output went away. ``STEADYGAN_TRACEBACK=1`` shows the trace behind each line.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from steadygan.errors import SteadyganError, UsageError, nearest

COMMANDS = {
    "train": ("steadygan.cli.train", "trains a recipe on data; alone: WGAN-GP on handwritten digits"),
    "resume": ("steadygan.cli.resume", "goes on with a run from its last checkpoint"),
    "sample": ("steadygan.cli.sample", "draws new samples from a run: a grid, a folder, an array, an animation"),
    "evaluate": ("steadygan.cli.evaluate", "measures samples of runs, and writes down what the numbers rest on"),
    "compare": ("steadygan.cli.compare", "puts evaluated runs side by side, where their numbers are alike"),
    "runs": ("steadygan.cli.runs", "lists the runs"),
    "report": ("steadygan.cli.report", "writes a run's report.html anew"),
    "recipes": ("steadygan.cli.recipes", "lists the recipes, or shows one as Python and as YAML"),
    "data": ("steadygan.cli.data", "looks through data and says what training will do with it"),
    "bench": ("steadygan.cli.bench", "times rounds beside a plain loop, and says where a training's time goes"),
}
"""Each command: the module whose ``run(arguments)`` carries it out, and one line."""

INTERRUPTED, TERMINATED, NO_READER = 130, 143, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Carries out a command line and gives its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _never_fail_to_print()
    # of processes that train together the first one speaks
    first = int(os.environ.get("RANK", "0") or 0) == 0
    quiet = contextlib.nullcontext() if first else contextlib.redirect_stdout(io.StringIO())
    try:
        with (
            _warnings_in_one_line(),
            _sigterm_unwinds(),
            quiet,
        ):
            code = _dispatch(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except SystemExit as error:  # argparse's --help, and SIGTERM outside of training
        return error.code if isinstance(error.code, int) else 0
    except BrokenPipeError:
        # nobody reads any more: what is still buffered goes nowhere, or Python complains at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except (SteadyganError, OSError, KeyboardInterrupt) as error:
        if os.environ.get("STEADYGAN_TRACEBACK"):
            raise
        line, code = _answer(error)
        if first or code == 1:  # wrong usage is the same for all; a full disk is met by one
            print(f"steadygan: {' '.join(line.split())}", file=sys.stderr)
        return code


def _answer(error: BaseException) -> tuple[str, int]:
    """The line and the exit code for something that was to be expected."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was saved before is whole", INTERRUPTED
    if isinstance(error, OSError):
        what = error.strerror or str(error)
        return f"{error.filename}: {what}" if error.filename else what, 1
    return str(error), 2 if isinstance(error, UsageError) else 1


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else "--help"
    if first in ("--help", "-h", "help"):
        print(_help())
        return 0
    if first in ("--version", "-V"):
        from steadygan.version import __version__

        print(f"steadygan {__version__}")
        return 0
    if first not in COMMANDS:
        raise _unknown(first)
    module: Any = importlib.import_module(COMMANDS[first][0])
    code: int = module.run(arguments[1:])
    return code


def _help() -> str:
    lines = "\n".join(f"  {name:<10}{line}" for name, (_, line) in COMMANDS.items())
    return f"""\
usage: steadygan COMMAND ...

Trains generative adversarial networks so that they stay steady.

{lines}

'steadygan COMMAND --help' says more; 'steadygan train RECIPE --help' lists every field of a recipe.
Where a run is asked for and none is named, the newest below runs/ is meant.

  steadygan train                            handwritten digits, in minutes on a laptop
  steadygan train --data PHOTOS/             a folder of pictures: recipe, size and length are chosen
  steadygan train wgan-gp --data cifar10 --critic-optimizer.lr 2e-4
  steadygan sample --out samples.png         new samples from the newest run
"""


def _unknown(name: str) -> UsageError:
    from steadygan.recipes import by_name

    if name in by_name():
        return UsageError(f"'{name}' is a recipe, not a command: 'steadygan train {name}'")
    what = "option" if name.startswith("-") else "command"
    hint = nearest(name, [*COMMANDS, "--help", "--version"])
    return UsageError(f"unknown {what} '{name}'{hint} (commands: {', '.join(COMMANDS)})")


def _never_fail_to_print() -> None:
    """Characters that an output cannot say become question marks instead of errors."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@contextlib.contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"steadygan: warning: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """SIGTERM before or after the rounds of a run leaves no half-written files: it unwinds like an exception."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


__all__ = ["COMMANDS", "main"]

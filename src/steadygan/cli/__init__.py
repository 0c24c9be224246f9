"""The command line ``steadygan``: dispatch to its commands; errors become one line and an exit code.

Exit codes: 0 done, 1 a run or the system failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 ended by SIGTERM,
129 by SIGHUP, 141 broken pipe; 3 of ``diagnose``: the training is sick. ``--verbose`` shows the traceback of a failure,
``STEADYGAN_TRACEBACK=1`` that of each error.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import itertools
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from steadygan.cli import habits, interrupts, slips, status, verbosity
from steadygan.cli.codes import INTERRUPTED, NO_READER, of_signal
from steadygan.errors import LONGEST_LINE, SteadyganError, UsageError, enumerated, nearest, one_line
from steadygan.system import end_signals, launched, started
from steadygan.system.files import describe
from steadygan.system.terminal import escaped_output

COMMANDS = {
    "train": ("steadygan.cli.train", "trains a recipe on data (default: handwritten digits)"),
    "resume": ("steadygan.cli.resume", "continues a run from its last checkpoint"),
    "sample": ("steadygan.cli.sample", "generates samples from a run: a grid, a folder, an array, an animation"),
    "film": ("steadygan.cli.film", "makes a film: samples that change into each other, or the course of a training"),
    "project": ("steadygan.cli.project", "finds the style of a StyleGAN2 run that makes a picture"),
    "evaluate": ("steadygan.cli.evaluate", "measures the samples of runs, with the provenance of each number"),
    "compare": ("steadygan.cli.compare", "compares runs whose numbers were measured alike"),
    "diagnose": ("steadygan.cli.diagnose", "says what is wrong with a training, from a run or another tool's log"),
    "export": ("steadygan.cli.export", "writes a run's generator for other programs: ONNX and more"),
    "push": ("steadygan.cli.push", "uploads a run's generator to the Hugging Face Hub"),
    "runs": ("steadygan.cli.runs", "lists the runs"),
    "ui": ("steadygan.cli.ui", "shows all runs on a page of this machine, live; stops and resumes them"),
    "check": ("steadygan.cli.check", "checks every file of a run for damage"),
    "report": ("steadygan.cli.report", "rewrites a run's report.html"),
    "tensorboard": ("steadygan.cli.tensorboard", "shows the curves of runs in TensorBoard"),
    "recipes": ("steadygan.cli.recipes", "lists the recipes, or shows one as Python and as YAML"),
    "data": ("steadygan.cli.data", "inspects data and says what training will do with it"),
    "study": ("steadygan.cli.study", "carries out an experiment of the papers, and decides its claims"),
    "sweep": ("steadygan.cli.sweep", "trains a grid of settings with several seeds, and says which are told apart"),
    "completion": ("steadygan.cli.completion", "prints a script that completes command lines: bash, zsh, fish"),
    "bench": ("steadygan.cli.bench", "finds the fastest engine and precision for a recipe on this machine"),
}
"""of each command: the module whose ``run(arguments)`` carries it out, and one line of help"""

_INTACT = "what was saved before is intact"


class _Ended(SystemExit):
    """SIGTERM or SIGHUP outside of the rounds of a training, which have handlers of their own."""

    def __init__(self, number: int) -> None:
        super().__init__(of_signal(number))
        self.number, self.name = number, signal.Signals(number).name


def main(argv: Sequence[str] | None = None) -> int:
    """Carries out a command line; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # of processes that train together only rank 0 prints
    first = launched.is_first()
    silent = contextlib.nullcontext() if first else contextlib.redirect_stdout(io.StringIO())
    timed = started.with_process() if argv is None else contextlib.nullcontext()
    stops = interrupts.Interrupts()
    verbosity.set_by(arguments)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of its cache, in a home that cannot be written
    with escaped_output():
        try:
            with timed, _warnings_in_one_line(), stops, _end_signals_raise(), silent, status.shown():
                try:
                    code = _dispatch(arguments)
                except SystemExit as error:  # argparse's --help
                    if isinstance(error, _Ended):
                        raise
                    code = error.code if isinstance(error.code, int) else 0
                if sys.stdout is not None:
                    sys.stdout.flush()
                return code
        except _Ended as error:
            if first:
                with contextlib.suppress(OSError):  # a terminal that is gone
                    print(f"steadygan: ended by {error.name}; {_INTACT}", file=sys.stderr)
            return of_signal(error.number)
        except BrokenPipeError:
            return NO_READER
        except (Exception, KeyboardInterrupt) as error:
            # a Ctrl-C that meets the import of a compiled module comes out as an error of its own
            met = KeyboardInterrupt() if stops.received else error
            expected = isinstance(met, SteadyganError | OSError | KeyboardInterrupt | MemoryError)
            if not expected or os.environ.get("STEADYGAN_TRACEBACK"):
                raise
            if verbosity.verbose() and not isinstance(met, UsageError | KeyboardInterrupt):
                traceback.print_exc()
            line, code = _answer(met)
            if first or code == 1:  # wrong usage is the same on all ranks; a full disk may be met by one
                with contextlib.suppress(OSError):  # standard error on a full disk
                    print(f"steadygan: {line}", file=sys.stderr)
            return code


def _answer(error: BaseException) -> tuple[str, int]:
    """The line and the exit code of an expected error."""
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted; {_INTACT}", INTERRUPTED
    if isinstance(error, MemoryError):
        return one_line(f"out of memory: {error or 'there is too little for this'}"), 1
    if isinstance(error, OSError):
        what = error.strerror or str(error)
        wrong = error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ)  # of a name, not of the disk
        return one_line(f"{error.filename}: {what}" if error.filename else what), 2 if wrong else 1
    return str(error), 2 if isinstance(error, UsageError) else 1


def _dispatch(arguments: list[str]) -> int:
    flags = list(itertools.takewhile(lambda word: word in verbosity.FLAGS, arguments))
    arguments = arguments[len(flags) :]
    first = arguments[0] if arguments else "--help"
    if first == "help" and arguments[1:]:
        first, arguments = arguments[1], [arguments[1], "--help", *arguments[2:]]
    if first in ("--help", "-h", "help"):
        print(_help())
        return 0
    if first in ("--version", "-V"):
        from steadygan.version import __version__

        print(f"steadygan {__version__}")
        return 0
    if first not in COMMANDS:
        raise _unknown(first)
    _check_place()
    slips.check_repeated("--kinds", arguments)
    module: Any = importlib.import_module(COMMANDS[first][0])
    code: int = module.run(habits.meant(first, arguments[1:]))
    return code


def _check_place() -> None:
    """Raises UsageError if the current folder was deleted: what is named from here cannot be found, nor libraries."""
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError(f"the current folder cannot be used ({describe(error)}): change into another one") from None


def _help() -> str:
    column = max(map(len, COMMANDS)) + 2
    lines = "\n".join(f"  {name:<{column}}{line}" for name, (_, line) in COMMANDS.items())
    return f"""\
usage: steadygan COMMAND ...

Trains generative adversarial networks so that they stay steady.

{lines}

'steadygan COMMAND --help' lists its options, 'steadygan train RECIPE --help all' every field of a recipe.
Commands that take a run use the newest one below runs/ if none is named.

Every command takes --quiet (-q): results, warnings and errors only, without progress, plans and advice; and
--verbose (-v): each step of long work as a line, in files and pipes too, and the traceback of a failure.

  steadygan train                            handwritten digits, in two minutes
  steadygan train PHOTOS/                    a folder of pictures: recipe, size and length are chosen
  steadygan train wgan-gp --data cifar10 --critic-optimizer.lr 2e-4
  steadygan sample --out samples.png         new samples from the newest run
"""


def _unknown(name: str) -> UsageError:
    from steadygan.recipes import by_name

    if name in by_name():
        return UsageError(f"'{name}' is a recipe, not a command: 'steadygan train {name}'")
    what = "option" if name.startswith("-") else "command"
    hint = nearest(name, [*COMMANDS, "--help", "--version"])
    return UsageError(f"unknown {what} '{name}'{hint} (commands: {enumerated(COMMANDS)})")


@contextlib.contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"steadygan: warning: {one_line(str(message), 2 * LONGEST_LINE)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _end_signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP raise _Ended: they leave no half-written files before or after the rounds of a run."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Ended(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, stop) for number in end_signals.heeded()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


__all__ = ["COMMANDS", "main"]

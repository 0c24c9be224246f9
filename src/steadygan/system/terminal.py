"""Terminal output: the streams that everything printed passes through, escaped and broken between words.

Names of files, classes and runs may hold control characters, which could move the cursor or forge output. The command
replaces standard output and standard error by an ``Output`` each, so that no caller has to think of it; what draws with
control sequences of its own (the live panel, tables) takes ``console()``, which escapes the text between them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from steadygan.system.escapes import escaped
from steadygan.system.words import wrapped

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""columns of an output that is no terminal"""
NARROWEST = 20
_STREAMS = {"<stdout>": "standard output", "<stderr>": "standard error"}


def safe(text: str) -> str:
    """Text without control characters but line breaks and tabs."""
    if text.isprintable():
        return text
    return "\n".join("\t".join(map(escaped, line.split("\t"))) for line in text.split("\n"))


class Output:
    """A text stream whose lines are escaped, and broken between words if it is a terminal.

    before: called before anything is written, such as to remove a status line
    """

    def __init__(self, raw: IO[str]) -> None:
        self.raw = raw
        self.before: Callable[[], None] | None = None
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            width = width_of(self.raw) if is_terminal(self.raw) else None
            self._put("".join(f"{part}\n" for line in lines for part in _shown(line, width)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        if self._begun:
            begun, self._begun = self._begun, ""
            self._put(safe(begun))
        with self._named():
            self.raw.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def _put(self, text: str) -> None:
        if self.before is not None:
            self.before()
        with self._named():
            self.raw.write(text)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Names the stream in an error of its disk, which has no path."""
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            name = str(getattr(self.raw, "name", ""))
            raise OSError(error.errno, error.strerror, _STREAMS.get(name, name)) from error


def _shown(line: str, width: int | None) -> list[str]:
    text = safe(line)
    return [text] if width is None else wrapped(text, width)


@contextlib.contextmanager
def escaped_output() -> Iterator[None]:
    """Standard output and standard error as ``Output`` for the block; characters that they lack become ``?``."""
    before = sys.stdout, sys.stderr
    outputs = []
    for stream in before:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        outputs.append(stream if stream is None or isinstance(stream, Output) else Output(stream))
    sys.stdout, sys.stderr = outputs
    try:
        yield
    finally:
        for output in outputs:
            if output is not None:
                try:
                    output.flush()
                except (OSError, ValueError):  # its reader is gone, or its disk is full
                    _forget(output)
        sys.stdout, sys.stderr = before


def _forget(stream: IO[str] | Any) -> None:
    """Sends what is still buffered to /dev/null, or Python would try again at its exit, and report that."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), raw_of(stream).fileno())


def raw_of(stream: IO[str] | Any) -> Any:
    """The stream below an ``Output``."""
    return stream.raw if isinstance(stream, Output) else stream


def is_terminal(stream: IO[str] | Any) -> bool:
    """True if a person reads the stream as it is written."""
    try:
        return stream is not None and not stream.closed and bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def moves_cursor(stream: IO[str] | Any) -> bool:
    """True for a terminal that can draw over a line: not one whose TERM is ``dumb``, ``unknown`` or empty."""
    named = os.environ.get("TERM", "" if os.name == "posix" else "windows").lower()
    return is_terminal(stream) and named not in ("", "dumb", "unknown")


def width_of(stream: IO[str] | Any) -> int:
    """Columns of a terminal: COLUMNS, or what it says; ``WIDTH`` for anything else."""
    named = os.environ.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and len(named) < 6 and int(named) > 0:
        return max(NARROWEST, int(named))
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        columns = 0
    return max(NARROWEST, columns) if columns > 0 else WIDTH


def console() -> Console:
    """A rich console on standard output: tables and panels whose texts are escaped; NO_COLOR is heeded."""
    made: Console = _console_type()(file=raw_of(sys.stdout))
    return made


@cache
def _console_type() -> Any:
    from rich.console import Console, ConsoleOptions, RenderableType  # loads slowly
    from rich.segment import Segment
    from rich.text import Text

    class SafeConsole(Console):
        def render_str(self, text: str, **settings: Any) -> Text:  # before widths are measured
            return super().render_str(safe(text), **settings)

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text = segment.text if segment.control else safe(segment.text)
                yield segment if text == segment.text else Segment(text, segment.style)

    return SafeConsole

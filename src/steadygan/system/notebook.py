"""Notebooks: whether this process is the kernel of one, what it displays, and small pieces of HTML.

Nothing of Jupyter is imported: where there is a kernel, IPython is loaded.
"""

from __future__ import annotations

import base64
import html
import sys
from collections.abc import Iterable
from typing import Any

PRE = "<pre style='margin:0;white-space:pre-wrap'>"


def in_notebook() -> bool:
    """True in the kernel of a notebook: Jupyter, VS Code, Colab; False in IPython's own shell."""
    ipython = sys.modules.get("IPython")
    shell = getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


class Output:
    """A piece of a cell's output that is replaced in place, by the display protocol alone: no widgets are needed."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, content: str) -> None:
        """Shows HTML in place of what was shown before."""
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(content), display_id=True)
        else:
            self._handle.update(HTML(content))


def table(rows: Iterable[tuple[str, object]]) -> str:
    """Names beside values, as HTML."""
    cells = (
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def text(lines: Iterable[str]) -> str:
    """Lines as they are, as HTML."""
    return f"{PRE}{html.escape(chr(10).join(lines))}</pre>"


def picture(png: bytes, alternative: str, width: int = 512) -> str:
    """A PNG picture inside the page, as HTML; small pixels stay sharp."""
    data = base64.b64encode(png).decode("ascii")
    style = f"max-width:min(100%,{width}px);image-rendering:pixelated"
    return f"<img style='{style}' alt='{html.escape(alternative, quote=True)}' src='data:image/png;base64,{data}'>"

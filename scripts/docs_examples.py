"""An extension of Griffe, which reads docstrings for the reference: examples with ``>>>`` are code, not quotations."""

from __future__ import annotations

from typing import Any

try:
    from griffe import Extension
except ImportError:  # a site cannot be built without it; the function below can be tested
    Extension = object


def fenced(text: str) -> str:
    """A docstring with each paragraph that begins with ``>>>`` as a block of code."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if not inside and line.lstrip().startswith(">>> "):
            inside = True
            lines += ["", "```python"]
        elif inside and not line.strip():
            inside = False
            lines.append("```")
        lines.append(line.removesuffix("# doctest: +SKIP").rstrip() if inside else line)
    return "\n".join([*lines, "```"] if inside else lines)


class Examples(Extension):  # type: ignore[misc]
    """Changes every docstring as it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Of a module, class, function or field."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)

"""An extension of Griffe, which reads docstrings for the reference: examples with ``>>>`` are code, not quotations, and
fields of dataclasses have their defaults for values.
"""

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


def default_of(value: Any) -> Any:
    """What stands in a dataclass for ``field(default=…)`` and ``field(default_factory=…)``; other values as they are.

    value: an expression of Griffe, or None
    """
    if str(getattr(value, "function", "")) not in ("field", "dataclasses.field"):
        return value
    given = {str(getattr(each, "name", "")): getattr(each, "value", None) for each in value.arguments}
    factory = given.get("default_factory")
    if factory is None:
        return given.get("default")
    return f"{factory}()" if str(factory).isidentifier() else None


class Examples(Extension):  # type: ignore[misc]
    """Changes every docstring, and every field, as it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Of a module, class, function or field."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)

    def on_attribute_instance(self, *, attr: Any, **_: Any) -> None:
        """Of a field."""
        attr.value = default_of(attr.value)

"""docs/signals.md has every field of a look, with what it means."""

from __future__ import annotations

from pathlib import Path

from steadygan.diagnostics.fields import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")


def test_every_field_of_a_look_is_on_the_page_with_its_meaning() -> None:
    lines = [f"| `{name}` | {meaning} |" for name, meaning in FIELDS.items()]
    assert [line for line in lines if line not in PAGE.splitlines()] == []

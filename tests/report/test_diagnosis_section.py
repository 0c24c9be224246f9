"""The diagnosis on the report's page: escaped, aligned to the rounds, without requests to anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from steadygan.diagnostics.findings import Diagnosis, Finding, VerdictName
from steadygan.diagnostics.log import to_json
from steadygan.diagnostics.ranges import healthy_range
from steadygan.recipe import dumps
from steadygan.recipes import by_name
from steadygan.report.diagnosis_section import spells
from steadygan.report.page import write_report
from tests.diagnostics.logs import run as course
from tests.report.test_page import Page

SEEN: dict[str, Any] = {"seen": lambda share: round(19_200 * share)}
"""a whole number, as logs have it"""


def folder_with(tmp_path: Path, **changed: Any) -> Path:
    (tmp_path / "recipe.yaml").write_text(dumps(by_name()["wgan-gp"]()))
    (tmp_path / "signals.jsonl").write_text(
        "".join(json.dumps(to_json(row)) + "\n" for row in course(**SEEN, **changed))
    )
    return tmp_path


def test_the_page_begins_with_the_verdict_and_asks_nothing_of_the_net(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, distance_ratio=0.02, bins_missing=0.95, classes=0.1, class_entropy_ratio=0.02)
    text = write_report(folder).read_text(encoding="utf-8")
    page = Page(text)
    assert "mode collapse" in page.words and "What to change" in page.words
    assert page.words.index("mode collapse") < page.words.index("Pictures")
    assert "steadygan train" in page.words
    drawn = [each for each in page.all("svg") if "distance ratio" in each.get("aria-label", "")]
    assert drawn and 'class="band-' in text
    assert not re.search(r'(?:src|href|url\()\s*=?\s*["\']?https?:', text)


def test_a_name_in_the_log_is_escaped(tmp_path: Path) -> None:
    rows = course(**SEEN)
    rows[-1] |= {"non_finite": "<script>alert(1)</script>"}  # type: ignore[operator]
    folder = folder_with(tmp_path)
    (folder / "signals.jsonl").write_text("".join(json.dumps(to_json(row)) + "\n" for row in rows))
    text = write_report(folder).read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in text and "<script>alert(1)" not in text


def test_a_run_without_looks_or_with_a_damaged_log_has_a_page_all_the_same(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "signals.jsonl").write_text("no\nlog\n")
    assert 'class="card diagnosis"' not in write_report(folder).read_text(encoding="utf-8")
    (folder / "signals.jsonl").unlink()
    assert 'class="card diagnosis"' not in write_report(folder).read_text(encoding="utf-8")


def said(round_: int, verdict: VerdictName) -> Diagnosis:
    return Diagnosis(round_, (Finding(verdict, 1, 0.5, ()),))


def test_spells_are_aligned_to_rounds() -> None:
    looks = [said(10, "too_early"), said(30, "too_early"), said(40, "healthy"), said(100, "full_collapse")]
    found = spells(looks)
    assert [(each.style, each.share) for each in found] == [("open", 30.0), ("good", 10.0), ("bad", 60.0)]
    assert [width for width, _ in found[0].looks] == pytest.approx([100 / 3, 200 / 3])
    assert "round 10" in found[0].looks[0][1]


@pytest.mark.parametrize(
    ("field", "range_"),
    [("distance_ratio", (0.8, 1.0)), ("accuracy", (0.65, 0.98)), ("bins_missing", (0.0, 0.1)), ("score", None)],
)
def test_ranges_are_those_of_the_words(field: str, range_: tuple[float, float] | None) -> None:
    assert healthy_range(field) == range_

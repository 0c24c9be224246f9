"""What a study leaves for readers: the page, the figures, the table of trials, the findings."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from steadygan.errors import RunError, UsageError
from steadygan.run.hashes import sealed
from steadygan.studies import Plot, Table, intervals, page, publishing, session
from steadygan.studies.csv_table import csv_text
from steadygan.studies.figures import write_figures
from steadygan.studies.findings import Findings, findings_of
from steadygan.studies.outcomes import Record
from steadygan.studies.words import cell_text, estimate, interval_text
from tests.report.test_page import Page
from tests.studies.folders import begun

HOSTILE = "<script>alert(1)</script>\x1b[2J| `x` \u202e"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return session.carry_out(begun(tmp_path_factory.mktemp("study") / "s"), say=lambda line: None)


def read(found: Findings) -> Page:
    return Page(found.page.read_text(encoding="utf-8"))


def test_the_page_answers_the_question_beside_the_figure(found: Findings) -> None:
    shown = read(found)
    for words in (
        "Is up above down?",
        "Up is above down.",  # what the paper shows
        "It is tiny.",
        "Up lies above down.",
        "holds",
        "the interval of the difference lies above 0",  # the rule
        "smoke scale, 2 seeds: 4 of 4 trials",
        "Of no meaning.",
    ):
        assert words in shown.words, words
    assert shown.all("html")[0]["lang"] == "en"
    assert [image["alt"] for image in shown.all("img")] == ["Values by seed"]
    assert len(shown.all("th")) > 4
    assert all("scope" in head for head in shown.all("th"))
    assert "prefers-color-scheme: dark" in found.page.read_text()


def test_the_page_needs_nothing_from_outside(found: Findings) -> None:
    shown = read(found)
    assert all(image["src"].startswith("data:") for image in shown.all("img"))
    assert not shown.all("script")
    assert not shown.all("link")
    links = [link["href"] for link in shown.all("a")]
    assert all((found.folder / link).exists() for link in links)


def test_trials_are_a_table_for_other_programs(found: Findings) -> None:
    rows = list(csv.DictReader(io.StringIO((found.folder / "trials.csv").read_text())))
    assert [(row["method"], row["slope"], row["seed"]) for row in rows] == [
        ("up", "1.5", "0"), ("down", "-0.5", "0"), ("up", "1.5", "1"), ("down", "-0.5", "1"),
    ]  # fmt: skip
    assert [float(row["value"]) for row in rows] == [row.values["value"] for row in found.results]
    assert {row["rounds"] for row in rows} == {row["rounds (measured)"] for row in rows} == {"10"}


def test_no_text_of_the_table_is_a_formula() -> None:
    records = [Record({"a": "=1+1"}, 0, 1, {"b": "@x", "c": -1.5, "d": [1]}, "-broken")]
    rows = list(csv.reader(io.StringIO(csv_text(records))))
    assert rows == [
        ["a", "seed", "rounds", "seconds", "failure", "b", "c"],
        ["'=1+1", "0", "1", "0.0", "'-broken", "'@x", "-1.5"],
    ]


def test_the_findings_are_in_the_study_s_file(found: Findings) -> None:
    content = json.loads((found.folder / "study.json").read_text())["findings"]
    [claim] = content["claims"]
    assert claim["answer"] == "holds"
    assert claim["interval"] == pytest.approx([2.0, 2.0, 2.0])
    assert content["table"]["rows"][0] == ["up", "1.52"]
    assert content["figures"] == [{"file": "values.png", "caption": "Values by seed"}]
    with Image.open(found.folder / "figures" / "values.png") as image:
        assert image.size == (390, 260)


def test_hostile_words_change_nothing(found: Findings) -> None:
    study = dataclasses.replace(
        found.study,
        question=HOSTILE,
        shows=HOSTILE,
        limits=HOSTILE,
        source=HOSTILE,
        claims=(dataclasses.replace(found.study.claims[0], statement=HOSTILE, rule=HOSTILE, source=HOSTILE),),
        table=lambda results: Table((HOSTILE,), [[HOSTILE]], HOSTILE),
    )
    hostile = dataclasses.replace(found, study=study)
    text = page.page_text(page.page_of(hostile, [], [HOSTILE], {"versions": {HOSTILE: HOSTILE}}))
    shown = Page(text)
    assert not shown.all("script")
    assert "\x1b" not in text
    assert "\u202e" not in text
    gallery = publishing.gallery_text([publishing.Published("x", "laptop", 3, page.to_json(hostile, []))])
    assert "\x1b" not in gallery
    rows = [line for line in gallery.splitlines() if line.startswith("| <script>")]
    assert all(line.replace("\\|", "").count("|") in (2, 6) for line in rows)


def test_a_study_without_results_has_a_page(tmp_path: Path) -> None:
    empty = page.write_findings(findings_of(begun(tmp_path / "s")))
    shown = read(empty)
    assert "0 of 4 trials" in shown.words
    assert "not decided here" in shown.words
    assert "answers may change" in shown.words


def test_failures_are_on_the_page(tmp_path: Path) -> None:
    failed = session.carry_out(begun(tmp_path / "s", "tests.studies.tiny:DIVERGING"), say=lambda line: None)
    assert "x-seed-1 failed: the critic's loss is not finite" in read(failed).words
    assert "1 failed" in failed.state


def test_a_figure_that_cannot_be_drawn_is_left_out(tmp_path: Path) -> None:
    picture = Image.new("L", (8, 8))
    plots = [
        Plot("a b/../c", "one", picture),
        Plot("a-b-c", "two", picture),
        Plot("bad", "three", 7),
        Plot("", "four", picture),
    ]
    written, problems = write_figures(tmp_path, plots)
    assert [(each.name, each.caption) for each in written] == [("a-b-c", "one"), ("a-b-c-2", "two"), ("figure", "four")]
    assert all(each.path.parent == tmp_path / "figures" for each in written)
    assert len(problems) == 1
    assert "bad" in problems[0]


def test_numbers_and_intervals_in_words() -> None:
    assert [cell_text(value) for value in ("a", 3, 12345, 0.12345, math.nan, True)] == [
        "a", "3", "12,345", "0.123", "nan", "True",
    ]  # fmt: skip
    assert interval_text(intervals.mean([1.0])) == ""
    assert interval_text(None) == ""
    assert interval_text(intervals.Interval(0.5, 0.25, 0.75, 3)) == "0.250 to 0.750"
    assert estimate(intervals.Interval(0.314, 0.1, 0.5, 3)) == "0.314 (0.1 to 0.5, 3 seeds)"
    assert estimate(intervals.Interval(2.0, 1.0, 3.0, 1), ".0f") == "2 (1 to 3, 1 seed)"
    assert estimate(intervals.mean([2.0])) == "2 (no interval, 1 seed)"
    assert estimate(intervals.mean([])) == "no trials"


def test_results_are_published_small_and_make_a_gallery(found: Findings, tmp_path: Path) -> None:
    root = tmp_path / "docs"
    publishing.publish(found, root)
    (root / "calculated" / "old.png").write_bytes(b"x")
    publishing.publish(found, root)
    assert sorted(path.name for path in (root / "calculated").iterdir()) == ["study.json", "trials.csv", "values.png"]
    text = publishing.write_gallery(root).read_text()
    assert "![Values by seed](calculated/values.png)" in text
    assert "## Claims: 1 holds" in text
    assert "| Up lies above down. | No paper, section 1 | holds | the difference is 2.000 |" in text
    assert "`steadygan study calculated --scale smoke --seeds 2`" in text
    first = (root / "index.md").read_bytes()
    publishing.write_gallery(root)
    assert (root / "index.md").read_bytes() == first


@pytest.mark.parametrize("change", [{"claims": 3}, {"question": None}, {"figures": [{}]}, {"table": []}])
def test_published_results_that_are_damaged_are_one_line(
    found: Findings, tmp_path: Path, change: dict[str, Any]
) -> None:
    place = publishing.publish(found, tmp_path)
    content = json.loads((place / "study.json").read_text())
    del content["hash"]
    content["findings"] |= change
    (place / "study.json").write_text(json.dumps(sealed(content)))
    with pytest.raises(RunError, match="damaged"):
        publishing.write_gallery(tmp_path)
    assert not (tmp_path / "index.md").exists()


def test_a_gallery_of_nothing_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError):
            publishing.write_gallery(place)
    assert not list(tmp_path.iterdir())

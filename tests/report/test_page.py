"""The report of a run as one page."""

from __future__ import annotations

import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.errors import RunError
from steadygan.report.captions import TRAINED
from steadygan.report.embed import spread
from steadygan.report.page import PageObserver, write_report
from steadygan.report.pictures import PictureObserver
from steadygan.report.samples import save_grid
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec


class Page(HTMLParser):
    """All elements of a page, with their attributes, and its text."""

    VOID = frozenset({"meta", "img", "input", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" not in self.open and "style" not in self.open:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def run_folder(tmp_path: Path, rows: list[dict[str, Any]], pictures: int = 0, rounds: int = 100_000) -> Path:
    (tmp_path / "recipe.yaml").write_text(f"name: wgan-gp\nrounds: {rounds}\ndata:\n  source: digits\n")
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = np.random.default_rng(0).integers(0, 256, (16, 1, 8, 8), dtype=np.uint8)
    for i in range(pictures):
        PictureObserver().pictured(Picture(tmp_path, 5 * i, samples))
    return tmp_path


def page_of(folder: Path, **options: Any) -> Page:
    return Page(write_report(folder, **options).read_text(encoding="utf-8"))


def titles(page: Page) -> list[str]:
    return [a["aria-label"].split(". ")[0] for a in page.all("svg") if "aria-label" in a]


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 rows with NaN, gaps, a spike, fields that nobody knows, and a torn end."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for i in range(1, 20_001):
        noise = rng.normal(size=6).tolist()
        rows.append(
            {
                "round": 5 * i,
                "samples": 320 * i,
                "critic_loss": -5 + noise[0],
                "generator_loss": noise[1],
                "wasserstein": 5 + noise[2],
                "real_score": 5 + noise[2],
                "fake_score": noise[2],
                "penalty": abs(noise[3]),
                "gradient_norm_mean": 1 + 0.1 * noise[4],
                "gradient_norm_std": 0.1,
                "critic_weight_gradient_norm": float(np.exp(noise[5])),
                "critic_rate": 1e-4,
                "generator_rate": 1e-4,
                "samples_per_second": 1e4,
                "seconds": 0.1 * i,
                "k_t": i / 20_000,
                "layers/first": noise[0],
                "layers/<second>": noise[1],
            }
        )
        if i % 10 == 0:
            rows[-1]["wasserstein_held_out"] = 4 + noise[0]
    rows[700]["penalty"] = float("nan")
    rows[701]["penalty"] = None
    rows[3]["critic_loss"] = 1e6
    folder = run_folder(tmp_path_factory.mktemp("run"), rows, pictures=60)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"round": 7')
    (folder / "environment.json").write_text(
        json.dumps({"python": "3.11", "versions": {"torch": "2.13"}, "cuda": None})
    )
    (folder / "data.json").write_text(json.dumps({"count": 1797, "classes": {"0": 178}, "unreadable": ["<b>.jpg"]}))
    (folder / "plan.txt").write_text("two networks\nthree minutes\n")
    return folder


@pytest.fixture(scope="module")
def long_page(long_run: Path) -> Page:
    return page_of(long_run)


def test_the_page_needs_nothing_from_outside(long_run: Path) -> None:
    text = write_report(long_run).read_text(encoding="utf-8")
    page = Page(text)
    sources = [value for _, a in page.elements for name, value in a.items() if name in ("src", "href", "srcset")]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert "url(" not in text
    assert "@import" not in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not page.all("link")


def test_twenty_thousand_rows_and_sixty_pictures_make_a_small_page(long_run: Path) -> None:
    assert write_report(long_run).stat().st_size < 900_000


def test_each_number_has_its_chart_with_a_sentence(long_page: Page) -> None:
    drawn = titles(long_page)
    assert drawn[:2] == ["Wasserstein estimate", "Critic loss"]
    assert {"Generator loss", "Penalty", "Critic gradient norm", "Weight gradient norms", "k t", "layers"} <= set(drawn)
    for reading in TRAINED:
        assert reading.sentence in long_page.words or reading.title == "Score gap"


def test_numbers_that_never_change_are_a_line_of_text(long_page: Page) -> None:
    assert "Learning rates" not in titles(long_page)
    assert "Learning rates: critic 1.0e-04, generator 1.0e-04, constant throughout" in long_page.words


def test_what_a_drawing_leaves_out_is_stated(long_page: Page) -> None:
    words = long_page.words
    assert "2 values are not finite, the first at round 3,505." in words
    assert re.search(r"values lie outside the frame; the full range is -\S+ to 1\.0e\+06\.", words)


def test_names_are_escaped(long_page: Page) -> None:
    assert "<b>.jpg" in long_page.words
    assert not long_page.all("second")
    assert any("<second>" in a.get("data-name", "") for a in long_page.all("path"))


def test_recipe_plan_environment_and_audit_stand_in_the_page(long_page: Page) -> None:
    words = long_page.words
    assert "source: digits" in words
    assert "three minutes" in words
    assert "torch: 2.13" in words or "2.13" in words
    assert "0: 178" in words


def test_the_time_line_holds_the_first_picture_and_the_last_stands_alone(long_page: Page) -> None:
    pictures = long_page.all("img")
    assert len(pictures) == 25
    assert pictures[0]["alt"] == "16 samples of fixed latents after round 295"
    assert pictures[1]["alt"] == "16 samples of fixed latents after round 0"
    assert all(a["alt"] for a in pictures)
    slider = next(a for a in long_page.all("input") if a["type"] == "range")
    assert (slider["max"], slider["aria-label"]) == ("23", "Round of the earlier picture")


def test_the_running_median_can_be_left_out(long_run: Path, long_page: Page) -> None:
    assert len(page_of(long_run, window=1).all("path")) < len(long_page.all("path"))


def test_a_finished_run_is_called_finished(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": 100, "critic_loss": 1.0}], rounds=100)
    assert "finished, round 100 of 100" in page_of(folder).words


def test_an_unfinished_run_names_its_checkpoint(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": 60, "critic_loss": 1.0}], rounds=100)
    (folder / "checkpoints" / "000050").mkdir(parents=True)
    (folder / "checkpoints" / "000050" / "state.json").touch()
    assert "not finished, round 60 of 100; last checkpoint at round 50" in page_of(folder).words


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("finished", "finished, round 60 of 100"),
        ("interrupted", "interrupted, round 60 of 100"),
        ("the penalty of round 60 is not finite", "stopped at round 60 of 100: the penalty of round 60 is not finite"),
    ],
)
def test_how_a_run_ended_is_told(tmp_path: Path, reason: str, said: str) -> None:
    folder = run_folder(tmp_path, [{"round": 60, "critic_loss": 1.0}], rounds=100)
    assert said in page_of(folder, end=RunEnd(folder, 60, 100, reason)).words


def test_a_run_without_rows_and_pictures_has_a_page(tmp_path: Path) -> None:
    words = page_of(run_folder(tmp_path, [])).words
    assert "There are no pictures yet." in words
    assert "Nothing has been logged yet." in words


@pytest.mark.parametrize("value", [float("nan"), None, float("inf")])
def test_a_number_that_was_never_finite_still_has_its_chart(tmp_path: Path, value: float | None) -> None:
    rows = [{"round": i, "critic_loss": value, "wasserstein": value} for i in range(1, 300)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = page_of(run_folder(tmp_path, rows))
    assert titles(page) == ["Wasserstein estimate", "Critic loss"]
    assert "299 values are not finite, the first at round 1." in page.words
    assert "last: critic loss never finite" in page.words


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_few_rows_make_a_page_too(tmp_path: Path, count: int) -> None:
    rows = [
        {"round": i, "critic_loss": i * 1.0, "gradient_norm_mean": i * 1.0, "gradient_norm_std": 0.1}
        for i in range(1, count + 1)
    ]
    page = page_of(run_folder(tmp_path, rows))
    assert titles(page) == (["Critic loss", "Critic gradient norm"] if count > 1 else [])
    assert f"critic loss {count}" in page.words


def test_a_broken_picture_is_left_out(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [], pictures=3)
    (folder / "samples" / "000005.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert len(page_of(folder).all("img")) == 2
    (folder / "samples" / "000010.png").write_bytes(b"")
    assert "There are no pictures yet." in page_of(folder).words


def test_a_recipe_full_of_markup_changes_nothing(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [])
    (folder / "recipe.yaml").write_text("name: </title><script>alert(1)</script>\ndata: {source: '<img src=x>'}\n")
    page = page_of(folder)
    assert len(page.all("script")) == 1
    assert not page.all("img")


def test_a_number_with_one_value_is_shown_as_that_number(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": r, "critic_loss": 1.0 / r} for r in (1, 2)])
    (folder / "evaluations.jsonl").write_text('{"round": 60, "judge": "frechet", "frechet": 1.37, "coverage": null}\n')
    page = page_of(folder)
    assert titles(page) == ["Critic loss"]
    assert "Fréchet distance 1.37" in page.words and "Round 60, the only one so far." in page.words
    assert "coverage never finite" in page.words


def test_no_absolute_path_of_the_machine_is_in_the_page(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [])
    recipe = "name: mine\ndata:\n  source: /home/ada lovelace/my photos\n  cache: 'C:\\Users\\ada\\cache'\n"
    (folder / "recipe.yaml").write_text(recipe)
    command = "steadygan train --data '/home/ada lovelace/my photos' --out /scratch/ada/runs/x --rounds 1/2"
    (folder / "environment.json").write_text(json.dumps({"command": command, "weights_from": str(tmp_path / "other")}))
    (folder / "data.json").write_text(json.dumps({"notes": ["'/home/ada lovelace/my photos/a.png' is empty"]}))
    (folder / "plan.txt").write_text("read from /home/ada lovelace/my photos\n")
    text = write_report(folder).read_text(encoding="utf-8")
    for secret in ("lovelace", "Users", "scratch", str(tmp_path.parent), str(tmp_path.resolve().parent)):
        assert secret not in text
    for kept in ("…/my photos", "…/cache", "…/x", "--rounds 1/2", "…/other", "a.png"):
        assert kept in Page(text).words


def test_large_pictures_are_packed(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [])
    noise = np.random.default_rng(0).integers(0, 256, (64, 3, 64, 64), dtype=np.uint8)
    smooth = np.sort(noise, axis=3)
    for round_ in (1, 2):
        PictureObserver().pictured(Picture(folder, round_, smooth))
    on_disk = (folder / "samples" / "000002.png").stat().st_size
    sources = [a["src"] for a in page_of(folder).all("img")]
    assert all(source.startswith("data:image/webp") for source in sources)
    assert all(len(source) < on_disk / 2 for source in sources)


def test_the_spread_of_a_few_out_of_many_has_both_ends() -> None:
    assert spread(range(5), 24) == [0, 1, 2, 3, 4]
    few = spread(range(1000), 24)
    assert (len(few), few[0], few[-1]) == (24, 0, 999)
    assert set(np.diff(few)) <= {43, 44}


def test_another_folder_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_wasserstein_loss_has_more_to_read(long_page: Page) -> None:
    assert "divergence is not. It should drop fast, then climb slowly back towards 0." in long_page.words


def test_only_a_wasserstein_loss_has_an_estimate_of_the_distance(tmp_path: Path) -> None:
    rows = [
        {"round": r, "score_gap_train": 1.0 / r, "score_gap_held_out": 0.5 / r, "critic_loss": 1.0 / r}
        for r in (1, 2, 4)
    ]
    page = page_of(run_folder(tmp_path, rows))
    assert titles(page) == ["Score gap", "Critic loss"]
    assert "Wasserstein" not in page.words
    assert "last: training data 0.250, held-out data 0.125" in page.words


def test_the_observer_keeps_plan_and_page(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": 1, "critic_loss": 1.0}], pictures=1, rounds=10)
    observer = PageObserver()
    observer.started(RunStart(folder, "wgan-gp", SampleSpec((1, 8, 8)), 0, 10, ("small", "short")))
    observer.started(RunStart(folder, "wgan-gp", SampleSpec((1, 8, 8)), 5, 10, ("only the rest",)))
    assert (folder / "plan.txt").read_text() == "small\nshort\n"
    observer.pictured(Picture(folder, 0, np.zeros((1, 1, 8, 8), np.uint8)))
    assert "not finished" in (folder / "report.html").read_text(encoding="utf-8")
    observer.ended(RunEnd(folder, 10, 10, "finished"))
    assert "finished, round 10 of 10" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_does_not_end_a_run(tmp_path: Path) -> None:
    observer = PageObserver()
    with pytest.warns(UserWarning, match="the report failed and is skipped from here on: .* is no run folder"):
        observer.pictured(Picture(tmp_path, 0, np.zeros((1, 1, 8, 8), np.uint8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        observer.ended(RunEnd(tmp_path, 1, 1, "finished"))


def test_what_samples_are_worth_stands_first_and_evaluations_are_lines(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": r, "critic_loss": -1.0 / r} for r in range(1, 5)])
    judged = {"judge": "frechet", "features": "patches", "precision": 0.5, "samples": 64}
    rows = [{"round": r, **judged, "frechet": 1.0 / r} for r in (2, 4)]
    (folder / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    origin = {"features": "classifier", "count": 2000, "round": 4, "weights": "average", "sampling_seed": 0}
    number = {"metric": "kernel", "value": 0.0536, "error": 0.00324, "floor": 0.016}
    content = {"format": 1, "evaluations": [{"provenance": origin, "numbers": [number]}]}
    (folder / "evaluation.json").write_text(json.dumps(content))
    (folder / "nearest.png").write_bytes((save_grid(np.zeros((6, 1, 8, 8), np.uint8), tmp_path / "n.png")).read_bytes())
    page = page_of(folder)
    assert titles(page)[:2] == ["Fréchet distance", "Critic loss"]
    assert "last: Fréchet distance 0.250" in page.words
    assert "round 4, 2,000 samples (average), classifier features" in page.words
    assert "kernel 0.0536 ± 0.00324, real samples 0.0160" in page.words
    assert "Nearest training images" in page.words


@pytest.mark.parametrize("content", ["[]", '{"evaluations": [1]}', '{"evaluations": {"a": 1}}', "3"])
def test_an_evaluation_of_another_form_is_shown_as_it_stands(tmp_path: Path, content: str) -> None:
    folder = run_folder(tmp_path, [{"round": 1, "critic_loss": 1.0}])
    (folder / "evaluation.json").write_text(content)
    page_of(folder)


def test_control_codes_of_names_are_escaped_in_the_page(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, [{"round": 1, "critic_loss": 1.0}])
    evil = folder.with_name("e\x1b]0;title\x07\u202evil")
    folder.rename(evil)
    text = write_report(evil).read_text(encoding="utf-8")
    assert r"e\x1b]0;title\x07\u202evil" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)

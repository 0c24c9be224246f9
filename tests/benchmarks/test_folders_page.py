"""The page of the default on folders of pictures: its tables, and pictures of trainings that are not here."""

from __future__ import annotations

import pytest

from benchmarks.folders import page


def trained(kind: str, seed: int, distance: float, processor: str) -> dict:
    facts = {"kind": kind, "recipe": "default", "seed": seed, "processor": processor, "images": 1000}
    return {**facts, "folder": f"{kind}-{seed}", "collapsed": seed == 2, page.NUMBER: [distance, 0.01]}


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "folders.md")
    monkeypatch.setattr(page, "PICTURES", tmp_path)
    page.PAGE.write_text(f"before\n{page.BEGIN}\n{page.END}\nafter\n", encoding="utf-8")

    def write(runs: dict) -> str:
        page.write_page(runs, tmp_path / "runs")
        return page.PAGE.read_text(encoding="utf-8")

    return write


RUNS = {
    **{f"writing, default, 3 min, seed {s}": trained("writing", s, 0.1 + s, "a CPU, AVX2") for s in (0, 1, 2)},
    "writing, default, 10 min, seed 0": trained("writing", 0, 0.05, "another, AVX2"),
}


def test_tables_give_the_mean_the_range_and_what_collapsed_of_one_processor(written):
    text = written({**RUNS, "writing, default, 3 min, seed 3": trained("writing", 3, 9.0, "another, AVX2")})
    assert "3 minutes, all pictures (a CPU, AVX2):" in text
    assert "| `default` | 1.100 (0.100 to 2.100); 1,000 images; 1 collapsed |" in text
    assert text.index("3 minutes, all pictures (another, AVX2):") < text.index("| `default` | 9.000; 1,000 images |")
    assert "10 minutes, all pictures (another, AVX2):" in text and "| `default` | 0.050; 1,000 images |" in text
    assert text.startswith("before") and text.endswith("after\n")


def test_pictures_of_trainings_made_elsewhere_are_kept(written, tmp_path):
    kept = tmp_path / "folders-10-min-another-avx2-32.png"
    kept.write_bytes(b"a picture")
    assert "(pictures/folders-10-min-another-avx2-32.png)" in written(RUNS) and kept.read_bytes() == b"a picture"
    kept.unlink()
    assert "another-avx2-32.png" not in written(RUNS)


def test_pictures_of_a_group_are_of_one_recipe(written, monkeypatch):
    other = {**trained("writing", 1, 0.5, "another, AVX2"), "recipe": "default --width 8"}
    shown = []
    monkeypatch.setattr(page, "_bands", lambda runs, *_: shown.append([run["recipe"] for run in runs]))
    written({"writing, default --width 8, 10 min, seed 1": other, **RUNS})
    assert ["default"] in shown and all("default --width 8" not in recipes for recipes in shown)

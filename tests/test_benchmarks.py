"""The benchmarks: the sides they compare do the same work, and interrupted ones continue."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from benchmarks.speed import library
from benchmarks.speed.timing import Timed, Watch
from steadygan.losses import Wasserstein
from steadygan.penalties import GradientPenalty
from steadygan.recipes import RECIPES
from steadygan.system.files import read_json
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import Eager

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_photos_are_trained_evaluated_once_and_written_down(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT)
    photos = pytest.importorskip("benchmarks.photos")
    monkeypatch.setattr(photos, "RESULTS", tmp_path / "results")
    line = ["digits", "--recipes", "r3gan --generator.width 8 --critic.width 8", "--minutes", "0.02"]
    line += ["--count", "120", "--samples", "150", "--out", str(tmp_path / "runs")]
    photos.main(line)
    assert len(list((tmp_path / "runs" / "pictures-8-120-0").iterdir())) == 120
    (run,) = json.loads((tmp_path / "results" / "photos.json").read_text())["runs"].values()
    assert run["rounds"] >= 1 and run["patches frechet"][0] > 0 and len(run["classifier frechet"]) == 2
    monkeypatch.setattr(photos, "trained", None)  # what is there is not done again
    page = tmp_path / "photos.md"
    page.write_text(f"{photos.BEGIN}\n{photos.END}\n")
    monkeypatch.setattr(photos, "PAGE", page)
    monkeypatch.setattr(photos, "PICTURE", tmp_path / "photos.png")
    photos.main([*line, "--docs"])
    assert f"| 1 | {run['rounds']:,} | {run['patches frechet'][0]:.3f} |" in page.read_text()
    assert (tmp_path / "photos.png").exists()
    assert capsys.readouterr().out.count("--generator.width 8 --critic.width 8, 0.02 min, seed 0 |") == 2


@pytest.fixture
def cost(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return pytest.importorskip("benchmarks.method_cost")


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "sgan"])
def test_both_sides_of_every_recipe_run_on_the_same_networks(cost, name):
    batch = 16 if name == "minibatch-discrimination" else 4  # whose critic sees 16 samples together
    method, baseline = cost.cases(name, width=4, batch=batch).values()
    assert method.recipe.generator == baseline.recipe.generator and method.recipe.critic == baseline.recipe.critic
    assert method.recipe.steps(0) == baseline.recipe.steps(0) == 1
    assert method.recipe.batch == baseline.recipe.batch
    assert method.recipe.penalties == RECIPES[name](method.sample).penalties
    assert isinstance(baseline.recipe.objective.loss, Wasserstein)
    assert [type(penalty) for penalty in baseline.recipe.penalties] == [GradientPenalty]
    for case in (method, baseline):
        cost.library_round(case, "fp32", torch.device("cpu"))()


def test_a_recipes_cost_is_a_ratio_over_the_same_repeats(cost, monkeypatch):
    measured = {"method": Timed(9.0, (2.0, 3.0, 4.0)), "wgan-gp": Timed(9.0, (1.0, 2.0, 1.0))}
    monkeypatch.setattr(cost, "interleaved", lambda *everything: measured)
    monkeypatch.setattr(cost, "library_round", lambda *case: None)
    found = cost.measure("gan", "fp32", 3, Watch(torch.device("cpu")), memory=False)
    assert (found.method.median, found.baseline.median, found.method.ratio) == (3.0, 1.0, 3.0)
    assert found.method.ratio_range == (1.5, 4.0)
    (line,) = [line for line in cost.table([found]).splitlines() if "`gan`" in line]
    assert "3000 (2000 to 4000)" in line and "**3.00** (1.50 to 4.00)" in line
    assert "gan: 2.0 times between" in cost.disturbed([found])[0]


def test_lazy_penalties_are_timed_over_the_rounds_in_which_they_come_once(cost):
    method, baseline = cost.cases("stylegan2", width=4, batch=4).values()
    assert (cost.period(method.recipe), cost.period(baseline.recipe)) == (16, 1)
    calls = []
    cost.repeated(lambda: calls.append(1), 16)()
    assert len(calls) == 16
    assert cost.of_one_round(Timed(32.0, (16.0, 8.0)), 16) == Timed(2.0, (1.0, 0.5))


def test_rows_of_other_recipes_stay_if_they_were_measured_alike(cost, tmp_path):
    side = cost.Side(1.0, 1.0, 1.0, None, 1.0, (1.0, 1.0))
    wgan, gan, newer = (
        cost.Result(name, "", batch, "fp32", side, side) for name, batch in (("wgan", 4), ("gan", 4), ("wgan", 8))
    )
    here = dict.fromkeys(cost.ALIKE, "") | {"versions": {"torch": "2"}, "commands": ["first"]}
    path = tmp_path / "cost.json"
    path.write_text(json.dumps({"environment": here, "results": [dataclasses.asdict(each) for each in (wgan, gan)]}))
    now = here | {"commands": ["second"]}
    assert cost.with_earlier(path, now, [newer]) == (["first", "second"], [gan, newer])
    assert cost.with_earlier(path, now, [gan, newer]) == (["second"], [gan, newer])
    assert cost.with_earlier(path, now | {"processor": "another"}, [newer]) == (["second"], [newer])
    assert cost.with_earlier(tmp_path / "none.json", now, [newer]) == (["second"], [newer])


def test_networks_that_grow_are_timed_at_their_full_size(cost):
    builder = library.builder_of(cost.cases("progan", width=4, batch=4)["method"], "fp32", torch.device("cpu"))
    first = library.first_round(builder.recipe)
    assert builder.recipe.stage(first).number == builder.recipe.growth.stages - 1
    assert len(library.draws_of(builder)) == library.DISTINCT_ROUNDS


def test_a_table_goes_between_its_marks_and_replaces_the_one_there(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT)
    common = pytest.importorskip("benchmarks.common")
    page = tmp_path / "page.md"
    page.write_text("# Page\n<!-- a -->\nold\n<!-- b -->\nrest\n")
    for text in ("| first |", "| second |"):
        common.write_between(page, "<!-- a -->", "<!-- b -->", text)
        assert page.read_text() == f"# Page\n<!-- a -->\n{text}\n<!-- b -->\nrest\n"
    with pytest.raises(ValueError, match=r"page\.md has no '<!-- c -->'"):
        common.write_between(page, "<!-- c -->", "<!-- b -->", "| third |")


def test_rounds_are_measured_with_memory_kept(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    kept = pytest.importorskip("benchmarks.kept_memory")
    monkeypatch.setattr(kept, "SECONDS", 0.02)
    found = kept.measure("mlp-small", "fp32", "kept")
    assert found["ms"] > 0 and found["peak_mb"] > 50
    row = kept.table(
        [{"title": "small", "precision": "fp32", "usual": {**found, "ms": 30.0}, "kept": {**found, "ms": 20.0}}]
    )
    assert "| small | fp32 | 30 ms | 20 ms | **1.50** |" in row


@pytest.mark.slow
def test_text_curves_are_trained_continued_and_drawn(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.chdir(tmp_path)
    curves = pytest.importorskip("benchmarks.text_curves")
    words = ("sun", "moon", "star", "tide")
    lines = [f"{one} {other} {third}" for one in words for other in words for third in words] * 2
    (tmp_path / "sky.txt").write_text("\n".join(lines))
    fixed = ["sky.txt", "--width", "4", "--threads", "1", "--result", "found.json", "--picture", "curves.svg"]
    for rounds in (2, 4):
        curves.main([*fixed, "--rounds", str(rounds)])
    found = json.loads((tmp_path / "found.json").read_text())
    for name in ("text", "text-gan"):
        assert found["runs"][name]["rounds"] == [1, 2, 3, 4]
        assert all(0 <= value <= 1 for value in found["runs"][name]["ngram_js_4"])
    assert found["floors"].keys() == {f"ngram_js_{n}" for n in (1, 2, 3, 4)}
    assert (tmp_path / "curves.svg").read_text().count("<svg") == 1


@pytest.mark.slow
def test_the_wait_for_data_is_measured_where_it_lies(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT)
    wait = pytest.importorskip("benchmarks.data_wait")
    monkeypatch.setattr(wait, "RESULTS", tmp_path)
    monkeypatch.setattr(wait, "GROUP", 10)
    small = wait._recipe
    narrow = {"generator": wait.DCGANGenerator(4), "critic": wait.DCGANCritic(4), "batch": 8}
    monkeypatch.setattr(wait, "_recipe", lambda *given: dataclasses.replace(small(*given), **narrow))
    wait.main(["--rounds", "2", "--pictures", "160", "--device", "cpu"])
    rows = {row["title"]: row for row in json.loads((tmp_path / "data-wait.json").read_text())["results"]}
    assert rows["in memory"]["waited_share"] == 0
    assert all(0 <= row["waited_share"] < 1 for row in rows.values())
    assert rows["streamed, when asked"]["waited_share"] > rows["in memory"]["waited_share"]
    assert capsys.readouterr().out.count("| streamed |") == 2


def test_pictures_of_presets_are_made_by_the_rules_of_the_table(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT)
    pictures = pytest.importorskip("benchmarks.method_pictures")
    monkeypatch.setattr(pictures, "PICTURES", tmp_path / "pictures")
    line = ["gan", "--data", "digits", "--size", "8", "--minutes", "0.005", "--count", "100"]
    pictures.main([*line, "--runs", str(tmp_path / "runs")])
    assert capsys.readouterr().out.startswith("gan: ")
    assert (tmp_path / "pictures" / "gan.png").exists()


@pytest.fixture
def agreement(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return pytest.importorskip("benchmarks.engine_agreement")


@pytest.mark.slow
def test_engines_are_compared_with_eager_steps_recipe_by_recipe(agreement, monkeypatch, tmp_path, capsys):
    engines = iter([Compiled("aot_eager"), Eager()])
    monkeypatch.setattr(agreement, "make", lambda name: next(engines))
    out = tmp_path / "found.json"
    agreement.main(["--only", "gan", "lsgan", "--precisions", "fp32", "--device", "cpu", "--out", str(out)])
    found = read_json(out)["results"]
    assert [row["recipe"] for row in found] == ["gan", "lsgan"]
    assert all(row["parameters"] > 10 and row["loss"] < 1e-5 and row["gradient"] < 1e-4 for row in found)
    assert "| `gan` | " in capsys.readouterr().out
    monkeypatch.setattr(agreement, "measure", lambda *_: pytest.fail("it is in the file already"))
    agreement.main(["--only", "gan", "--precisions", "fp32", "--device", "cpu", "--out", str(out)])


@pytest.mark.slow
def test_an_engine_with_another_loss_is_seen(agreement, monkeypatch):
    class Off(Eager):
        def carry_out(self, setup, phase, draws):
            terms = super().carry_out(setup, phase, draws)
            return terms._replace(loss=terms.loss + 0.5)

    monkeypatch.setattr(agreement, "make", lambda name: Off())
    assert agreement.measure("gan", "fp32", torch.device("cpu"), "compiled")["loss"] > 0.1

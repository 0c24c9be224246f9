"""Text from the file to the lines of a run: repeated, resumed, judged, written, refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import steadygan as sg
from steadygan.cli import main
from steadygan.data import open_data
from steadygan.default_recipe import choose
from steadygan.errors import RunError, UsageError
from steadygan.evaluation import during_training
from steadygan.networks import TextCritic, TextGenerator
from steadygan.representations import OneHot
from steadygan.run.records import TIMES
from tests.grammar import RUN, data, small, trained


@pytest.fixture(scope="module", autouse=True)
def _few_samples() -> Iterator[None]:
    """Evaluations are of 200 samples, which take a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(during_training, "COUNT", 200)
        yield


def rows(folder: Path, name: str = "metrics.jsonl") -> list[dict]:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


def test_the_same_seed_gives_the_same_lines_and_another_one_others(grammar: Path, tmp_path: Path) -> None:
    one, again, other = (trained(grammar, tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert one.lines(20) == again.lines(20) != other.lines(20)
    assert one.lines(5, seed=3) == one.lines(9, seed=3)[:5] != one.lines(5, seed=4)
    assert rows(one.folder) == rows(again.folder)


def test_a_text_run_that_was_cut_off_ends_like_one_that_was_not(grammar: Path, tmp_path: Path) -> None:
    whole = trained(grammar, tmp_path / "whole", run=dataclasses.replace(RUN, keep_last=9))
    shutil.copytree(whole.folder, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints" / "000010")
    shutil.rmtree(tmp_path / "cut" / "checkpoints" / "000012")
    resumed = sg.resume(tmp_path / "cut", observers=[])
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert rows(resumed.folder, name) == rows(whole.folder, name)
    for file in (whole.folder / "checkpoints" / "000012").glob("*.safetensors"):
        mine, theirs = load_file(file), load_file(resumed.folder / "checkpoints" / "000012" / file.name)
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert resumed.lines(8) == whole.lines(8)


@pytest.fixture(scope="module")
def run(grammar: Path, tmp_path_factory: pytest.TempPathFactory) -> sg.Run:
    """A finished run with all observers, which others may read."""
    return sg.train(small(), data=data(grammar), out=tmp_path_factory.mktemp("runs") / "run")


def test_lines_are_the_samples_in_the_alphabet_that_the_run_keeps(run: sg.Run, grammar: Path) -> None:
    opened = open_data(data(grammar))
    assert run.alphabet == opened.alphabet
    assert run.recipe.representation == OneHot(len(opened.alphabet))
    ids = run.sample(6, seed=2)
    assert ids.shape == (6, 12) and ids.dtype == np.uint8
    spelled = ["".join(opened.alphabet.characters[i] for i in row).rstrip("`") for row in ids]
    assert run.lines(6, seed=2) == spelled


def test_lines_of_fixed_latents_are_written_as_the_run_goes_on(run: sg.Run) -> None:
    found = sorted(path.name for path in (run.folder / "samples").iterdir())
    assert found == [f"{round_:06d}.txt" for round_ in (1, 2, 4, 5, 10, 12)]
    written = (run.folder / "samples" / "000012.txt").read_text(encoding="utf-8").split("\n")
    assert len(written) == 65 and written[-1] == ""
    assert written[:-1] != (run.folder / "samples" / "000001.txt").read_text(encoding="utf-8").split("\n")[:-1]


def test_the_report_shows_the_lines_and_the_divergences(run: sg.Run) -> None:
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    last = (run.folder / "samples" / "000012.txt").read_text(encoding="utf-8").split("\n")[0]
    assert f">{last}" in page and "<h2>Lines</h2>" in page and "<img" not in page
    assert all(f'data-name="n = {n}"' in page for n in (1, 2, 3, 4))


def test_the_best_checkpoint_is_the_one_whose_four_grams_are_nearest(run: sg.Run) -> None:
    assert [(row["round"], row["judge"]) for row in run.evaluations] == [(10, "ngram_js_4"), (12, "ngram_js_4")]
    assert run.best_round == min(run.evaluations, key=lambda row: row["ngram_js_4"])["round"]


def test_what_is_no_text_has_no_lines(run: sg.Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="makes text; only pictures can be interpolated"):
        run.interpolate(1, 3)
    data = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))
    shutil.copytree(run.folder, tmp_path / "other")
    del data["alphabet"]
    (tmp_path / "other" / "data.json").write_text(json.dumps({**data, "sample": {"shape": [2], "classes": 0}}))
    with pytest.raises(UsageError, match="makes points, no lines of text: use sample"):
        sg.load(tmp_path / "other").lines(3)


def test_other_characters_are_no_start_for_a_run(run: sg.Run, grammar: Path, tmp_path: Path) -> None:
    assert trained(grammar, tmp_path / "same", rounds=1).alphabet == run.alphabet
    again = sg.train(small(rounds=1), data=data(grammar), out=tmp_path / "on", observers=[], weights_from=run.folder)
    assert again.finished
    other = tmp_path / "other.txt"
    other.write_text(grammar.read_text(encoding="utf-8").replace("cat", "CAT"), encoding="utf-8")
    with pytest.raises(UsageError, match="was trained on other characters") as error:
        sg.train(small(), data=data(other), out=tmp_path / "no", observers=[], weights_from=run.folder)
    assert "\n" not in str(error.value) and not (tmp_path / "no").exists()


def test_a_changed_text_is_not_gone_on_with(run: sg.Run, grammar: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.txt"
    shutil.copy(grammar, moved)
    trained(moved, tmp_path / "run", rounds=6)
    moved.write_text(moved.read_text(encoding="utf-8").replace("fox", "ox"), encoding="utf-8")
    with pytest.raises(RunError, match=r"moved is not the data with which .* or has changed since"):
        sg.resume(tmp_path / "run", more_rounds=6, observers=[])


TINY = "--generator.width 4 --critic.width 4 --critic-steps 1 --batch 8 --data.length 12 --rounds 2"


def test_a_file_of_text_is_all_that_training_needs(
    grammar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--data", str(grammar), *TINY.split()]) == 0
    said = capsys.readouterr().out
    assert "chosen: recipe text: WGAN-GP on characters" in said
    assert "runs/text-grammar/samples/000002.txt (the last of 2)" in said
    assert "next:     steadygan sample" in said
    assert main(["sample", "text-grammar", "--count", "5", "--seed", "0"]) == 0
    place = tmp_path / "runs" / "text-grammar" / "generated" / "samples-round-2-seed-0.txt"
    assert place.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in sg.load("text-grammar").lines(5))
    assert main(["sample", "text-grammar", "--count", "5", "--seed", "0", "--out", "ids.npz"]) == 0
    with np.load("ids.npz") as arrays:
        assert np.array_equal(arrays["ids"], sg.load("text-grammar").sample(5))
        assert str(arrays["characters"]) == sg.load("text-grammar").alphabet.characters
    assert main(["sample", "text-grammar", "--out", "grid.png"]) == 2
    assert "the ending has to be .txt for lines, or .npz" in capsys.readouterr().err
    assert main(["train", "--from", "text-grammar", "--data", str(grammar), "--rounds", "1", "--out", "runs/on"]) == 0
    assert sg.load("on").sample_spec == sg.load("text-grammar").sample_spec


def test_the_recipe_alone_reads_the_documentation_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "text", *TINY.split(), "--run.evaluate", "none"]) == 0
    assert "run runs/text-python-docs: text on python-docs" in capsys.readouterr().out


def test_a_recipe_file_of_no_text_in_particular_fits_any(
    grammar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["recipes", "text-gan", "--yaml"]) == 0
    Path("mine.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["train", "mine.yaml", "--data", str(grammar), *TINY.split(), "--out", "runs/mine"]) == 0
    assert sg.load("mine").recipe.representation == OneHot(len(sg.load("mine").alphabet))


@pytest.mark.parametrize(("device", "width"), [("cpu", 64), ("cuda", 256)])
def test_the_choice_for_text_is_wgan_gp_at_a_width_for_the_device(grammar: Path, device: str, width: int) -> None:
    choice = choose(open_data(data(grammar)), device)
    assert choice.recipe.name == "text" and choice.minutes
    assert (choice.recipe.generator, choice.recipe.critic) == (TextGenerator(width), TextCritic(width))
    assert choice.reasons[1].startswith(f"width {width} in place of the paper's 512")

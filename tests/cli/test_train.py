"""``steadygan train``: what it prints, writes and decides."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan import api
from steadygan.cli import main, positionals, train
from steadygan.cli.overrides import split
from steadygan.errors import UsageError
from steadygan.penalties import R1
from steadygan.recipe import Recipe
from steadygan.schedules import Cosine, CriticWarmUp
from steadygan.training.planning.plan import decays
from tests.cli.lines import SMALL


def test_training_says_where_everything_is_and_what_to_try_next(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "wgan-gp", *SMALL, "--rounds", "2"]) == 0
    out, err = capsys.readouterr()
    assert "pictures: runs/wgan-gp-digits/samples/000002.png".replace("/", os.sep) in out
    assert "report:   runs/wgan-gp-digits/report.html".replace("/", os.sep) in out
    assert "steadygan sample wgan-gp-digits" in out
    assert "steadygan resume wgan-gp-digits --rounds +2" in out
    assert Path("runs/wgan-gp-digits/report.html").is_file()
    assert err == ""


def test_training_sets_what_the_line_says_and_takes_a_new_folder_each_time(place: Path) -> None:
    line = ["train", "--set", "penalties=[{kind: r1, gamma: 2}]", "--rounds=1", *SMALL, "prior:uniform", "lsgan"]
    line += ["--critic.norm", "none"]
    assert main(line) == main(line) == 0
    first, second = api.load("lsgan-digits").recipe, api.load("lsgan-digits-2").recipe
    assert first == second
    assert first.penalties == (R1(2.0),)
    assert type(first.prior).__name__ == "Uniform"
    assert (first.name, first.batch, first.rounds) == ("lsgan", 4, 1)


def test_without_a_recipe_training_chooses_and_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    Path("photos").mkdir()
    for index in range(40):
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(f"photos/{index}.png")
    line = ["train", "--data", "photos", "--data.size", "16", *SMALL, "--rounds", "1", "--data.flip", "false"]
    assert main(line) == 0
    assert "recipe pictures: " in capsys.readouterr().out
    recipe = api.load().recipe
    assert recipe.name == "pictures"
    assert recipe.data.size == 16
    assert recipe.data.flip is False
    assert Path(recipe.data.source).is_absolute()


def test_points_get_networks_for_points(place: Path) -> None:
    line = ["train", "wgan-gp", "--data", "8gaussians", "--rounds", "1", "--critic.width", "8"]
    assert main([*line, "--run.evaluate", "none"]) == 0
    assert type(api.load().recipe.critic).__name__ == "MLPCritic"
    assert main(["sample", "--gif"]) == 2


def prepared(*line: str) -> Recipe:
    """The recipe that a line trains on digits."""
    parser = train._parser()
    rest, changes = split(["--data", "digits", *line], parser.options)
    values = parser.parse(rest)
    changes += positionals.place(values)
    base = train.base_of(values)
    return train.prepare(base, train.try_changes(base, changes, parser), changes, values, parser).recipe


def test_rounds_move_decays_warm_ups_and_the_average_with_them_unless_they_are_kept() -> None:
    moved = prepared("r3gan-cifar10", "--rounds", "200")
    assert [end for _, end in decays(moved)] == [200] * 8
    assert isinstance(moved.average.half_life, Cosine)
    assert moved.average.half_life.end == pytest.approx(5e6 * 200 / 39_062)
    kept = prepared("r3gan-cifar10", "--rounds", "200", "--keep-schedules")
    assert {end for _, end in decays(kept)} == {39_062} and kept.rounds == 200
    assert prepared("wgan", "--rounds", "80000").critic_steps == CriticWarmUp(warm_rounds=10)
    assert prepared("wgan", "--rounds", "80000", "--keep-schedules").critic_steps == CriticWarmUp()


def test_a_decay_that_is_named_beside_rounds_stays_as_it_was_typed() -> None:
    line = ["wgan-gp-cifar10", "--rounds", "500", "--critic-optimizer.lr-factor.rounds", "300"]
    assert [end for _, end in decays(prepared(*line))] == [500, 300]


def test_without_a_recipe_fields_of_the_one_that_is_chosen_may_be_set() -> None:
    chosen = prepared("--rounds", "10", "--objective.weight", "0.5")  # of LeCam, which WGAN-GP has not
    assert chosen.name == "lecam" and chosen.objective == dataclasses.replace(chosen.objective, weight=0.5)
    with pytest.raises(UsageError, match=r"unknown option '--critic\.depht'"):
        prepared("--critic.depht", "2")


def test_a_run_of_any_name_is_no_obstacle_to_another(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["train", "gan", "--rounds", "1", "--generator.width", "8", "--critic.width", "8", "--quiet"]
    assert main([*line, "--out", "runs/new"]) == 0
    assert main(line) == 0
    assert main([*line, "--out", "runs/new"]) == 2
    assert "already holds a run" in capsys.readouterr().err


def test_keeping_schedules_without_rounds_is_refused() -> None:
    with pytest.raises(UsageError, match="--keep-schedules is for --rounds"):
        prepared("wgan", "--minutes", "1", "--keep-schedules")


def test_minutes_decide_the_rounds(place: Path) -> None:
    assert main(["train", "wgan-gp", *SMALL, "--minutes", "0.005"]) == 0
    assert api.load().recipe.rounds < 100_000


def test_a_run_can_start_from_another_ones_weights(runs: Path) -> None:
    assert main(["train", "--from", "tiny", "--rounds", "1", "--out", "runs/finer", "--data.held-out", "0.2"]) == 0
    finer = api.load("finer")
    assert finer.recipe.generator == api.load("tiny").recipe.generator
    assert finer.recipe.rounds == 1
    assert finer.recipe.data.held_out == 0.2


@pytest.mark.parametrize(("recipe", "by_class"), [("acgan", True), ("dcgan", False)])
def test_its_last_lines_name_the_rows_of_classes_of_a_conditional_run(
    place: Path, capsys: pytest.CaptureFixture[str], recipe: str, by_class: bool
) -> None:
    assert main(["train", recipe, *SMALL, "--rounds", "1", "--engine", "eager", "--run.evaluate", "none"]) == 0
    said = capsys.readouterr().out
    hint = f"steadygan sample {recipe}-digits{' --by-class' if by_class else ''}"
    assert f"next:     {hint} " in said
    assert ("new samples by class" in said) is by_class
    if by_class:
        assert main(hint.split()[1:]) == 0

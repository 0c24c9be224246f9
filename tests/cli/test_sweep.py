"""``steadygan sweep``: fields as in ``train``, the table with intervals, and one line for what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.cli.sweep import split_values
from steadygan.recipe import loads
from steadygan.studies.folder import StudyFolder

SMALL = ["--batch", "4", "--generator.width", "4", "--critic.width", "4"]
BASE = ["sweep", "wgan-gp", "--data", "digits", "--rounds", "4", "--run.evaluate-every", "4", *SMALL]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2", ["1", "2"]),
        (" 1 , 2 ", ["1", "2"]),
        ("[0,0.9],[0.5,0.9]", ["[0,0.9]", "[0.5,0.9]"]),
        ("{kind: Adam, lr: 1e-3},rmsprop", ["{kind: Adam, lr: 1e-3}", "rmsprop"]),
        ("1", ["1"]),
        ("1,,2", ["1", "", "2"]),
        ("", [""]),
    ],
)
def test_values_stand_between_commas_outside_of_brackets(text: str, values: list[str]) -> None:
    assert split_values(text) == values


@pytest.mark.slow
def test_each_setting_is_trained_with_each_seed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*BASE, "critic-optimizer.lr=1e-4,1e-2", "--seeds", "2", "--out", "s", "--workers", "1"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "told apart" in out
    assert "4 of 4 trials" in out
    folder = StudyFolder("s")
    rates = {
        trial.name: loads((place / "s" / "trials" / trial.name / "run" / "recipe.yaml").read_text())
        for trial in folder.trials
    }
    assert sorted((recipe.critic_optimizer.lr, recipe.seed, recipe.rounds) for recipe in rates.values()) == [
        (1e-4, 0, 4), (1e-4, 1, 4), (1e-2, 0, 4), (1e-2, 1, 4),
    ]  # fmt: skip
    assert {recipe.run.threads for recipe in rates.values()} == {1}
    times = [path.stat().st_mtime_ns for path in (place / "s").rglob("result.json")]
    assert main(words) == 0  # the same command goes on
    assert times == [path.stat().st_mtime_ns for path in (place / "s").rglob("result.json")]
    assert (place / "s" / "study.html").is_file()
    assert main([*BASE, "critic-optimizer.lr=1e-4,1e-3", "--seeds", "2", "--out", "s"]) == 2


@pytest.mark.slow
def test_a_word_for_both_rates_and_kinds_are_one_field(place: Path) -> None:
    assert main([*BASE, "lr=1e-3,1e-4", "critic_steps=1,2", "--seeds", "1", "--workers", "1", "-q"]) == 0
    [path] = (place / "runs" / "studies").iterdir()
    recipes = [loads(point.recipe) for point in StudyFolder(path).definition.sweep.points]  # type: ignore[union-attr]
    assert [(r.generator_optimizer.lr, r.critic_optimizer.lr) for r in recipes] == [(1e-3,) * 2] * 2 + [(1e-4,) * 2] * 2
    assert [r.critic_steps.value for r in recipes] == [1, 2, 1, 2]  # type: ignore[union-attr]


def test_a_long_sweep_is_not_started_by_accident(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "wgan-gp", "lr=1e-3,1e-4", "--data", "digits", "--critic.width", "64", "--set", "rounds=10000000"]
    assert main(words) == 2
    said = capsys.readouterr()
    assert "10,000,000 rounds" in said.out
    assert "--minutes N fits" in said.err
    assert not (place / "runs").exists()


WRONG = [
    (["sweep"], "needs a recipe"),
    (["sweep", "wgan-gp"], "needs a field"),
    (["sweep", "lr=1,2"], "needs a recipe"),
    (["sweep", "wgan-pg", "lr=1,2"], "did you mean 'wgan-gp'"),
    ([*BASE, "critic-optimiser.lr=1,2"], "did you mean --critic-optimizer"),
    ([*BASE, "critic-optimizer.lr=1,x"], "x"),
    ([*BASE, "critic-optimizer.lr=1,-2"], "-2"),
    ([*BASE, "critic-steps=1,1"], "once"),
    ([*BASE, "critic-steps=1,1.0"], "once"),
    ([*BASE, "critic-steps=1,,2"], "values with commas"),
    ([*BASE, "critic-steps="], "values with commas"),
    ([*BASE, "critic-steps=1,2", "critic_steps=3,4"], "given twice"),
    ([*BASE, "seed=1,2"], "--seeds N"),
    ([*BASE, "critic-steps=1,2", "--critic-steps", "1"], "given twice"),
    ([*BASE, "data=digits,8gaussians"], "do not compare"),
    ([*BASE, "data.size=4,8"], "do not compare"),
    ([*BASE, "minutes=1,2"], "no field of a recipe"),
    ([*BASE, "workers=1,2"], "no field of a recipe"),
    ([*BASE, "critic-steps=1,2", "--minutes", "3"], "both say how long"),
    ([*BASE, "critic-steps=1,2", "--seeds", "0"], "1 or more"),
    ([*BASE, "critic-steps=" + ",".join(map(str, range(1, 1002)))], "1,001 settings"),
    ([*BASE, "critic-steps=1,2", "--run.evaluate", "none"], "evaluate"),
    ([*BASE, "critic=resnet-critik,dcgan-critic"], "did you mean 'resnet-critic'"),
    (["sweep", "wgan-gp", "critic-steps=1,2", "--data", "/no/where"], "/no/where"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words[-1:])[:60] for words, _ in WRONG])
def test_wrong_usage_is_one_line(place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("steadygan: ")
    assert error[:-1].isprintable()
    assert not (place / "runs").exists()

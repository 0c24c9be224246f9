"""``--kinds``: networks of one's own on the command line, from training to evaluation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from steadygan.cli import main
from steadygan.cli.overrides import apply, own_parts, setting, split
from steadygan.kinds import import_kinds
from steadygan.recipe import Recipe, load
from steadygan.studies.folder import StudyFolder
from tests.cli.lines import shell

CODE = '''
"""Networks for the test."""
from dataclasses import dataclass

import torch
from torch import nn


class Critic(nn.Module):
    def __init__(self, sample, width=8):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.net(x)


def generator(sample, latent):
    return nn.Sequential(nn.Linear(latent, 64), nn.Tanh(), nn.Unflatten(1, sample.shape))


@dataclass(frozen=True)
class Spec:
    width: int = 4

    def build(self, sample):
        return Critic(sample, self.width)
'''
PARTS = """
from dataclasses import dataclass
from typing import ClassVar

from steadygan.penalties import OnReal


class Plain:
    pass


@dataclass(frozen=True)
class Scaled:
    factor: float = 1.0
    needs_real: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False
    has_labels: ClassVar[bool] = False

    def critic(self, real, fake, real_label=1.0):
        return self.factor * (fake.mean() - real.mean())

    def generator(self, fake, real=None):
        return -self.factor * fake.mean()


@dataclass(frozen=True)
class Slope:
    weight: float
    at: ClassVar[OnReal] = OnReal()

    def hold(self, norm):
        return norm
"""
SHORT = ["--data", "digits", "--rounds", "2", "--batch", "8", "--run.threads", "1", "--run.evaluate", "none"]
BOTH = ["--critic", "mine:Critic", "--generator", "mine:generator"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "parts_of_mine.py").write_text(PARTS)
    for name in ("mine", "parts_of_mine"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_network_that_is_named_is_imported_and_its_options_are_set(here: Path) -> None:
    assert main(["train", "wgan-gp", *SHORT, *BOTH, "--critic.options.width", "5", "--out", "run"]) == 0
    critic = load(here / "run/recipe.yaml").critic
    assert (critic.network, critic.options) == ("mine:Critic", {"width": 5})  # type: ignore[attr-defined]


def test_a_spec_of_ones_own_has_its_fields_set(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["--critic", "mine:Spec", "--critic.width", "6", "--generator", "mlp-generator", "--generator.width", "8"]
    assert main(["train", "wgan-gp", *SHORT, *line, "--out", "run"]) == 0
    assert "kind: Spec\n  width: 6" in (here / "run/recipe.yaml").read_text()
    assert main(["sample", "run", "--count", "2"]) == 2
    assert main(["sample", "run", "--count", "2", "--kinds", "mine:Spec"]) == 0
    capsys.readouterr()
    assert main(["runs", "."]) == 0
    assert "2/2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--objective.loss", "parts_of_mine:Scaled", "--penalties", "parts_of_mine:Slope"],
        ["--objective.loss", "scaled", "--set", "penalties=[{kind: slope}]", "--kinds", "parts_of_mine:Scaled"],
    ],
)
def test_any_part_of_ones_own_is_named_as_the_built_in_ones_are(here: Path, words: list[str]) -> None:
    fields = ["--objective.loss.factor", "2", "--penalties.0.weight", "3"]
    rest, changes = split([*words, *fields], {"--set": True, "--kinds": True})
    changes += [setting(rest[1])] if "--set" in rest else []
    settled, named = own_parts(changes)
    loss, penalty = import_kinds(["parts_of_mine:Scaled", "parts_of_mine:Slope"])
    recipe: Any = apply(Recipe(), settled, kinds=[loss, penalty])
    assert set(named) == (set() if "--set" in rest else {loss, penalty})
    assert (type(recipe.objective.loss), recipe.objective.loss.factor) == (loss, 2)
    assert [(type(each), each.weight) for each in recipe.penalties] == [(penalty, 3)]


@pytest.mark.parametrize(
    ("words", "factors"),
    [
        (["objective.loss=wasserstein,parts_of_mine:Scaled"], [None, 1.0]),
        (["objective.loss=wasserstein,scaled", "--kinds", "parts_of_mine:Scaled"], [None, 1.0]),
        (["objective.loss.factor=1,2", "--objective.loss", "parts_of_mine:Scaled"], [1.0, 2.0]),
        (["objective.loss.factor=1,2", "--objective.loss", "scaled", "--kinds", "parts_of_mine:Scaled"], [1.0, 2.0]),
    ],
)
def test_a_sweep_tries_parts_of_ones_own_and_their_fields(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], factors: list[float | None]
) -> None:
    monkeypatch.setattr("steadygan.cli.study.carry_out", lambda folder, values: 0)  # trains nothing
    assert main(["sweep", "wgan-gp", "--data", "8gaussians", "--rounds", "2", *words, "--out", "s"]) == 0
    trials: Any = [trial.work.recipe for trial in StudyFolder("s").trials if trial.seed == 0]  # the file, read back
    assert [getattr(recipe.objective.loss, "factor", None) for recipe in trials] == factors


def test_a_sweep_refuses_code_that_no_setting_names(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["objective.loss=wasserstein,hinge", "--kinds", "parts_of_mine:Scaled"]
    assert main(["sweep", "wgan-gp", "--data", "8gaussians", "--rounds", "2", *words, "--out", "s"]) == 2
    assert "names no such code (it names: none)" in capsys.readouterr().err


def test_what_is_no_part_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, line in (
        (["--objective.loss", "parts_of_mine:Plain"], "parts_of_mine:Plain is no dataclass: write @dataclass(frozen="),
        (["--objective.loss", "parts_of_mine:Scale"], "has no 'Scale'; did you mean 'Scaled'"),
        (["--objective.loss", "scaled"], "of your own: package.module:Name"),
        (["--prior", "parts_of_mine:Scaled"], "prior is Scaled(factor=1.0); allowed: Normal()"),
        (["--penalties", "parts_of_mine:Slope"], "penalties[0]: Slope: Slope.__init__() missing 1 required"),
    ):
        assert main(["train", "wgan-gp", *SHORT, *words, "--out", "run"]) == 2
        error = capsys.readouterr().err
        assert line in error and error.count("\n") == 1
    assert not (here / "run").exists()


def test_what_needs_the_code_says_which_option_and_what_does_not_needs_none(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "wgan-gp", *SHORT, *BOTH, "--out", "run"]) == 0
    said = capsys.readouterr().out
    assert "steadygan sample run --kinds mine:generator --kinds mine:Critic" in said
    for line in (["sample", "run"], ["resume", "run", "--rounds", "+1"], ["evaluate", "run", "--count", "9"]):
        assert main(line) == 2
        error = capsys.readouterr().err
        assert "--kinds mine:" in error
        assert error.count("\n") == 1
    assert main(["report", "run"]) == 0
    assert main(["runs", "."]) == 0
    assert "2/2" in capsys.readouterr().out


def test_names_that_are_not_there_are_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["--critic", "mine:Critik"], ["--critic", "yours:Critic"], ["--kinds", "mine"]):
        assert main(["train", "wgan-gp", *SHORT, *line]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not (here / "runs").exists()


def test_code_that_the_recipe_does_not_name_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["--critic", "mine:Critic", "--generator", "mlp-generator", "--generator.width", "8"]
    assert main(["train", "wgan-gp", *SHORT, *line, "--kinds", "mine:generator", "--out", "run"]) == 2
    assert "names no such code (it names: mine:Critic)" in capsys.readouterr().err
    assert main(["train", "wgan-gp", *SHORT, *line, "--out", "run"]) == 0
    for command in (["sample", "run"], ["evaluate", "run"], ["resume", "run", "--rounds", "+1"]):
        assert main([*command, "--kinds", "mine:generator"]) == 2
        assert "names no such code" in capsys.readouterr().err


@pytest.mark.slow
def test_a_file_of_a_recipe_goes_round_by_a_command_of_its_own(here: Path) -> None:
    kinds = ["--kinds", "mine:Critic", "--kinds", "mine:generator"]
    assert main(["train", "wgan-gp", *SHORT, *BOTH, "--out", "first"]) == 0
    (here / "again.yaml").write_text((here / "first/recipe.yaml").read_text())
    assert main(["train", "again.yaml", "--out", "second"]) == 2
    assert shell("train", "again.yaml", "--out", "second", *kinds).returncode == 0
    assert main(["evaluate", "second", "--count", "50", "--features", "pixels", *kinds]) == 0
    for run in ("first", "second"):
        assert main(["resume", run, "--rounds", "+1", *kinds]) == 0
        assert main(["sample", run, "--count", "4", "--seed", "0", *kinds, "--out", f"{run}.npz"]) == 0
    assert (here / "first.npz").read_bytes() == (here / "second.npz").read_bytes()
    assert main(["compare", "first", "second"]) in (0, 2)

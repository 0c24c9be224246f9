"""Options of other programs: taken where they mean the same, else answered with what to type."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from steadygan import api
from steadygan.cli import COMMANDS, main
from steadygan.cli.fields import paths
from steadygan.cli.habits import HABITS, Same, meant
from steadygan.cli.parser import Parser
from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.recipes import by_name
from steadygan.types import SampleSpec
from tests.cli.lines import SMALL


@pytest.mark.parametrize(
    ("command", "typed", "words"),
    [
        ("train", "--batch-size 8", "--batch 8"),
        ("train", "--batch_size=8", "--batch=8"),
        ("train", "--image-size 32 --output here", "--data.size 32 --out here"),
        ("train", "-o here --dataset digits", "--out here --data digits"),
        ("train", "--lr 1e-4", "--generator-optimizer.lr 1e-4 --critic-optimizer.lr 1e-4"),
        ("train", "--cpu --wandb", "--device cpu --track wandb"),
        ("train", "wgan --clip-value 0.02", "wgan --constraint.limit 0.02"),
        ("train", "--recipe dcgan --latent-dim 64", "dcgan --prior 64"),
        ("train", "--num-epochs 3 -- --batch-size", "--epochs 3 -- --batch-size"),
        ("sample", "run -n 5 --output a.png", "run --count 5 --out a.png"),
        ("sample", "--label 3 --video", "--class 3 --gif"),
        ("evaluate", "--num-samples 100", "--count 100"),
        ("data", "--folder photos --image-size 64", "photos --size 64"),
        ("compare", "a b -o page.html", "a b --out page.html"),
        ("runs", "--dir elsewhere", "elsewhere"),
    ],
)
def test_what_means_the_same_is_taken(command: str, typed: str, words: str) -> None:
    assert meant(command, typed.split()) == words.split()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("train --steps 100", "--rounds N"),
        ("train --gpus 2", "torchrun --nproc-per-node"),
        ("train --workers 4", "on all cores"),
        ("train --resume runs/a", "steadygan resume RUN"),
        ("train --dim 64", "--prior N"),
        ("train --fp16", "--run.precision bf16"),
        ("train --ema-decay 0.999", "--average.half-life N"),
        ("resume --epochs 10", "--rounds +N"),
        ("evaluate --fid", "--metrics frechet --features inception"),
        ("evaluate --out a.json", "evaluation.json"),
    ],
)
def test_what_has_no_counterpart_is_answered_with_what_to_type(
    line: str, advice: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert advice in said


def test_no_habit_hides_an_option_or_a_field_of_its_command(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_recipes = {f"--{path}" for make in by_name().values() for path in paths(make(SampleSpec((3, 32, 32), 10)))}
    fields = {"data": {f"--{path}" for path in paths(DataOptions())} - {"--source"}, "train": of_recipes}
    fields["bench"] = fields["train"]
    fields["sweep"] = of_recipes - {"--seed"}
    for command, table in HABITS.items():
        seen: dict[str, bool] = {}

        def parse(parser: Parser, arguments: Sequence[str], seen: dict[str, bool] = seen) -> NoReturn:
            seen.update(parser.options)
            raise UsageError("seen")

        monkeypatch.setattr(Parser, "parse", parse)
        assert main([command]) == 2 and seen
        ours = set(seen) | fields.get(command, set())
        assert not ours & set(table), command
        for meaning in table.values():
            words = meaning.names if isinstance(meaning, Same) else getattr(meaning, "words", ())
            assert {word for word in words if word.startswith("-")} <= ours, (command, words)
    assert set(HABITS) <= set(COMMANDS)


def test_a_folder_without_an_option_is_the_data(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["train", "8gaussians", "wgan-gp", "--rounds", "1", "--run.evaluate", "none", "--critic.width", "8"]) == 0
    )
    assert "data: 8gaussians" in capsys.readouterr().out
    assert api.load().recipe.data.source == "8gaussians"
    assert main(["train", "photos/"]) == 2
    assert "there is no 'photos'" in capsys.readouterr().err
    assert main(["train", "wgan-gq"]) == 2
    assert "unknown recipe 'wgan-gq'; did you mean 'wgan-gp'?" in capsys.readouterr().err


def test_epochs_are_passes_over_the_training_samples(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "wgan-gp", "digits", "--batch", "64", *SMALL[2:], "--epochs", "0.1"]) == 0
    trained = api.load()
    count = trained.data.audit["train"]
    assert trained.recipe.rounds == -(-count // 640)  # of 64 samples, one critic step each
    assert f"--rounds {trained.recipe.rounds})" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["wgan-gp", "r3gan-cifar10", "sngan"])
def test_the_help_of_training_fits_two_screens(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["train", name, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 80
    assert all(len(line) <= 100 or line.startswith("usage") for line in lines)


@pytest.mark.parametrize(
    ("topic", "shown", "left_out"),
    [
        ("critic", "--critic.width N", "--generator.width N"),
        ("penalties", "--penalties.0.weight", "--critic.width"),
        ("optimizers", "--critic-optimizer.lr X", "--critic.width"),
        ("data", "--data.size", "--batch"),
        ("recipe", "--batch N", "--critic.width"),
        ("all", "--run.checkpoint-every", "usage:"),
        ("recipes", "wgan-gp", "usage:"),
    ],
)
def test_a_topic_shows_its_fields(topic: str, shown: str, left_out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "wgan-gp", "--help", topic]) == 0
    said = capsys.readouterr().out
    assert shown in said and left_out not in said


def test_an_unknown_topic_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help", "critc"]) == 2
    assert "unknown help topic 'critc'; did you mean 'critic'?" in capsys.readouterr().err
    assert main(["help", "sample"]) == 0
    assert "usage: steadygan sample" in capsys.readouterr().out

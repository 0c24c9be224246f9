"""Wrong command lines of every kind, by a seed: one short printable line each, exit code 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.damage.command_lines import KINDS, wrong_command_lines
from steadygan.cli import main
from steadygan.errors import LONGEST_LINE
from steadygan.training import benchmark, trainer

EACH = 4
"""lines of a kind"""


@pytest.fixture
def untrained(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where a line that is taken fails instead of training."""

    def began(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the line was taken")

    monkeypatch.setattr(trainer.Trainer, "run", began)
    monkeypatch.setattr(benchmark, "benchmark", began)
    return place


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seed", range(EACH))
def test_wrong_command_lines_are_answered_in_one_short_line(
    seed: int, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in wrong_command_lines(seed, len(KINDS)):
        code = main(words)
        said = capsys.readouterr().err
        assert code == 2, words
        assert said.startswith("steadygan: ") and said.endswith("\n") and said[:-1].isprintable(), (words, said)
        assert len(said) <= len("steadygan: ") + LONGEST_LINE + 1, words
        assert not [path for path in untrained.rglob("*") if "cache" not in path.parts], words


def test_the_seed_decides_the_lines() -> None:
    assert wrong_command_lines(3, 50) == wrong_command_lines(3, 50) != wrong_command_lines(4, 50)


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--penalties.²", "3"],
        ["train", "--penalties.①.weight", "3"],
        ["train", "--penalties." + "9" * 5000, "3"],
        ["sample", "--round", "²"],
        ["resume", "--rounds", "+²"],
        ["train", "--batch", "1" + "0" * 30],
        ["train", "--critic.width", "9" * 400],
    ],
)
def test_numbers_that_are_none_or_endless_are_no_tracebacks(
    words: list[str], untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert len(said) < 400

"""Commands on run folders of which one file is damaged at random: they work, or say so in one line."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from steadygan.cli import main
from tests.cli.mutations import damaged

COMMANDS = ("report", "sample t --count 4", "runs .", "check", "compare t tiny", "sample t --count 2 --round best")
SLOW = (
    "resume t --rounds +1",
    "train --from t --rounds 1 --run.evaluate none --out o",
    "evaluate t --features pixels --metrics frechet --count 60",
)


def answer(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = line.split()
    if len(words) == 1:
        words.append("t")
    code = main(words)
    lines = [text for text in capfd.readouterr().err.splitlines() if text.startswith("steadygan:")]
    assert code in (0, 1, 2, 3)
    assert len([text for text in lines if "warning" not in text]) == (code in (1, 2)), lines
    assert all(len(text) < 700 for text in lines)


def mutated(runs: Path, seed: int) -> random.Random:
    chance = random.Random(seed)
    shutil.rmtree("t", ignore_errors=True)
    shutil.copytree(runs / "runs/tiny", "t")
    damaged(Path("t"), chance)
    return chance


@pytest.mark.parametrize("seed", range(120))
def test_a_damaged_file_is_answered_in_one_line_or_does_no_harm(
    seed: int, runs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = mutated(runs, seed)
    for line in chance.sample(COMMANDS, 2):
        answer(line, capfd)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 106))
def test_so_it_is_for_training_and_evaluation(seed: int, runs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chance = mutated(runs, seed)
    answer(chance.choice(SLOW), capfd)

"""Two commands on one run folder at the same time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from steadygan.cli import main
from tests.forked import command

TINY = (
    "wgan-gp --data digits --rounds 20 --batch 16 --run.threads 1 --generator.width 4 --critic.width 4 "
    "--run.evaluate none --run.checkpoint-every 5 --run.log-every 2"
)


def results(lines: list[str]) -> list[tuple[int, str]]:
    """Exit code and errors of commands that run at once."""
    processes = [command(*line.split()) for line in lines]
    return [(process.wait(), process.communicate()[1]) for process in processes]


def rounds(folder: Path) -> list[int]:
    return [json.loads(line)["round"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_of_two_trainings_into_one_folder_one_is_refused_and_the_other_is_whole(place: Path) -> None:
    found = results([f"train {TINY} --seed {seed} --out both" for seed in (1, 2)])
    assert sorted(code for code, _ in found) == [0, 2]
    refused = next(errors for code, errors in found if code == 2)
    assert "is being trained by process" in refused or "already holds a run" in refused
    seed = next(index for index, (code, _) in enumerate(found, 1) if code == 0)
    assert main(f"train {TINY} --seed {seed} --out alone".split()) == 0
    assert rounds(place / "both") == rounds(place / "alone")
    for name in ("generator", "critic"):
        one, other = (
            load_file(place / run / "checkpoints/000020" / f"{name}.safetensors") for run in ("both", "alone")
        )
        assert all((one[key] == other[key]).all() for key in one)
    assert main(["check", "both"]) == 0


@pytest.mark.slow
def test_of_two_resumes_one_is_refused_and_each_round_is_there_once(place: Path) -> None:
    assert main(f"train {TINY} --out run".split()) == 0
    found = results(["resume run --rounds +30"] * 2)
    codes = sorted(code for code, _ in found)
    assert codes in ([0, 2], [0, 0])  # one after the other, if the first was very fast
    assert "is being trained by process" in "".join(errors for _, errors in found) or codes == [0, 0]
    written = rounds(place / "run")
    assert written == sorted(set(written))
    assert main(["check", "run"]) == 0

"""``steadygan evaluate`` and ``steadygan compare``."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.system.files import writing


def test_runs_are_measured_and_compared_from_the_command_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/tiny", "runs/twin")
    recipe = Path("runs/twin/recipe.yaml")
    recipe.write_text(recipe.read_text().replace("seed: 3", "seed: 4"))
    options = ["--features", "pixels", "--metrics", "frechet,memorisation", "--count", "100"]
    assert main(["evaluate", "tiny", "twin", *options]) == 0
    said = capsys.readouterr().out
    assert "frechet " in said and "100 samples (average) beside 1,617 of digits" in said
    assert Path("runs/tiny/nearest.png").is_file()
    assert main(["compare", "tiny", "twin", "--out", "page.html"]) == 0
    said = capsys.readouterr().out
    assert "(2 seeds)" in said and "uint8 samples, weights average" in said
    assert "<table>" in Path("page.html").read_text()
    assert main(["evaluate", "twin", *options[:-1], "200"]) == 0
    capsys.readouterr()
    assert main(["compare", "tiny", "twin"]) == 0  # numbers of like origin are there still
    shutil.rmtree("runs/twin/checkpoints")
    assert main(["evaluate", "twin", *options]) == 1
    assert "has no checkpoint yet" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_numbers_that_cannot_be_kept_are_shown(
    more: list[str], runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: Path, data: object) -> None:
        with writing(path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("steadygan.evaluation.record.write_json", read_only)
    monkeypatch.setattr("steadygan.evaluation.given_samples.write_json", read_only)
    assert main(["sample", "tiny", "--count", "60", "--out", "made.npz"]) == 0
    capsys.readouterr()
    options = ["--features", "pixels", "--metrics", "frechet", *more]
    for line, file in (
        (["tiny", "--count", "60"], "runs/tiny/evaluation.json"),
        (["made.npz", "--against", "digits"], ""),
    ):
        assert main(["evaluate", *line, *options]) == 1
        said = capsys.readouterr()
        assert "frechet" in said.out and "written: " not in said.out
        assert said.err.splitlines()[-1].startswith(f"steadygan: cannot write '{file or 'made.npz.evaluation.json'}'")


def test_what_a_reader_of_the_numbers_has_to_know_is_printed_without_a_terminal_too(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", "tiny", "--count", "60", "--out", "made.npz"]) == 0
    capsys.readouterr()
    options = ["--features", "pixels", "--metrics", "frechet"]
    assert main(["evaluate", "made.npz", "--against", "digits", *options]) == 0
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("steadygan: warning: 60 samples")

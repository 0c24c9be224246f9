"""``steadygan study``: what it prints, and one line with exit code 2 for what cannot be used."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from steadygan.cli import main
from tests.studies.folders import CALCULATED

SMOKE = ["study", CALCULATED, "--scale", "smoke"]


@pytest.fixture
def folder(place: Path) -> Path:
    """Where a study is."""
    return place / "s"


def test_a_study_is_carried_out_and_gone_on_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMOKE, "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "holds: Up lies above down: the difference is 2.000" in out
    assert "trial 4 of 4: down-0.5" in out
    assert f"page:     {folder / 'study.html'}" in out
    assert main([*SMOKE, "--out", str(folder), "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "trial 4" not in out
    assert "holds: Up" in out


def test_its_usual_folder_is_below_runs(place: Path) -> None:
    assert main([*SMOKE, "--seeds", "1", "-q"]) == 0
    assert (place / "runs" / "studies" / "calculated-smoke" / "study.html").is_file()


def test_a_trial_that_failed_is_an_exit_code_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["study", "tests.studies.tiny:DIVERGING", "--scale", "smoke", "--out", str(folder)]
    assert main(words) == 1
    assert "failed: x-seed-1: the critic's loss is not finite" in capsys.readouterr().out
    assert main(["study", "tests.studies.tiny:COUNTED", "--scale", "smoke", "--out", f"{folder}2"]) == 0


def test_the_plan_starts_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMOKE, "--plan", "--workers", "2"]) == 0
    assert "2 settings x 2 seeds, 4 trials" in capsys.readouterr().out
    assert not (place / "runs").exists()


def test_the_plan_as_json_has_the_rounds_that_a_time_was_fitted_to(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", CALCULATED, "--plan", "--workers", "1", "--minutes", "2"]
    assert main([*words, "--quiet", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert main(words) == 0
    assert f" {answer['rows'][0]['rounds']:,} rounds, 10.0 ms each" in capsys.readouterr().out
    assert answer["rows"][0]["rounds"] > 1_000  # of the scale's 10


def test_the_paper_s_scale_is_not_started_by_accident(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", CALCULATED, "--scale", "paper"]) == 2
    said = capsys.readouterr()
    assert "10 rounds" in said.out
    assert "--yes starts it" in said.err
    assert not (place / "runs").exists()
    assert main(["study", CALCULATED, "--scale", "paper", "--seeds", "1", "--workers", "1", "--yes"]) == 0


def test_all_are_listed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from steadygan.studies import experiment_names

    assert main(["study"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("study")
    assert all(f"\n{name} " in out for name in experiment_names())


def test_a_job_array_is_a_script_whose_tasks_are_workers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMOKE, "--out", str(folder), "--slurm", "--workers", "3", "--minutes", "2"]) == 0
    script = capsys.readouterr().out
    assert "#SBATCH --array=1-3\n" in script
    assert script.startswith("#!/bin/bash\n")
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    [line] = [line for line in script.splitlines() if line.startswith("exec ")]
    words = line.split(" -m steadygan ")[1].split()
    assert main(words) == 0  # a task, in this process
    assert "4 of 4 trials" in capsys.readouterr().out


WRONG = [
    (["study", "value-surfacs"], "unknown study"),
    ([*SMOKE[:2], "--scale", "lapto"], "did you mean 'laptop'"),
    ([*SMOKE, "--seeds", "0"], "1 or more"),
    ([*SMOKE, "--seeds", "x"], "whole number"),
    ([*SMOKE, "--seeds", "1e15"], "seeds"),
    ([*SMOKE, "--workers", "0"], "ray://"),
    ([*SMOKE, "--workers", "-3"], "ray://"),
    ([*SMOKE, "--workers", "rai"], "ray://"),
    ([*SMOKE, "--workers", "1e9"], "ray://"),
    ([*SMOKE, "--minutes", "nan"], "above 0"),
    ([*SMOKE, "--minutes", "0"], "above 0"),
    ([*SMOKE, "--minutes", "1e-6"], "takes"),
    ([*SMOKE, "--data", "mnist"], "KIND=PATH"),
    ([*SMOKE, "--data", "mnits=digits"], "did you mean 'mnist'"),
    ([*SMOKE, "--data", "mnist=/no/where"], "there is no data"),
    ([*SMOKE, "--data", "text=.", "--data", "text=digits"], "given twice"),
    ([*SMOKE, "--out", ""], "name or value"),
    ([*SMOKE, "--out", "/dev/null"], "/dev/null"),
    ([*SMOKE, "--out", "/dev/null/x"], "/dev/null"),
    ([*SMOKE, "--out", "/proc/x"], "/proc"),
    ([*SMOKE, "--docs", "/dev/null"], "/dev/null"),
    ([*SMOKE, "--retries", "3"], "unknown option"),
    ([*SMOKE, "--device", "tpu"], "unknown device"),
    ([*SMOKE, "--device", "meta"], "unknown device"),
    ([*SMOKE, "--seed", "3"], "--seeds N"),
    ([*SMOKE, "extra"], "too many"),
    ([*SMOKE, "--slurm", "--workers", "ray"], "--workers N"),
    (["study", "tests.studies.tiny:NO_STUDY"], "Study is needed"),
    (["study", "tests.studies.tiny:nothing"], "has no 'nothing'"),
    (["study", "no_such_module:STUDY"], "cannot import"),
    (["study", "../x"], "unknown study"),
    (["study", "a\x1b[2Jb"], "unknown study"),
    (["study", "--minutes", "3"], "for one study"),
    (["study", "--device", "cuda"], "for one study"),
    (["study", "--docs", "nowhere"], "no folder"),
    (["study", "--docs", "."], "holds no studies"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words[1:])[:60] for words, _ in WRONG])
def test_wrong_usage_is_one_line(place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("steadygan: ")
    assert error[:-1].isprintable()
    assert not (place / "runs").exists()


def test_a_study_that_is_damaged_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMOKE, "--out", str(folder), "-q"]) == 0
    path = folder / "study.json"
    path.write_text(path.read_text()[:-30])
    capsys.readouterr()
    assert main([*SMOKE, "--out", str(folder)]) == 1
    error = capsys.readouterr().err
    assert "damaged" in error
    assert error[:-1].isprintable()

"""benchmarks/gpu.sh: its pieces, its answer without a GPU, and how it continues."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks.speed import __main__ as speed
from benchmarks.speed.cases import NAMES

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "gpu.sh"
PIECES = ["tests", *(f"bench-{name}" for name in NAMES), "slopes", "overhead", "training", "evaluation"]

pytestmark = pytest.mark.skipif(not shutil.which("sh") or not shutil.which("timeout"), reason="needs sh and timeout")


def script(work: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {"PYTHON": sys.executable, "WORK": str(work), "KEEP": str(work / "kept"), **settings}
    environment = {**os.environ, **given}
    return subprocess.run(
        ["sh", str(SCRIPT)], capture_output=True, text=True, env=environment, timeout=120, check=False
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_without_a_gpu_it_says_so_in_one_line(tmp_path):
    done = script(tmp_path / "work")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("sees no CUDA GPU here: nothing was measured") and done.stdout == ""
    assert not (tmp_path / "work").exists()


def test_a_dry_run_prints_the_pieces_and_how_far_they_are(tmp_path):
    (tmp_path / "pieces").write_text("tests done\nbench-mlp cut\nbench-mlp done\nslopes failed\ntraining cut\n")
    done = script(tmp_path, DRY="1")
    assert done.returncode == 0
    states = dict(line.split(": ") for line in done.stdout.splitlines())
    assert list(states) == PIECES
    assert states.pop("tests") == states.pop("bench-mlp") == "done"
    assert (states.pop("slopes"), states.pop("training")) == ("failed", "cut")
    assert set(states.values()) == {"to do"}


@pytest.fixture
def python(tmp_path):
    """Stands for a Python with a GPU: notes what it is asked; answers by the files code-WORD and figures beside it."""
    answer = tmp_path / "python"
    answer.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && exit 0\n'
        f'echo "$@" >>"{tmp_path}/asked"\n'
        f'case "$*" in *benchmarks.speed*) cp "{tmp_path}/figures" "$WORK/bench-cuda.json" ;; esac\n'
        "run=$WORK/wgan-gp-cifar10\n"
        'case "$*" in *" train "*) mkdir -p "$run/samples"; touch "$run/recipe.yaml" "$run/samples/000100.png"\n'
        '  echo page >"$run/report.html" ;; esac\n'
        f'for word in "$@"; do [ ! -f "{tmp_path}/code-$word" ] || exit "$(cat "{tmp_path}/code-$word")"; done\n'
    )
    answer.chmod(answer.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "figures").write_text('{\n "left": []\n}\n')
    return answer


def asked(python):
    return (python.parent / "asked").read_text().splitlines()


@pytest.fixture
def told(monkeypatch):
    """The options of each ``python -m benchmarks.speed``, none of which is measured."""
    options = []

    def bench(given, command, say):
        options.append(given)
        return SimpleNamespace(data=None, path="nowhere")

    monkeypatch.setattr(speed, "bench", bench)
    monkeypatch.setattr(speed, "show", lambda data: None)
    return options


def test_turns_are_taken_one_by_one_and_what_is_done_is_not_done_again(tmp_path, python, told):
    work = tmp_path / "work"
    (tmp_path / "code-pytest").write_text("5")  # no test is marked
    done = script(work, PYTHON=str(python), TURNS="2")
    assert done.returncode == 3 and "turns used up before bench-mlp-small" in done.stdout
    assert (work / "pieces").read_text() == "tests done\nbench-mlp done\n"

    (tmp_path / "figures").write_text('{\n "left": [\n  "one more"\n ]\n}\n')
    assert script(work, PYTHON=str(python), TURNS="1").returncode == 3
    assert (work / "pieces").read_text().endswith("bench-mlp done\nbench-mlp-small cut\n")

    (tmp_path / "figures").write_text('{\n "left": []\n}\n')
    (tmp_path / "code-train").write_text("143")  # cut off, having saved
    done = script(work, PYTHON=str(python), TRAIN="7", DATA="here")
    assert done.returncode == 0 and "all done" in done.stdout
    lines = (work / "pieces").read_text().splitlines()
    assert [line.split()[0] for line in lines if line.endswith(" done")] == PIECES
    said = asked(python)
    assert sum("--cases mlp-small" in line for line in said) == 2 and sum("-m pytest" in line for line in said) == 1
    assert said[-3].startswith("-m steadygan train wgan-gp-cifar10 --data here --minutes 7")
    assert said[-2].startswith("-m steadygan resume") and said[-1].startswith("-m steadygan evaluate")
    assert all(
        speed.main(line.split()[2:]) == 0 for line in said if " benchmarks.speed " in line
    )  # options that the command has
    assert [name for options in told for name in options.cases] == ["mlp", "mlp-small", *NAMES[1:]]
    assert [options.slopes for options in told][-2:] == [True, False] and told[-1].overhead == 3.0
    kept = {path.name for path in (work / "kept").iterdir()}
    assert kept == {"pieces", "bench-cuda.json", "report.html", "recipe.yaml", "samples.png"}


def test_what_fails_or_never_fits_a_turn_is_named_and_the_rest_goes_on(tmp_path, python):
    work = tmp_path / "work"
    work.mkdir()
    before = [f"{piece} done" for piece in PIECES if piece not in ("tests", "slopes", "evaluation")]
    (work / "pieces").write_text("\n".join(before) + "\n")
    (tmp_path / "code-pytest").write_text("1")
    (tmp_path / "code---slopes").write_text("137")
    done = script(work, PYTHON=str(python))
    assert done.returncode == 1
    assert "tests failed" in done.stderr and "slopes failed" in done.stderr
    assert sum("--slopes" in line for line in asked(python)) == 4
    assert (work / "pieces").read_text().endswith("slopes failed\nevaluation done\n")


def test_the_lines_of_the_page_on_speed_are_commands(told):
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    lines = [re.split(" {2,}", line)[0] for line in page.splitlines() if line.startswith("python -m benchmarks.speed")]
    assert len(lines) >= 5
    assert all(speed.main(line.split()[3:]) == 0 for line in lines)
    assert told[1].same_networks and told[1].laptop is False and told[2].clock == "cpu"

"""``steadygan completion``: what a word can become, and the scripts in the shells that are there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from steadygan.cli import COMMANDS, main
from steadygan.cli.completing import complete
from steadygan.cli.completion import SCRIPTS, split_line
from steadygan.recipes import by_name, listed
from steadygan.studies.catalogue import experiment_names


def words(line: str) -> list[str]:
    """What the end of a line can become."""
    return [word for word, _ in complete(split_line(line), COMMANDS).words]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("tr", ["train"]),
        ("-q st", ["study"]),
        ("help sa", ["sample"]),
        ("nothing ", []),
        ("train --data.fit ", ["crop", "pad", "keep"]),
        ("train --data.fit=p", ["--data.fit=pad"]),
        ("train --data.fit pad dig", ["digits"]),
        ("train sngan --critic resn", ["resnet-critic", "resnet64-critic", "resnet101-critic"]),
        ("train critic:r3", ["critic:r3gan-critic"]),
        ("train --run.diagnose ", ["true", "false"]),
        ("train --on-trouble r", ["rollback", "restart"]),
        ("train --help critic-o", ["critic-optimizer"]),
        ("sweep wgan-gp batc", ["batch="]),
        ("data --fit ", ["crop", "pad", "keep"]),
        ("evaluate --metrics frechet,ke", ["frechet,kernel"]),
        ("evaluate --weights r", ["raw"]),
        ("bench --engines eager gr", ["graph"]),
        ("bench --engines eager --precisions t", ["tf32"]),
        ("diagnose --ask n", ["nan"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("completion bash ", []),
        ("sample --count ", []),
        ("sample -- --r", []),
    ],
)
def test_a_word_becomes(line: str, found: list[str], place: Path) -> None:
    assert words(line) == found


def test_names_are_those_of_their_lists(place: Path) -> None:
    assert words("") == list(COMMANDS)
    assert words("recipes ") == listed()
    assert set(by_name()) < set(words("train "))
    assert words("study ") == experiment_names()
    assert "sngan" not in words("train sngan ")  # there is one already


def test_runs_their_checkpoints_and_the_fields_of_their_recipes(runs: Path) -> None:
    shutil.copytree("runs/tiny", "runs/two words")
    os.utime("runs/two words/recipe.yaml", (1, 1))
    (runs / "runs/damaged").mkdir()
    (runs / "runs/damaged/recipe.yaml").write_text("{{{")
    assert words("sample t") == ["tiny", "two words"]
    assert words("compare tiny t") == ["tiny", "two words"]
    assert words("sample 'two w") == ["two words"]
    assert words("sample tiny --round ") == ["4", "2", "best"]
    assert "--critic.width" in words("resume tiny --critic.")
    assert words("resume damaged --critic.") == []
    assert words("sample damaged --class ") == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_options(command: str, place: Path) -> None:
    found = complete([command, "--"], COMMANDS)
    assert {"--help", "--quiet"} <= {word for word, _ in found.words}
    assert all(what for word, what in found.words if "." not in word)


@pytest.mark.parametrize(
    ("line", "paths"), [("sample --out ", "files"), ("train --out ", "folders"), ("train a", "files")]
)
def test_where_paths_may_stand_the_shell_is_told(line: str, paths: str, place: Path) -> None:
    assert complete(split_line(line), COMMANDS).paths == paths


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("a b", ["a", "b"]),
        ("a b ", ["a", "b", ""]),
        ("a 'b c", ["a", "b c"]),
        (r"a b\ c", ["a", "b c"]),
        ('a "b \'c" d', ["a", "b 'c", "d"]),
        ("a '' ", ["a", "", ""]),
        ("", [""]),
    ],
)
def test_lines_are_split_as_a_shell_does(line: str, parts: list[str]) -> None:
    assert split_line(line) == parts


def test_answers_are_lines_and_a_mistake_prints_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "__complete", "fish", "train", "--data.fit", "c"]) == 0
    assert capsys.readouterr().out.splitlines() == ["none", "crop\t"]
    assert main(["completion", "__complete", "bash", " =:", "steadygan train --data.fit=c"]) == 0
    assert capsys.readouterr().out.splitlines() == ["none", "crop"]
    assert main(["completion", "__complete", "bash", " ", "steadygan train --data.fit=c"]) == 0
    assert capsys.readouterr().out.splitlines() == ["none", "--data.fit=crop"]
    for wrong in ([], ["bash"], ["zsh"], ["bash", " ", "", "x"]):
        assert main(["completion", "__complete", *wrong]) == 0
        assert len(capsys.readouterr().out.splitlines()) in (0, 1 + len(COMMANDS))
    assert main(["completion", "tcsh"]) == 2


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_without_torch(place: Path) -> None:
    (place / "a folder").mkdir()
    for name in ("x$(touch hurt)", "x\n\ttab", "xy"):
        (place / "runs" / name).mkdir(parents=True)
        (place / "runs" / name / "recipe.yaml").touch()
    root = Path(__file__).parents[2]
    lines = ["steadygan train --data.fit=c", "steadygan report a", "steadygan sample x", 'steadygan sample "x']
    asked = "".join(f"ask {shlex.quote(line)}\n" for line in lines)
    script = f"""
    steadygan() {{ "{sys.executable}" -X importtime -m steadygan "$@" 2>>imports; }}
    {SCRIPTS["bash"].replace("2>/dev/null", "")}
    ask() {{
        COMP_WORDS=($1); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE=$1; COMP_POINT=${{#1}}
        _steadygan steadygan "${{1##*[ =]}}" ""
        echo "${{COMPREPLY[@]}}"
    }}
    {asked}
    """
    said = subprocess.run(
        ["bash", "--norc"],
        input=script,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        check=False,
    )
    assert said.stdout.splitlines() == ["crop", "a folder", r"xy x\$\(touch\ hurt\)", "xy"]
    assert not (place / "hurt").exists()
    imports = {line.rpartition("|")[2].strip() for line in (place / "imports").read_text().splitlines()}
    assert "steadygan.cli" in imports and "torch" not in imports


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_scripts(shell: str, place: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    begin = "autoload -Uz compinit; compinit -u; " if shell == "zsh" else ""
    end = '; complete -C "steadygan completion "' if shell == "fish" else ""
    (place / "script").write_text(SCRIPTS[shell])
    said = subprocess.run(
        [shell, "-c", f"{begin}source ./script{end}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode == 0 and not said.stderr

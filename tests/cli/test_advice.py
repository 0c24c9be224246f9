"""What messages advise exists: every option and command that a text in the sources recommends."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import steadygan
from steadygan.cli import COMMANDS, main
from steadygan.cli.fields import paths
from steadygan.data.options import DataOptions
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec

SOURCES = Path(steadygan.__file__).parent
ELSEWHERE = {"--nproc-per-node", "--master-port", "--logdir", "--no-deps", "--version"}
"""options of torchrun, tensorboard and pip, and of the command itself"""
KINDS = re.compile(r"(generator|critic|constraint|representation|objective|perturbation|penalties)\.")


@functools.cache
def messages() -> list[tuple[str, str]]:
    """All of them; reading the sources takes seconds."""
    return list(read())


def read() -> Iterator[tuple[str, str]]:
    """Texts of the sources with 'steadygan COMMAND' or an option in them, but docstrings; braces stand for values."""
    for path in sorted(SOURCES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                text = node.value
            else:
                continue
            if path.parent.name == "habits" and re.fullmatch(r"((--?[\w-]+|\{\}) ?)+", text.strip()):
                continue  # options of other programs; what is typed for them: tests/cli/test_habits.py
            if re.search(r"(?<![\w-])--[a-z]", text) or "steadygan " in text:
                yield f"{path.relative_to(SOURCES)}:{node.lineno}", text


def options_of(command: str) -> set[str]:
    """The options that a command's help lists."""
    importlib.import_module(COMMANDS[command][0])
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main([command, "--help"])
    return set(re.findall(r"(?<![\w-])--[a-z][\w.-]*", out.getvalue()))


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    options = {command: options_of(command) for command in COMMANDS}
    samples = (SampleSpec((3, 32, 32), 10), SampleSpec((3, 64, 64), 10), SampleSpec((2,)), SampleSpec((64, 32)))
    fields = {f"--{path}" for path in paths(DataOptions())}
    for make in RECIPES.values():
        for sample in samples:
            with contextlib.suppress(Exception):  # a recipe that is not for such samples
                fields |= {f"--{path}" for path in paths(make(sample))}
    for command in ("train", "resume", "bench", "data"):
        options[command] |= fields
    return options


def test_every_option_that_a_message_names_exists(known: dict[str, set[str]]) -> None:
    everywhere = set().union(*known.values()) | ELSEWHERE
    everywhere |= {option.split(".")[0] for option in everywhere}  # of which a message fills in the rest
    unknown = []
    for where, text in messages():
        if where.startswith("cli/habits/") and all(word.startswith(("-", "{")) for word in text.split()):
            continue  # options of other programs
        if where.startswith("studies/slurm.py"):
            continue  # a script for another program
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*(?:\.[a-z0-9-]+)*", text):
            of_a_part = KINDS.match(option.removeprefix("--"))  # of a kind that no built-in recipe has
            if option not in everywhere and not of_a_part and "{" not in text[text.index(option) :][: len(option) + 1]:
                unknown.append((where, option))
    assert not unknown


def test_every_command_that_a_message_prints_exists_and_takes_the_options_beside_it(known: dict[str, set[str]]) -> None:
    wrong = []
    for where, text in messages():
        for line in re.findall(r"'steadygan ([^'\n]*)'?", text):
            command, *words = line.split()
            if command in ("{}", "COMMAND"):
                continue
            if command not in COMMANDS:
                wrong.append((where, line))
                continue
            options = [word for word in words if re.fullmatch(r"--[a-z][a-z.-]*", word)]
            wrong += [(where, command, option) for option in options if option not in known[command]]
    assert not wrong

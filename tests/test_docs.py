"""README.md and docs/*.md name only what exists: files, modules, commands and options. Modules have docstrings."""

from __future__ import annotations

import ast
import contextlib
import functools
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from steadygan import api
from steadygan.cli import COMMANDS, _dispatch
from steadygan.cli import data as data_command
from steadygan.cli.parser import Parser

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "steadygan"
_FILES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {path.relative_to(ROOT).as_posix(): path for path in _FILES}
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))
FOLDERS = ("tests", "src", "benchmarks", "examples", "scripts", "docs")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
STAND_INS = {
    "runs/sngan-photos": str(ROOT / "README.md"),  # --from takes a file that is there
    "weights.safetensors": str(ROOT / "README.md"),
    "my_networks:MyCritic": "tests.networks.test_own:Critic",
    "my_parts:MyLoss": "tests.test_kinds:MyLoss",
    "my_parts:MyPenalty": "tests.test_recipe_parts:Own",
    "RECIPE": "wgan-gp",
    "SHELL": "bash",
    "NAME": "wgan-gp",
    "recipe.yaml": "wgan-gp",
    "mine.yaml": "wgan-gp",
}
"""values for placeholders that a parser would refuse"""

every_page = pytest.mark.parametrize("name", PAGES)


def prose(name: str) -> str:
    """A page without its code blocks."""
    return FENCED.sub("", PAGES[name].read_text(encoding="utf-8"))


def inline_code(name: str) -> Iterator[str]:
    """The text between backticks, outside of code blocks; it may go over a line's end."""
    for span in re.findall(r"`([^`]+)`", prose(name)):
        yield " ".join(span.split())


def anchors(path: Path) -> set[str]:
    """Fragments that link to a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_relative_link_leads_somewhere(name: str) -> None:
    page = PAGES[name]
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(name)):
        file, _, fragment = target.partition("#")
        path = page.parent / file if file else page
        if "://" not in target and not (path.exists() and (not fragment or fragment in anchors(path))):
            broken.append(target)
    assert not broken


@every_page
def test_every_path_in_backticks_exists(name: str) -> None:
    """Paths from the root, or the end of a module's; ``*`` is a pattern, a word in capitals or ``…`` a placeholder."""
    missing = []
    for word in (word for span in inline_code(name) for word in span.split()):
        path = word.partition("::")[0].partition("[")[0].rstrip(",.;")
        if path.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
            found = list(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()
        elif re.fullmatch(r"[\w-]+(/[\w-]+)*/[\w-]+\.py", path):
            found = any(module.endswith(f"/{path}") for module in MODULES)
        else:
            continue
        if not found and "…" not in path and not re.search(r"\b[A-Z]{3,}\b", path):
            missing.append(word)
    assert not missing


@every_page
def test_every_test_that_a_page_names_exists(name: str) -> None:
    named = [match[0] for span in inline_code(name) if (match := re.match(r"test_\w+(?!\w|\.py)", span))]
    assert not set(named) - defined_tests()


@functools.cache
def defined_tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for path in files for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}


@every_page
def test_every_script_that_python_is_to_run_exists(name: str) -> None:
    named = re.findall(r"python -m ((?:benchmarks|scripts)(?:\.\w+)*)", PAGES[name].read_text(encoding="utf-8"))
    paths = {module: ROOT / module.replace(".", "/") for module in named}
    assert not [m for m, p in paths.items() if not (p.with_suffix(".py").exists() or (p / "__main__.py").exists())]


@every_page
def test_every_target_of_make_exists(name: str) -> None:
    targets = {
        target
        for names in re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
        for target in names.split()
    }
    text = PAGES[name].read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make (\w+)", text, flags=re.MULTILINE)) <= targets


@every_page
def test_every_python_name_between_backticks_exists(name: str) -> None:
    for span in inline_code(name):
        dotted = re.match(r"(?:sg|steadygan)((?:\.\w+)+)", span)
        if dotted:
            pkgutil.resolve_name(f"steadygan{dotted[1]}")


@every_page
def test_every_python_block_imports_and_names_what_exists(name: str) -> None:
    text = PAGES[name].read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        nodes = list(ast.walk(ast.parse(block)))
        names: dict[str, Any] = {}
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(ast.unparse(node), names)
        for attribute in (ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)):
            if attribute.partition(".")[0] in names:
                eval(attribute, names)


def command_lines(name: str) -> Iterator[str]:
    """What a page types after ``steadygan``, in code blocks and between backticks, without remarks."""
    blocks = "\n".join(FENCED.findall(PAGES[name].read_text(encoding="utf-8"))).replace("\\\n", " ")
    for line in re.findall(r"^(?:torchrun .*-m )?steadygan (.+)$", blocks, flags=re.MULTILINE):
        yield re.split(r" # |\s{3,}| [>|] ", line)[0]
    yield from (span.removeprefix("steadygan ") for span in inline_code(name) if span.startswith("steadygan "))


LINES = list(dict.fromkeys((name, line) for name in PAGES for line in command_lines(name) if line != "--help"))


class _AcceptedError(Exception):
    """The command line was read without an error; nothing is carried out."""


def accept(*_: Any, **__: Any) -> NoReturn:
    raise _AcceptedError


@pytest.mark.parametrize(("name", "line"), LINES)
def test_every_command_line_names_a_command_and_options_that_exist(
    name: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [STAND_INS.get(word, word) for word in shlex.split(line) if word != "…"]
    assert words[0] in COMMANDS
    monkeypatch.setattr(api, "prepare", accept)  # train: after all options were applied to the recipe
    for function in ("_print_audit", "_clear"):  # data: after its fields were set
        monkeypatch.setattr(data_command, function, accept)
    if words[0] not in ("train", "data"):
        parse = Parser.parse
        monkeypatch.setattr(Parser, "parse", lambda parser, arguments: accept(parse(parser, arguments)))
    with contextlib.suppress(_AcceptedError, SystemExit):  # argparse exits after --help
        assert _dispatch(words) == 0 and "--help" in words[-2:]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_in_one_line_what_it_is(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    assert docstring, "no docstring"
    first = docstring.splitlines()[0]
    assert len(first) <= 120 and first.endswith((".", ":"))

"""The site of the documentation, before mkdocs: its pages, links, navigation and reference are whole."""

from __future__ import annotations

import os
import pkgutil
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from scripts import docs_site
from scripts.docs_examples import default_of, fenced
from scripts.docs_site import MOVED, REFERENCE, as_site, gathered, reference_of
from tests.test_docs import FENCED, anchors


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of the site."""
    return gathered(tmp_path_factory.mktemp("site") / "pages")


def test_every_page_is_in_the_navigation_once(pages: Path) -> None:
    config = yaml.safe_load(docs_site.CONFIG.read_text(encoding="utf-8"))
    parts = [*config["nav"], *docs_site.navigation(pages)]
    listed = [pages_of for part in parts for pages_of in part.values()]
    named = [page for each in listed for page in ([each] if isinstance(each, str) else each)]
    assert sorted(named) == sorted(path.relative_to(pages).as_posix() for path in pages.rglob("*.md"))
    assert config["docs_dir"] == docs_site.PAGES.relative_to(docs_site.ROOT).as_posix()
    assert named[0] == "gallery.md"


def test_every_link_of_every_page_leads_to_a_page_or_picture_of_the_site(pages: Path) -> None:
    broken = []
    for page in pages.rglob("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", page.read_text(encoding="utf-8"))):
            path, _, fragment = target.partition("#")
            place = page.parent / path if path else page
            inside = os.path.commonpath([pages, Path(os.path.normpath(place))]) == str(pages)
            found = inside and place.is_file() and (not fragment or fragment in anchors(place))
            if "://" not in target and not found:
                broken.append((page.name, target))
    assert not broken


def test_every_name_of_the_reference_exists() -> None:
    for text in REFERENCE.values():
        for part in reference_of(text)[1]:
            assert pkgutil.resolve_name(f"steadygan.{part}").__doc__, part


@pytest.mark.parametrize(
    ("text", "of_root", "depth", "expected"),
    [
        ("[a](data.md#x)", False, 0, "[a](data.md#x)"),
        ("[a](../README.md)", False, 0, "[a](start.md)"),
        ("[a](../../CHANGELOG.md#one)", False, 1, "[a](../changelog.md#one)"),
        ("[a](../examples/tables.py)", False, 0, "[a](examples/tables.md)"),
        ("[a](docs/pictures/digits.png)", True, 0, "[a](pictures/digits.png)"),
        ("[a](CHANGELOG.md)", True, 0, "[a](changelog.md)"),
        ("[a](examples/tables.py)", True, 0, "[a](examples/tables.md)"),
        ("[a](https://x.org/docs/a.md)", True, 0, "[a](https://x.org/docs/a.md)"),
        ("```\n[a](../README.md)\n```", False, 0, "```\n[a](../README.md)\n```"),
        ("what:\n- a\n- b\n  c\n- d", False, 0, "what:\n\n- a\n- b\n  c\n- d"),
        ("text\n| a |\n|---|\n| b |", False, 0, "text\n\n| a |\n|---|\n| b |"),
        ("- a\n\n1. b\n2. c", False, 0, "- a\n\n1. b\n2. c"),
    ],
)
def test_links_move_and_lists_begin_after_a_blank_line(text: str, of_root: bool, depth: int, expected: str) -> None:
    assert as_site(text, of_root, depth) == expected + "\n"


def test_examples_of_docstrings_are_code() -> None:
    text = "One.\n\n>>> f(1)  # doctest: +SKIP\n[0.5, 1]\n\nArgs:\n    x: a number"
    assert fenced(text) == "One.\n\n\n```python\n>>> f(1)\n[0.5, 1]\n```\n\nArgs:\n    x: a number"
    assert fenced("Two.\n>>> 1\n1").endswith("```python\n>>> 1\n1\n```")
    assert fenced("No example.") == "No example."


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mkdocs.commands.build", None)
    assert docs_site.build() == 2
    assert "pip install -e '.[docs]'" in capsys.readouterr().err
    assert set(MOVED.values()) == {"start.md", "changelog.md"}


def test_pages_take_the_shim_of_the_search_from_the_site_and_what_else_they_fetch_is_named(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    scripts = f'<script src="{docs_site.SHIM_ADDRESS}"></script><a href="https://a.example/b">b</a>'
    for page in ("index.html", "reference/data.html"):
        (tmp_path / page).write_text(scripts, encoding="utf-8")
    assert docs_site.without_a_network(tmp_path) == []
    for page, source in (("index.html", ""), ("reference/data.html", "../")):
        found = re.findall(r'src="([^"]+)"', (tmp_path / page).read_text(encoding="utf-8"))
        assert found == [f"{source}assets/javascripts/iframe-worker.js"]
        assert ((tmp_path / page).parent / found[0]).read_bytes() == docs_site.SHIM.read_bytes()
    links = '<link rel="stylesheet" href="https://c.example/d.css"><img src="http://c.example/e.png">'
    (tmp_path / "index.html").write_text(links, encoding="utf-8")
    assert docs_site.without_a_network(tmp_path) == ["http://c.example/e.png", "https://c.example/d.css"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"default": "1", "metadata": "DURATION"}, "1"),
        ({"default_factory": "RunOptions"}, "RunOptions()"),
        ({"default_factory": "lambda: {}"}, None),
        ({"repr": "False"}, None),
    ],
)
def test_a_field_of_the_reference_has_its_default(given: dict[str, str], expected: str | None) -> None:
    arguments = [SimpleNamespace(name=name, value=value) for name, value in given.items()]
    assert default_of(SimpleNamespace(function="field", arguments=arguments)) == expected
    other = SimpleNamespace(function="Constant", arguments=arguments)
    assert default_of(other) is other and default_of(None) is None and default_of("1.0") == "1.0"

"""Builds the site of the documentation: docs/, README, changelog, examples, and the reference of the API.

    python -m scripts.docs_site            writes build/site
    python -m scripts.docs_site --pages    brings the pages together in build/site-pages, without the site

It needs the extra `docs`. A broken link, a missing heading, a page outside of the navigation, a name that the
reference cannot find, and a page that fetches something from elsewhere are errors.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES, SITE = ROOT / "build" / "site-pages", ROOT / "build" / "site"
CONFIG = ROOT / "mkdocs.yml"
SHIM = ROOT / "scripts" / "site" / "iframe-worker.js"
SHIM_ADDRESS = "https://unpkg.com/iframe-worker/shim"
"""with which the theme's search works from disk; the theme's pages fetch it, and are blank until they have it or not"""
FETCHED = re.compile(
    r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?(https?:[^\" >]+)|<link\b[^>]*\bstylesheet\b[^>]*(https?:[^\" >]+)"
)

FENCE = re.compile(r"^ *(```|~~~)")
LIST = re.compile(r"(?:[-*]|\d+\.) ")
MOVED = {"README.md": "start.md", "CHANGELOG.md": "changelog.md"}
"""pages from outside of docs/, and where they stand in the site"""
REFERENCE = {
    "training": "Training. api.train api.resume api.prepare api.load api.check api.diagnose",
    "run": "A run in a folder. run.run.Run run.generating.GeneratingRun run.folder.RunFolder run.sampling.Sampling",
    "recipe": "Every setting of a training. recipe.Recipe recipe.loads recipe.dumps types",
    "evaluation": "Numbers on samples, and their comparison. evaluation.run_evaluation.evaluate evaluation.comparison "
    "evaluation.record",
    "losses": "Losses of both players. losses objectives.adversarial objectives.equilibrium objectives.auxiliary",
    "penalties": "Penalties, constraints and balance. penalties.gradient penalties.zero_centered penalties.drift "
    "penalties.path_length constraints balance plateau",
    "optimizers": "Optimizers, schedules and averages. optimizers schedules ema",
    "networks": "Priors, representations, networks of your own. priors representations networks.own",
    "data": "Data and its options. data.options data.dataset data.types",
    "metrics": "Metrics as pure functions of arrays. metrics.frechet metrics.kernel metrics.manifold "
    "metrics.memorisation",
    "diagnostics": "Signals of a training's health, and its diagnosis. diagnostics.monitor diagnostics.findings",
    "pictures": "Pictures and films. report.pictures report.films",
    "studies": "Experiments of one's own. studies.study studies.claims studies.intervals studies.results",
    "errors": "Errors, each one line. errors",
}
"""pages of the reference: a sentence, and the modules and names below ``steadygan`` that stand there"""


def gathered(target: Path = PAGES) -> Path:
    """Brings all pages together in a folder, which is replaced."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(ROOT / "docs", target, ignore=shutil.ignore_patterns("*.yaml", "*.txt"))
    for name, place in MOVED.items():
        (target / place).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for page in target.rglob("*.md"):
        source = ROOT if page.name in MOVED.values() and page.parent == target else ROOT / "docs"
        depth = len(page.relative_to(target).parts) - 1
        page.write_text(as_site(page.read_text(encoding="utf-8"), source == ROOT, depth), encoding="utf-8")
    _examples(target / "examples")
    _reference(target / "reference")
    return target


def as_site(text: str, of_root: bool, depth: int = 0) -> str:
    """A page with its links as they are in the site, and blank lines before lists and tables, as Markdown needs them.

    of_root: True for the README and the changelog, whose links begin at the root
    depth: folders below docs/ in which the page stands
    """
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            before = lines[-1].strip() if lines else ""
            starts = LIST.match(line) and not LIST.match(before) and not lines[-1].startswith(" ") if before else False
            table = before and line.startswith("|") and not before.startswith("|")
            if starts or table:
                lines.append("")
            line = re.sub(r"(\]\()([^)\s]+)(\))", lambda m: m[1] + _moved(m[2], of_root, depth) + m[3], line)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _moved(target: str, of_root: bool, depth: int) -> str:
    """Where a link leads in the site."""
    if "://" in target or target.startswith(("#", "mailto:")):
        return target
    path, mark, fragment = target.partition("#")
    up = "../" * depth
    if of_root:
        path = path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}"
    outside = path.removeprefix(up)
    if outside.startswith("../"):
        outside = outside.removeprefix("../")
        if outside.startswith("examples/") and outside.endswith(".py"):
            outside = f"{outside[:-3]}.md"
        path = up + MOVED.get(outside, outside)
    return path + mark + fragment


def _examples(folder: Path) -> None:
    """A page for each example: its docstring's first line, and its code."""
    folder.mkdir()
    for path in sorted((ROOT / "examples").glob("*.py")):
        code = path.read_text(encoding="utf-8")
        first = (ast.get_docstring(ast.parse(code)) or path.stem).splitlines()[0]
        body = f"# {path.stem.replace('_', ' ')}\n\n{first}\n\n```python\n{code}```\n"
        (folder / f"{path.stem}.md").write_text(body, encoding="utf-8")


def _reference(folder: Path) -> None:
    """The pages of the reference."""
    folder.mkdir()
    for name, text in REFERENCE.items():
        line, parts = reference_of(text)
        blocks = "\n".join(f"\n::: steadygan.{part}" for part in parts)
        (folder / f"{name}.md").write_text(f"# {name.capitalize()}\n\n{line}\n{blocks}\n", encoding="utf-8")


def reference_of(text: str) -> tuple[str, list[str]]:
    """The sentence of a page of the reference, and the names after it."""
    line, _, names = text.rpartition(". ")
    return f"{line}.", names.split()


def navigation(target: Path) -> Iterator[dict[str, list[str]]]:
    """The parts of the navigation that are made of files."""
    yield {"Examples": [f"examples/{path.name}" for path in sorted((target / "examples").glob("*.md"))]}
    yield {"Reference": [f"reference/{name}.md" for name in REFERENCE]}


def without_a_network(site: Path) -> list[str]:
    """Has the pages take the theme's shim from the site; returns what they still fetch from elsewhere."""
    place = site / "assets" / "javascripts" / SHIM.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SHIM, place)
    fetched: set[str] = set()
    for page in site.rglob("*.html"):
        up = "../" * (len(page.relative_to(site).parts) - 1)
        text = page.read_text(encoding="utf-8").replace(SHIM_ADDRESS, up + place.relative_to(site).as_posix())
        page.write_text(text, encoding="utf-8")
        fetched |= {script or sheet for script, sheet in FETCHED.findall(text)}
    return sorted(fetched)


def build() -> int:
    """Builds the site; returns the exit code."""
    try:
        from mkdocs.commands.build import build as build_site
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort, MkDocsException
        from pymdownx.slugs import slugify
    except ImportError as error:
        print(f"the site needs the extra docs ({error.name}): pip install -e '.[docs]'", file=sys.stderr)
        return 2
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    pages = gathered()
    config = load_config(str(CONFIG), strict=True, docs_dir=str(pages), site_dir=str(SITE))
    config.nav = [*config.nav, *navigation(pages)]
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")  # headings are named as GitHub names them
    try:
        config.plugins.on_startup(command="build", dirty=False)
        build_site(config)
        config.plugins.on_shutdown()
    except (Abort, MkDocsException) as error:
        print(f"the site is not built: {error}", file=sys.stderr)
        return 1
    if fetched := without_a_network(SITE):
        print(f"the site fetches from elsewhere: {', '.join(fetched)}", file=sys.stderr)
        return 1
    print(SITE / "index.html")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--pages"]:
        print(gathered())
    else:
        sys.exit(build())

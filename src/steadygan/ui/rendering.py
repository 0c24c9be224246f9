"""Pages and parts of pages from templates; whatever files say is escaped."""

from __future__ import annotations

import functools
import shlex
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from steadygan.system.escapes import page_text
from steadygan.system.words import duration

Parts = dict[str, str]
"""HTML of the parts of a page, by the name in their ``data-part``; containers stand before what they contain"""
STATIC = {"style.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""files of the page, with their types"""


@functools.cache
def resource(name: str) -> str:
    """A file of the page."""
    return resources.files("steadygan.ui").joinpath("page", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(resource),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        address=address,
        shell=lambda path: shlex.quote(str(path)),
        thousands=lambda value: f"{value:,}",
        duration=duration,
    )
    return environment


def render(template: str, **values: Any) -> str:
    """A template's HTML, storable as UTF-8."""
    return page_text(_environment().get_template(template).render(**values))


def address(key: str) -> str:
    """A run's key as the end of an address."""
    return quote(key, safe="/")


def marked(parts: Parts) -> dict[str, Markup]:
    """The parts for a template that places them."""
    return {name: Markup(html) for name, html in parts.items()}


def changed(parts: Parts, before: Parts) -> Parts:
    """The parts that a page has to get; where a container changes, all that stands in it."""
    renewed = {name for name, html in parts.items() if before.get(name) != html}
    return {
        name: html
        for name, html in parts.items()
        if name in renewed or (name.partition(":")[0] + "s" in renewed and ":" in name)
    }

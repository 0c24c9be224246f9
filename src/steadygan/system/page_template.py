"""Jinja templates of HTML pages, parsed once in a process: a report is written with each picture of a training."""

from __future__ import annotations

import functools
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template


@functools.cache
def page_template(package: str, name: str = "page.html") -> Template:
    """The template in a package's file. Values are escaped; an unknown one is an error."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return environment.from_string(resources.files(package).joinpath(name).read_text(encoding="utf-8"))

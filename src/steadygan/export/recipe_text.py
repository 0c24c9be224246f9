"""A run's recipe and data as a stranger may see them: names, without places of this machine."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING

from steadygan import recipe as recipes
from steadygan.system.escapes import storable

if TYPE_CHECKING:
    from steadygan.run import Run


def shared_recipe(run: Run) -> str:
    """The recipe as YAML, whose data is named without its folder."""
    options = run.recipe.data
    named = dataclasses.replace(options, source=data_name(options.source))
    return storable(recipes.dumps(dataclasses.replace(run.recipe, data=named)))


def data_name(source: str) -> str:
    """The name of a data source: of a path its last part, 'hf:OWNER/NAME' and built-in names as they are."""
    if source.startswith("hf:"):
        return source
    return PureWindowsPath(source).name if "\\" in source else PurePath(source).name or source


def without_places(text: str, source: str) -> str:
    """A text with the data's name in place of its path."""
    return text.replace(source, data_name(source))

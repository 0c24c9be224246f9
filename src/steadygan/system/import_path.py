"""Import paths: the object that 'package.module:name' stands for, found as from a script in the current folder."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from steadygan.errors import UsageError, in_one_line, nearest


def is_import_path(text: str) -> bool:
    """True if a text has the form 'package.module:name'."""
    module, colon, name = text.partition(":")
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def imported(path: str, what: str) -> Any:
    """The object at an import path; its module is imported.

    Args:
        path: 'package.module:name'
        what: the option that names it, for error lines

    Raises:
        UsageError: one line, for a path of another form, a module that cannot be imported, and an unknown name.
    """
    if not is_import_path(path):
        raise UsageError(f"{what}: '{path}' is no import path; it has the form package.module:name")
    module_name, _, name = path.partition(":")
    with current_folder_importable():
        try:
            module: ModuleType = importlib.import_module(module_name)
        except Exception as error:
            raise UsageError(f"{what} '{path}': cannot import '{module_name}': {in_one_line(error)}") from error
    if not hasattr(module, name):
        known = [known for known, value in vars(module).items() if callable(value)]
        raise UsageError(f"{what} '{path}': '{module_name}' has no '{name}'{nearest(name, known)}")
    return getattr(module, name)


@contextlib.contextmanager
def current_folder_importable() -> Iterator[None]:
    """Context in which modules of the current folder can be imported; they hide nothing that is installed."""
    folder = os.getcwd()
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added:
            sys.path.remove(folder)

"""Features of the user's own code, named by the path of a function that makes them."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from steadygan.errors import UsageError, nearest
from steadygan.features.base import Features
from steadygan.features.module import module_features, one_line


def features_by_path(path: str, *, shape: tuple[int, ...] | None = None) -> Features:
    """The features of 'package.module:function': a function of the user's that returns a module, or features.

    Modules are found as from a script in the current folder. A module of torch gets the default options of
    ``module_features``; a function that wants others calls that itself and returns its answer.

    Args:
        path: of the function, which takes no arguments
        shape: (C, H, W) of the images to come, to try a module on

    Raises:
        UsageError: one line, if it cannot be imported, fails, or returns something else.
    """
    import torch

    module_name, colon, function_name = path.partition(":")
    if not (colon and function_name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise UsageError(f"'{path}' names no function; features of your own are named package.module:function")
    with _current_folder_importable():
        try:
            home = importlib.import_module(module_name)
        except Exception as error:
            raise UsageError(f"features '{path}': cannot import '{module_name}': {one_line(error)}") from error
        function = getattr(home, function_name, None)
        if not callable(function):
            known = [name for name, value in vars(home).items() if callable(value)]
            raise UsageError(f"'{module_name}' has no function '{function_name}'{nearest(function_name, known)}")
        try:
            found = function()
        except Exception as error:
            raise UsageError(f"features '{path}': the function failed: {one_line(error)}") from error
    if isinstance(found, torch.nn.Module):
        return module_features(found, path, shape=shape)
    wanted = ("name", "identity", "width", "facts", "__call__")
    if missing := [each for each in wanted if inspect.getattr_static(found, each, None) is None]:
        kind = type(found).__name__
        raise UsageError(f"'{path}' gave a {kind} without {', '.join(missing)}; a torch module or Features are needed")
    return cast(Features, found)


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    folder = os.getcwd()
    added = folder not in sys.path
    if added:
        sys.path.append(folder)  # last, so that it hides nothing that is installed
    try:
        yield
    finally:
        if added:
            sys.path.remove(folder)

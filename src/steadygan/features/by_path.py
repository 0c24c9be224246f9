"""Feature extractors of the user's own code, by the import path of a function that makes one."""

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
    """The feature extractor of 'package.module:function': a function that returns a torch module, or ``Features``.

    Modules are found as from a script in the current folder. A torch module gets the default options of
    ``module_features``; a function that wants others calls that itself and returns its result.

    Args:
        path: of the function, which takes no arguments
        shape: (C, H, W) of the images, to try a module on

    Raises:
        UsageError: one line, if it cannot be imported, fails, or returns something else.
    """
    import torch

    module_name, colon, function_name = path.partition(":")
    if not (colon and function_name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise UsageError(f"'{path}' names no function; features of your own are named package.module:function")
    with _current_folder_importable():
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            raise UsageError(f"features '{path}': cannot import '{module_name}': {one_line(error)}") from error
        function = getattr(module, function_name, None)
        if not callable(function):
            known = [name for name, value in vars(module).items() if callable(value)]
            raise UsageError(f"'{module_name}' has no function '{function_name}'{nearest(function_name, known)}")
        try:
            features = function()
        except Exception as error:
            raise UsageError(f"features '{path}': the function failed: {one_line(error)}") from error
    if isinstance(features, torch.nn.Module):
        return module_features(features, path, shape=shape)
    required = ("name", "identity", "width", "facts", "__call__")
    if missing := [each for each in required if inspect.getattr_static(features, each, None) is None]:
        kind = type(features).__name__
        raise UsageError(f"'{path}' gave a {kind} without {', '.join(missing)}; a torch module or Features are needed")
    return cast(Features, features)


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

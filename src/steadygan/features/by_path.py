"""Feature extractors of the user's own code, by the import path of a function that makes one."""

from __future__ import annotations

import inspect
from typing import Any, cast

from steadygan.errors import UsageError
from steadygan.features.base import Features
from steadygan.features.module import module_features, one_line
from steadygan.system.import_path import current_folder_importable, imported, is_import_path


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

    if not is_import_path(path):
        raise UsageError(f"'{path}' names no function; features of your own are named package.module:function")
    function = imported(path, "features")
    if not callable(function):
        raise UsageError(f"features '{path}' is a {type(function).__name__}; a function that makes them is needed")
    with current_folder_importable():
        try:
            features = function()
        except Exception as error:
            raise UsageError(f"features '{path}': the function failed: {one_line(error)}") from error
    if isinstance(features, torch.nn.Module):
        return module_features(features, path, shape=shape)
    if missing := _missing(features):
        kind = type(features).__name__
        raise UsageError(f"'{path}' gave a {kind} without {missing}; a torch module or Features are needed")
    return cast(Features, features)


def features_given(features: Any) -> str | Features:
    """What was handed over as features: a name, ``Features``, or a torch module, which gets the default options.

    Raises:
        UsageError: for anything else.
    """
    if isinstance(features, str):
        return features
    if any(kind.__module__.startswith("torch.nn") and kind.__name__ == "Module" for kind in type(features).__mro__):
        return module_features(features, type(features).__name__)
    if isinstance(features, type) or (missing := _missing(features)):
        what = f"the class {features.__name__}" if isinstance(features, type) else f"a {type(features).__name__}"
        lacking = "" if isinstance(features, type) else f" without {missing}"
        raise UsageError(
            f"features is {what}{lacking}; allowed: a name, 'package.module:function', a torch module, or Features"
        )
    return cast(Features, features)


def _missing(features: Any) -> str:
    """What an object lacks of ``Features``; '' for nothing."""
    required = ("name", "identity", "width", "facts", "__call__")
    return ", ".join(each for each in required if inspect.getattr_static(features, each, None) is None)

"""The modules in a callable critic, and the dtype of samples that they say."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

_DEPTH = 3


def modules_in(critic: Callable[..., Any]) -> list[nn.Module]:
    """The modules that a callable is, or is seen to call: in closures, globals, attributes, partials, methods.

    Of an object that is referred to only for an attribute (``self.critic``), the attribute is taken.
    """
    found: dict[int, nn.Module] = {}
    _collect(critic, found, _DEPTH)
    return list(found.values())


def parameter_dtype(modules: list[nn.Module], expected: torch.dtype) -> torch.dtype | None:
    """The dtype of all floating-point parameters of the modules, if it is one and not the expected one; else None."""
    dtypes: set[torch.dtype] = set()
    for parameter in (parameter for module in modules for parameter in module.parameters()):
        if parameter.dtype == expected:
            return None
        if parameter.is_floating_point():
            dtypes.add(parameter.dtype)
    return dtypes.pop() if len(dtypes) == 1 else None


def _collect(value: Any, found: dict[int, nn.Module], depth: int, names: tuple[str, ...] = ()) -> None:
    """Adds the modules in a value; ``names``: the attributes that the code which refers to it takes of anything."""
    from torch import nn

    if isinstance(value, nn.Module) and not (named := _attributes(value, names)):
        found[id(value)] = value
    elif not depth:
        return
    elif isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            _collect(part, found, depth - 1)
    elif isinstance(value, types.MethodType):
        _collect(value.__self__, found, depth - 1, _names(value.__func__.__code__) if _has_code(value) else ())
    elif isinstance(value, types.FunctionType) and not value.__module__.startswith("torch"):
        for part in referred(value):
            _collect(part, found, depth - 1, _names(value.__code__))
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, nn.Module):
                found[id(part)] = part
    elif named := _attributes(value, names):
        for part in named:
            _collect(part, found, depth - 1, names)
    elif isinstance(call := inspect.getattr_static(type(value), "__call__", None), types.FunctionType):
        _collect(types.MethodType(call, value), found, depth - 1)


def _attributes(value: Any, names: tuple[str, ...]) -> list[Any]:
    """Attributes of these names that are modules, or that lead to some."""
    from torch import nn

    own = getattr(value, "__dict__", {})
    modules = own.get("_modules", {}) if isinstance(value, nn.Module) else {}
    named = [modules[name] if name in modules else own[name] for name in names if name in modules or name in own]
    if isinstance(value, types.ModuleType):  # a file of functions: its networks alone
        return [part for part in named if isinstance(part, nn.Module)]
    return [part for part in named if isinstance(part, dict) or callable(part)]


def _has_code(method: types.MethodType) -> bool:
    return isinstance(method.__func__, types.FunctionType)


def _names(code: types.CodeType) -> tuple[str, ...]:
    """Names of globals and attributes in code, also in the functions and comprehensions inside of it."""
    inside = [name for const in code.co_consts if isinstance(const, types.CodeType) for name in _names(const)]
    return (*code.co_names, *inside)


def referred(function: types.FunctionType) -> list[Any]:
    """What a function's closure, defaults and global names refer to."""
    values = [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    return [*values, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]

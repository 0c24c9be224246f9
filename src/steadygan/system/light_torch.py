"""Torch without its compiler, which it imports where the first optimizer is built, at each step, and in other places.

Torch keeps some functions out of compiled code, and imports ``torch._dynamo`` for that: a second of CPU time at each
start. A process that has not imported it compiles nothing, so that the functions can be called as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch.optim import Optimizer

_Kind = TypeVar("_Kind", bound="type[Optimizer]")
_KEPT_OUT = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""methods that torch keeps out of compiled code; ``step`` besides"""
_FORM = "__dynamo_disable"
"""attribute in which torch keeps the form of a function that is kept out of compiled code"""


def light(kind: _Kind) -> _Kind:
    """The kind of optimizer, computing the same without importing torch's compiler.

    From the moment that something else imports the compiler, all methods are torch's.

    Args:
        kind: of ``torch.optim``; returned as it is where this torch defines its methods otherwise
    """
    made: Any = _light(kind)  # type: ignore[arg-type]
    return made  # type: ignore[no-any-return]


@cache
def _light(kind: type[Optimizer]) -> type[Optimizer]:
    step = kind.step
    if getattr(step, "hooked", False):  # by the first optimizer of the kind; the new kind is hooked anew
        step = getattr(step, "__wrapped__", None)  # type: ignore[assignment]
    methods = {name: getattr(kind, name, None) for name in _KEPT_OUT}
    if not all(hasattr(method, "__wrapped__") for method in (step, *methods.values())):
        return kind
    own: dict[str, Any] = {name: _plain(method) for name, method in methods.items()}  # type: ignore[arg-type]

    def reduced(self: Any, protocol: Any) -> tuple[Any, ...]:
        return _empty, (kind,), self.__getstate__()  # a copy is torch's

    own |= {"step": _plain_step(step), "__reduce_ex__": reduced, "__module__": kind.__module__}
    return type(kind.__name__, (kind,), own)


def _empty(kind: type[Optimizer]) -> Optimizer:
    return kind.__new__(kind)


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    inner = method.__wrapped__  # type: ignore[attr-defined]

    @wraps(inner)
    def called(*arguments: Any, **options: Any) -> Any:
        return (method if _compiler_is_there() else inner)(*arguments, **options)

    return called


def _plain_step(step: Callable[..., Any]) -> Callable[..., Any]:
    """As torch's, which computes gradients of the step itself only where the optimizer is ``differentiable``."""
    import torch

    inner = step.__wrapped__  # type: ignore[attr-defined]

    @wraps(inner)
    def called(self: Optimizer, *arguments: Any, **options: Any) -> Any:
        if _compiler_is_there():
            return step(self, *arguments, **options)
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return inner(self, *arguments, **options)

    return called


@contextmanager
def without_compiler(function: Any) -> Iterator[None]:
    """Context in which a function that torch keeps out of compiled code does not import the compiler."""
    inner = getattr(function, "__wrapped__", None)
    if inner is None or _compiler_is_there() or hasattr(inner, _FORM):
        yield
        return
    setattr(inner, _FORM, inner)
    try:
        yield
    finally:
        delattr(inner, _FORM)


def _compiler_is_there() -> bool:
    return "torch._dynamo" in sys.modules

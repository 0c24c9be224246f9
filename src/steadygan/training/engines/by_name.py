"""Engines by name."""

from __future__ import annotations

from collections.abc import Callable

from steadygan.errors import unknown_name
from steadygan.training.engines.base import Engine
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.cuda_graph import CUDAGraph
from steadygan.training.engines.eager import Eager

ENGINES: dict[str, Callable[[], Engine]] = {
    "eager": Eager,
    "compiled": Compiled,
    "graph": CUDAGraph,
    "compiled-graph": lambda: CUDAGraph(Compiled().gradients, "compiled-graph"),
}


def make(name: str) -> Engine:
    """A fresh engine of a name.

    Raises:
        UsageError: for an unknown name.
    """
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ENGINES[name]()

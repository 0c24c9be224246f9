"""Engines by name."""

from __future__ import annotations

from collections.abc import Callable

from steadygan.errors import unknown_name
from steadygan.training.engines.base import Engine


def make(name: str) -> Engine:
    """A fresh engine of a name.

    Raises:
        UsageError: for an unknown name.
    """
    from steadygan.training.engines.compiled import Compiled
    from steadygan.training.engines.cuda_graph import CUDAGraph
    from steadygan.training.engines.eager import Eager

    engines: dict[str, Callable[[], Engine]] = {
        "eager": Eager,
        "compiled": Compiled,
        "graph": CUDAGraph,
        "compiled-graph": lambda: CUDAGraph(Compiled().gradients, "compiled-graph"),
    }
    if name not in engines:
        raise unknown_name("engine", name, engines)
    return engines[name]()

"""Engines: execution modes for computing the gradients of a phase. All give the same numbers.

``eager`` runs the losses directly. ``compiled`` fuses each loss with its gradients by torch.compile; ``graph`` records
each loss with its gradients as a CUDA graph; ``compiled-graph`` does both. The optimizer step and the sum over
processes stay outside.
"""

from __future__ import annotations

from typing import Literal, Protocol

from steadygan.errors import SteadyganError
from steadygan.training.step import round

EngineName = Literal["eager", "compiled", "graph", "compiled-graph"]


class Engine(round.Engine, Protocol):
    """An engine with its name."""

    @property
    def name(self) -> EngineName: ...


class NotRecordable(SteadyganError):
    """Error for a recipe whose losses cannot be recorded as a CUDA graph; eager steps work."""

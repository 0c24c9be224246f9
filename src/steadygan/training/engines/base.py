"""Engines: how the gradients of a phase are computed. All give the same numbers.

``eager`` runs the losses as they are written. ``compiled`` has torch.compile fuse each loss with its gradients;
``graph`` records each loss with its gradients on a GPU once and replays it; ``compiled-graph`` does both. The
optimizer's step and the sum over processes stay outside.
"""

from __future__ import annotations

from typing import Literal, Protocol

from steadygan.errors import SteadyganError
from steadygan.training.step import round

EngineName = Literal["eager", "compiled", "graph", "compiled-graph"]
RECORDED: tuple[EngineName, ...] = ("graph", "compiled-graph")
"""engines that replay a recording"""


class Engine(round.Engine, Protocol):
    """An engine with its name."""

    @property
    def name(self) -> EngineName: ...


class NotRecordable(SteadyganError):
    """A recipe whose losses cannot be recorded; eager steps can."""

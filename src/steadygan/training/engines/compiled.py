"""The compiled engine: torch.compile on each loss together with its gradients, as one graph.

Gradients are taken inside, by ``torch.func.grad``. Otherwise torch.compile makes separate graphs of the forward and the
backward pass, connected by autograd, on which small networks spend a quarter of their time (docs/speed.md). Buffers,
such as running statistics, change inside the graph and have to be arguments of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from steadygan.training.step.gradients import autograd_gradients, carry_out, used_parameters
from steadygan.training.step.phase_terms import phase_terms
from steadygan.training.step.terms import Terms, from_named, named_tensors

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.phases import Phase
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.state import GameState
    from steadygan.types import Batch


class _Networks(nn.Module):
    """The networks of a game as one module, for ``torch.func.functional_call``."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.critic, self.generator, self.game = game.critic, game.generator, game
        self.encoder = None if game.encoder is None else game.encoder.network

    def forward(self, phase: Phase, *arguments: Any) -> tuple[Tensor, dict[str, Tensor]]:
        terms = phase_terms(self.game, phase, *arguments)
        return terms.loss, named_tensors(terms)

    def gradients(self, phase: Phase, *arguments: Any) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """Gradients of a phase's loss in its player's parameters, and its detached terms by name.

        Args:
            phase: of the game
            arguments: of ``phase_terms`` after the phase
        """
        weights: dict[str, Tensor] = {
            name: p for name, p in self.named_parameters() if p.requires_grad and name.startswith(phase.player)
        }

        def loss_of(weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            result: tuple[Tensor, dict[str, Tensor]] = torch.func.functional_call(
                self, (weights, buffers), (phase, *arguments)
            )
            return result

        gradients, terms = torch.func.grad(loss_of, has_aux=True)(weights, dict(self.named_buffers()))
        return tuple(gradients.values()), terms


def _copy_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a function with its own code object.

    torch.compile caches graphs by code object, and refuses the ninth network for one function in a process.
    """
    assert isinstance(function, FunctionType)
    code = function.__code__.replace()
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def accumulate_gradients(parameters: Sequence[nn.Parameter], gradients: Sequence[Tensor]) -> None:
    """Adds gradients to the parameters', in a separate buffer of the same strides for each.

    A compiler may return one tensor for two parameters with equal gradients, such as biases of layers that are added;
    micro-batches, accumulated in place, would count twice there.
    """
    taken: set[int] = set()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if parameter.grad is not None:
            parameter.grad += gradient
        elif gradient.stride() == parameter.stride() and gradient.data_ptr() not in taken:
            parameter.grad = gradient
            taken.add(gradient.data_ptr())
        else:
            parameter.grad = torch.empty_like(parameter).copy_(gradient)


class Compiled:
    """Compiles losses with their gradients for fixed shapes; the first step takes seconds to minutes."""

    name: EngineName = "compiled"

    def __init__(self, backend: str = "inductor") -> None:
        """
        Args:
            backend: of torch.compile; 'aot_eager' traces and differentiates likewise but fuses nothing
        """
        self._backend = backend
        self._gradients: dict[tuple[Phase, int], Callable[..., Any]] = {}
        self._terms: dict[tuple[Phase, int], Callable[..., Terms]] = {}
        self._networks: _Networks | None = None
        self._separate = False
        self._used: dict[tuple[Phase, int], tuple[bool, ...]] = {}

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        return carry_out(setup, phase, draws, self.gradients)

    def gradients(
        self, game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float
    ) -> Terms:
        """As ``autograd_gradients``; parameters that a loss does not depend on get no gradient here either.

        A loss that communicates among processes cannot be differentiated inside a graph: forward and backward pass are
        then separate graphs. They stay so, in order that what is measured on one process is what runs.
        """
        draws = draws._replace(real=None)  # ``real`` is their batch
        key = phase, game.stages.level  # of networks that grow, each level is another graph
        if key not in self._used:
            self._used[key] = used_parameters(game, phase, real, draws, state, share)
        parameters, used = game.players[phase.player].parameters, self._used[key]
        self._separate = self._separate or game.exchanges
        if self._separate:
            if key not in self._terms:
                self._terms[key] = self._compiled(phase_terms)
            terms = autograd_gradients(game, phase, real, draws, state, share, self._terms[key])
            for parameter, is_used in zip(parameters, used, strict=True):
                parameter.grad = parameter.grad if is_used else None
            return terms
        if self._networks is None or self._networks.game is not game:
            self._networks = _Networks(game)
        if key not in self._gradients:
            self._gradients[key] = self._compiled(_Networks.gradients)
        with torch.no_grad():  # differentiation is inside the graph
            gradients, named = self._gradients[key](self._networks, phase, real, draws, state, share)
        accumulate_gradients(list(compress(parameters, used)), list(compress(gradients, used)))
        return from_named(named)

    def _compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(_copy_of(function), fullgraph=True, dynamic=False, backend=self._backend)

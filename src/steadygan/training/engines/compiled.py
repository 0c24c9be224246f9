"""The compiled engine: each loss and its gradients are one graph, which torch.compile fuses as a whole.

The gradients are taken inside, by ``torch.func.grad``. Without it torch.compile makes a graph of the loss and another
of its backward pass, and hands all that the second one needs through autograd: small networks spend a quarter of their
time there (docs/speed.md). What a network remembers beside its weights, such as statistics, moves within and has to be
an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from steadygan.training.step.gradients import autograd_gradients, carry_out
from steadygan.training.step.terms import Terms, from_named, named_tensors, phase_terms

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.phases import Phase
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.game import Game, GameState
    from steadygan.training.step.setup import Setup
    from steadygan.types import Batch


class _Networks(nn.Module):
    """Both networks of a game as one module, so that a call can be given other tensors for theirs."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.critic, self.generator, self.game = game.critic, game.generator, game

    def forward(self, phase: Phase, *arguments: Any) -> tuple[Tensor, dict[str, Tensor]]:
        terms = phase_terms(self.game, phase, *arguments)
        return terms.loss, named_tensors(terms)

    def gradients(self, phase: Phase, *arguments: Any) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The gradients of a phase's loss in its player's parameters, and its terms by name, detached.

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


def _own(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a function with code of its own: torch.compile keeps compiled graphs with the code, and refuses the
    ninth network that one function sees in a process."""
    assert isinstance(function, FunctionType)
    code = function.__code__.replace()
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def leave(parameters: Sequence[nn.Parameter], gradients: Sequence[Tensor]) -> None:
    """Adds gradients to the parameters', in buffers of their strides, one for each.

    A compiler may answer with one tensor for two parameters whose gradients are equal, as biases of layers that are
    added; parts of a batch, summed in place, would count twice there.
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
    """Losses with their gradients compiled as one graph, for fixed shapes; the first step takes seconds to minutes."""

    name: EngineName = "compiled"

    def __init__(self, backend: str = "inductor") -> None:
        """
        Args:
            backend: of torch.compile; 'aot_eager' traces and differentiates alike but fuses nothing
        """
        self._backend = backend
        self._gradients: dict[Phase, Callable[..., Any]] = {}
        self._terms: dict[Phase, Callable[..., Terms]] = {}
        self._networks: _Networks | None = None
        self._apart = False

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        return carry_out(setup, phase, draws, self.gradients)

    def gradients(
        self, game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float
    ) -> Terms:
        """As ``autograd_gradients``.

        Where a loss sums over processes, which has no derivative within a graph, the loss is one graph and its backward
        pass another; and from then on, so that what is measured on one process's part is what runs.
        """
        draws = draws._replace(real=None)  # the batch stands for them
        self._apart = self._apart or game.exchanges
        if self._apart:
            if phase not in self._terms:
                self._terms[phase] = self._compiled(phase_terms)
            return autograd_gradients(game, phase, real, draws, state, share, self._terms[phase])
        if self._networks is None or self._networks.game is not game:
            self._networks = _Networks(game)
        if phase not in self._gradients:
            self._gradients[phase] = self._compiled(_Networks.gradients)
        with torch.no_grad():  # nothing outside the graph is differentiated
            gradients, terms = self._gradients[phase](self._networks, phase, real, draws, state, share)
        leave(game.players[phase.player].parameters, gradients)
        return from_named(terms)

    def _compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(_own(function), fullgraph=True, dynamic=False, backend=self._backend)

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

from steadygan.training.step import round
from steadygan.training.step.gradients import critic_gradients, generator_gradients
from steadygan.training.step.terms import CriticTerms, detached, fresh_critic_terms, generator_terms
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives import State
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import CriticDraws, GeneratorDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import Feed
    from steadygan.types import Batch


class _Players(nn.Module):
    """Both networks of a game as one module, so that a call can be given other tensors for theirs."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.critic, self.generator, self.game = game.critic, game.generator, game

    def forward(self, terms_of: Any, *arguments: Any) -> Any:
        return terms_of(self.game, *arguments)

    def gradients(self, player: str, terms_of: Any, *arguments: Any) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """Of ``terms_of(game, *arguments)``: the loss's gradients in the player's parameters, and what it answers.

        Args:
            player: 'critic' or 'generator'
            terms_of: gives the loss, and what else is wanted by name; no tensor of either is followed
            arguments: to it, after the game
        """
        weights: dict[str, Tensor] = {
            name: p for name, p in self.named_parameters() if p.requires_grad and name.startswith(player)
        }

        def loss_of(weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            found: tuple[Tensor, dict[str, Tensor]] = torch.func.functional_call(
                self, (weights, buffers), (terms_of, *arguments)
            )
            return found

        gradients, answer = torch.func.grad(loss_of, has_aux=True)(weights, dict(self.named_buffers()))
        return tuple(gradients.values()), answer


def _critic(game: Game, *arguments: Any) -> tuple[Tensor, dict[str, Tensor]]:
    terms = fresh_critic_terms(game, *arguments)
    fields = detached(terms)
    named = {f"real.{name}": field for name, field in fields.real._asdict().items()}
    named |= {f"fake.{name}": field for name, field in fields.fake._asdict().items()}
    named |= {"loss": fields.loss, "penalty": fields.penalty, "slope": fields.slope}
    return terms.loss, {name: field for name, field in named.items() if field is not None}


def _generator(game: Game, *arguments: Any) -> tuple[Tensor, dict[str, Tensor]]:
    loss, _ = generator_terms(game, *arguments)
    return loss, {"loss": loss.detach()}


def _output(answer: dict[str, Tensor], of: str) -> CriticOutput:
    return CriticOutput(*(answer.get(f"{of}.{name}") for name in CriticOutput._fields))  # type: ignore[arg-type]


def _own(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with code of its own: torch.compile keeps what it compiled with the code, and refuses the ninth
    network that a function of one process sees."""
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
    """Losses with their gradients compiled whole, with no break and for fixed shapes; the first step takes seconds to
    minutes."""

    name: EngineName = "compiled"

    def __init__(self, backend: str = "inductor") -> None:
        """
        Args:
            backend: of torch.compile; 'aot_eager' traces and differentiates alike but fuses nothing
        """

        def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
            return torch.compile(_own(function), fullgraph=True, dynamic=False, backend=backend)

        self._gradients = compiled(_Players.gradients)
        self._critic_terms, self._generator_terms = compiled(fresh_critic_terms), compiled(generator_terms)
        self._players: _Players | None = None
        self._apart = False

    def critic_step(self, game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms:
        return round.critic_step(game, feed, draws, self.critic_gradients)

    def generator_step(self, game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor:
        return round.generator_step(game, feed, draws, self.generator_gradients)

    def critic_gradients(self, game: Game, real: Batch, draws: CriticDraws, state: State, share: float) -> CriticTerms:
        """As ``gradients.critic_gradients``."""
        if self._takes_apart(game):
            return critic_gradients(game, real, draws, state, share, self._critic_terms)
        answer = self._taken(game, "critic", game.critic_parameters, _critic, real, draws, state, share)
        of_both = _output(answer, "real"), _output(answer, "fake")
        return CriticTerms(answer["loss"], answer.get("penalty"), answer.get("slope"), *of_both)

    def generator_gradients(
        self, game: Game, draws: GeneratorDraws, real: Batch | None, state: State, share: float
    ) -> Tensor:
        """As ``gradients.generator_gradients``."""
        if self._takes_apart(game):
            return generator_gradients(game, draws, real, state, share, self._generator_terms)
        return self._taken(game, "generator", game.generator_parameters, _generator, draws, real, state, share)["loss"]

    def _takes_apart(self, game: Game) -> bool:
        """Is the loss one graph and its backward pass another?

        So where it sums among processes, which has no derivative within a graph; and from then on, so that what is
        measured on one process's part is what runs.
        """
        self._apart = self._apart or game.exchanges
        return self._apart

    def _taken(
        self, game: Game, player: str, parameters: Sequence[nn.Parameter], terms_of: Any, *arguments: Any
    ) -> dict[str, Tensor]:
        """Leaves the gradients of a loss on the parameters; gives what else was wanted."""
        if self._players is None or self._players.game is not game:
            self._players = _Players(game)
        with torch.no_grad():  # nothing outside the graph is differentiated
            gradients, answer = self._gradients(self._players, player, terms_of, *arguments)
        leave(parameters, gradients)
        found: dict[str, Tensor] = answer
        return found

"""The graph engine: each step of a round recorded once as a CUDA graph, then replayed without the host's help.

A recording keeps the addresses that it saw. So draws are copied into buffers of its own before each replay, rates are
tensors that the round fills, the objective's and the perturbation's state is written back in place, and gradients stay
where the recording put them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from torch.utils import _pytree as pytree

from steadygan.errors import SteadyganError, UsageError
from steadygan.training.step import round
from steadygan.training.step.gradients import CriticGradients, GeneratorGradients, critic_gradients, generator_gradients

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import CriticDraws, GeneratorDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import Feed
    from steadygan.training.step.terms import CriticTerms

_WARM_UP = 3  # steps before recording: allocators, autotuning, optimizer state
_Result = TypeVar("_Result")


class NotRecordable(SteadyganError):
    """A recipe whose steps cannot be recorded; eager steps do what it asks for."""


class Recording(Generic[_Result]):
    """One step with draws of fixed shapes, recorded; the game is as before the recording when it is made."""

    def __init__(self, run: Callable[[Any], _Result], game: Game, draws: Any) -> None:
        self.game = game
        leaves, tree = pytree.tree_flatten(draws)
        self.held = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        static = pytree.tree_unflatten(self.held, tree)
        with torch.cuda.device(game.device), restored(game):  # a capture takes the present device's stream
            stream = torch.cuda.Stream(game.device)  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream(game.device))
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UP):
                    with_state_in_place(run, game, static)
            torch.cuda.current_stream(game.device).wait_stream(stream)
            self.graph = torch.cuda.CUDAGraph()
            self.result = self._captured(run, static, stream)
            parameters = [*game.generator_parameters, *game.critic_parameters]
            self.gradients = [(p, p.grad) for p in parameters if p.grad is not None]

    def _captured(self, run: Callable[[Any], _Result], static: Any, stream: torch.cuda.Stream) -> _Result:
        before = torch.cuda.current_stream(self.game.device)
        try:
            with torch.cuda.graph(self.graph, stream=stream):
                return with_state_in_place(run, self.game, static)
        except Exception as error:
            torch.cuda.set_stream(before)  # torch stays on the capture's stream where ending a capture fails, too,
            raise error.__context__ or error from None  # and that failure hides the first one

    def replay(self, draws: Any) -> _Result:
        """The step on new draws; what it returned the last time is overwritten."""
        for held, leaf in zip(self.held, pytree.tree_leaves(draws), strict=True):
            if isinstance(held, torch.Tensor):
                held.copy_(leaf, non_blocking=True)
        self.graph.replay()
        for parameter, gradient in self.gradients:  # a round drops them, the recording writes to them
            parameter.grad = gradient
        return self.result


def with_state_in_place(run: Callable[[Any], _Result], game: Game, draws: Any) -> _Result:
    """A step that writes the objective's and the perturbation's new state into the tensors of the old one."""
    state, perturbation = game.state, game.perturbation_state
    result = run(draws)
    for held, new in zip((*state, *perturbation), (*game.state, *game.perturbation_state), strict=True):
        held.copy_(new)
    game.state, game.perturbation_state = state, perturbation
    return result


@contextmanager
def restored(game: Game) -> Iterator[None]:
    """Puts back everything that a step changes, in place: weights, buffers, optimizer state, the objective's state.

    Steps within have to change that state in place, too (``with_state_in_place``).
    """
    tensors = [*game.generator.parameters(), *game.generator.buffers(), *game.critic.parameters()]
    tensors += [*game.critic.buffers(), *game.state, *game.perturbation_state]
    before = [tensor.detach().clone() for tensor in tensors]
    moments = {
        id(value): value.detach().clone()
        for optimizer in (game.generator_optimizer, game.critic_optimizer)
        for held in optimizer.state.values()
        for value in held.values()
        if isinstance(value, torch.Tensor)
    }
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)
            for optimizer in (game.generator_optimizer, game.critic_optimizer):
                for held in optimizer.state.values():
                    for moment in held.values():
                        if isinstance(moment, torch.Tensor):
                            # moments that the warm-up made begin at 0, as all of torch's optimizers do
                            moment.copy_(moments[id(moment)]) if id(moment) in moments else moment.zero_()


class Graph:
    """Records each kind of step when it is first met, and replays it from then on."""

    def __init__(
        self,
        of_critic: CriticGradients = critic_gradients,
        of_generator: GeneratorGradients = generator_gradients,
        name: EngineName = "graph",
    ) -> None:
        """
        Args:
            of_critic: takes the critic's gradients
            of_generator: takes the generator's
            name: of the engine
        """
        self.of_critic, self.of_generator, self.name = of_critic, of_generator, name
        self._recordings: dict[str, Recording[Any]] = {}

    def critic_step(self, game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms:
        """Raises UsageError or NotRecordable on the first call where the step cannot be recorded."""
        return self._replayed("critic", lambda d: round.critic_step(game, feed, d, self.of_critic), game, draws)

    def generator_step(self, game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor:
        """Raises UsageError or NotRecordable on the first call where the step cannot be recorded."""
        run = lambda d: round.generator_step(game, feed, d, self.of_generator)  # noqa: E731
        return self._replayed("generator", run, game, draws)

    def _replayed(self, which: str, run: Callable[[Any], _Result], game: Game, draws: Any) -> _Result:
        if any(held.game is not game for held in self._recordings.values()):
            self._recordings.clear()  # those of another game would hold its memory
        recording = self._recordings.get(which)
        if recording is None:
            check_recordable(game, self.name)
            recording = self._recordings[which] = Recording(run, game, draws)
        result: _Result = recording.replay(draws)
        return result


def check_recordable(game: Game, name: str = "graph") -> None:
    """Refuses what a recording would get wrong.

    Raises:
        UsageError: for another device than a GPU.
        NotRecordable: for settings that change by round and are no tensors.
    """
    if game.device.type != "cuda":
        raise UsageError(f"engine '{name}' records steps on an NVIDIA GPU, and the run is on {game.device.type}")
    for player, optimizer in (("generator", game.recipe.generator_optimizer), ("critic", game.recipe.critic_optimizer)):
        first, later = optimizer.settings(0), optimizer.settings(10_000)
        moving = [name for name in first if name != "lr" and first[name] != later[name]]
        if moving:
            raise NotRecordable(f"a recording cannot follow the {player} optimizer's {moving[0]}, which moves by round")

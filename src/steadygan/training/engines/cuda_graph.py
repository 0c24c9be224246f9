"""CUDA graphs: the gradients of each phase are recorded once on a GPU, then replayed without launch overhead.

A recording has fixed addresses. So batches, draws and state are copied into its static buffers before each replay,
settings of the round are tensors filled in place, and gradients stay in the recording's buffers. The optimizer step
and the sum over processes stay outside: settings may change, data may be streamed, and several processes may train
unless a loss itself communicates among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.utils import _pytree as pytree

from steadygan.errors import UsageError
from steadygan.training.engines.base import NotRecordable
from steadygan.training.engines.compiled import accumulate_gradients
from steadygan.training.step.gradients import Gradients, autograd_gradients, carry_out

if TYPE_CHECKING:
    from steadygan.phases import Phase
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.state import GameState
    from steadygan.training.step.terms import Terms
    from steadygan.types import Batch

_WARM_UP = 3  # before recording: allocators, autotuning


class Recording:
    """A recorded graph of one phase's gradients for inputs of fixed shapes; recording leaves the game unchanged."""

    def __init__(self, gradients: Gradients, game: Game, phase: Phase, inputs: Any, share: float) -> None:
        leaves, tree = pytree.tree_flatten(inputs)
        self.buffers = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        real, draws, state = pytree.tree_unflatten(self.buffers, tree)
        self.game, self.parameters = game, game.players[phase.player].parameters
        with torch.cuda.device(game.device), restored(game):  # a capture uses the current device's stream
            stream = torch.cuda.Stream(game.device)  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream(game.device))
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UP):
                    self._drop_gradients()
                    gradients(game, phase, real, draws, state, share)
            torch.cuda.current_stream(game.device).wait_stream(stream)
            self._drop_gradients()
            self.graph = torch.cuda.CUDAGraph()
            self.terms = self._captured(lambda: gradients(game, phase, real, draws, state, share), stream)
            self.gradients = [(p, p.grad) for p in self.parameters if p.grad is not None]

    def _drop_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def _captured(self, run: Any, stream: torch.cuda.Stream) -> Terms:
        before = torch.cuda.current_stream(self.game.device)
        try:
            # other threads may use the device meanwhile: a prefetcher pins memory
            with torch.cuda.graph(self.graph, stream=stream, capture_error_mode="thread_local"):
                terms: Terms = run()
                return terms
        except Exception as error:
            torch.cuda.set_stream(before)  # torch stays on the capture's stream if ending the capture fails too,
            raise error.__context__ or error from None  # and that failure hides the first one

    def replay(self, inputs: Any) -> Terms:
        """Adds the gradients for new inputs to the parameters'; returns terms in the recording's buffers."""
        for buffer, leaf in zip(self.buffers, pytree.tree_leaves(inputs), strict=True):
            if isinstance(buffer, torch.Tensor):
                buffer.copy_(leaf, non_blocking=True)
        for parameter, gradient in self.gradients:
            if parameter.grad is gradient:  # of an earlier micro-batch: the replay would overwrite it
                parameter.grad = gradient.clone()
        self.graph.replay()
        accumulate_gradients([p for p, _ in self.gradients], [gradient for _, gradient in self.gradients])
        return self.terms


@contextmanager
def restored(game: Game) -> Iterator[None]:
    """Context that restores what computing gradients changes: buffers of networks, and gradients of parameters."""
    players = game.players.values()
    tensors = [buffer for player in players for buffer in player.network.buffers()]
    before = [tensor.detach().clone() for tensor in tensors]
    gradients = [(parameter, parameter.grad) for player in players for parameter in player.parameters]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)
        for parameter, gradient in gradients:
            parameter.grad = gradient


class CUDAGraph:
    """Records the gradients of each phase at the first call with inputs of these shapes; replays them afterwards."""

    def __init__(self, gradients: Gradients = autograd_gradients, name: EngineName = "graph") -> None:
        """
        Args:
            gradients: function to record
            name: of the engine
        """
        self.name = name
        self._gradients = gradients
        self._recordings: dict[Any, Recording] = {}

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        """Raises UsageError or NotRecordable on the first call if the phase cannot be recorded."""
        return carry_out(setup, phase, draws, self.gradients)

    def gradients(
        self, game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float
    ) -> Terms:
        """As ``autograd_gradients``."""
        if any(recording.game is not game for recording in self._recordings.values()):
            self._recordings.clear()  # those of another game keep its memory alive
        inputs = real, draws._replace(real=None), state  # ``real`` is their batch
        shapes = tuple(leaf.shape for leaf in pytree.tree_leaves(inputs) if isinstance(leaf, torch.Tensor))
        key = phase, game.stages.level, share, shapes
        recording = self._recordings.get(key)
        if recording is None:
            check_recordable(game, self.name)
            self._drop_other_levels(game.stages.level)
            recording = self._recordings[key] = Recording(self._gradients, game, phase, inputs, share)
        terms = recording.replay(inputs)
        if share * game.world.size < 1.0:  # another micro-batch's replay would overwrite them
            copied: Terms = pytree.tree_map(lambda t: t.clone() if isinstance(t, torch.Tensor) else t, terms)
            return copied
        return terms

    def _drop_other_levels(self, level: int) -> None:
        """Gives back the memory of sizes that growing networks have left, before that of another is taken."""
        self._recordings = {key: recording for key, recording in self._recordings.items() if key[1] == level}


def check_recordable(game: Game, name: str = "graph") -> None:
    """Checks that the game's losses can be recorded.

    Raises:
        UsageError: for a device that is no GPU.
        NotRecordable: for losses that communicate among processes.
    """
    if game.device.type != "cuda":
        raise UsageError(f"engine '{name}' records steps on an NVIDIA GPU, and the run is on {game.device.type}")
    if game.exchanges:
        raise NotRecordable("the loss itself sums over the processes, which a recording cannot hold")

"""A trial of both networks before training: passes of the sizes that steps will have, every fault as one line.

What the user's own networks do is checked further: ``own_networks.py``.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch import nn

from steadygan.errors import SteadyganError, UsageError, in_one_line
from steadygan.networks.building import spec_name
from steadygan.networks.layers.inspect import group_size, is_norm
from steadygan.networks.layers.own import is_own
from steadygan.training.out_of_memory import is_out_of_memory
from steadygan.training.step.draws import micro_batches
from steadygan.training.step.probe import trial_latents, trial_samples, unchanged
from steadygan.types import PLAYERS, PlayerName, Sample, scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

T = TypeVar("T")

_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.SyncBatchNorm)


class Part(NamedTuple):
    """The samples of one pass, and where their number comes from."""

    samples: int
    got: str
    """'batch is 65 in parts of 64 (run.micro_batch)'"""


def parts(recipe: Recipe, processes: int = 1) -> Iterator[Part]:
    """The parts of each batch that pass a network together."""
    for name, count in (("batch", recipe.batch), ("generator_batch", recipe.fakes)):
        got = f"{name} is {count}" + (f" over {processes} processes" if processes > 1 else "")
        got += f" in parts of {recipe.run.micro_batch} (run.micro_batch)" if recipe.run.micro_batch else ""
        for rows in micro_batches(slice(0, count // processes), recipe.run.micro_batch):
            yield Part(rows.stop - rows.start, got)


def try_networks(game: Game) -> tuple[str, ...]:
    """Passes both networks once in training mode, and leaves them unchanged; returns warnings.

    Raises:
        UsageError: one line, if a pass fails.
    """
    sizes = {part.samples: part for part in reversed(list(parts(game.recipe, game.world.size)))}
    warnings: dict[str, None] = {}
    for player in PLAYERS[::-1]:
        for part in _tried(game, player, sizes):
            warnings.update(dict.fromkeys(_pass(game, player, part)))
    return tuple(warnings)


def first_steps(steps: Callable[[], T]) -> T:
    """Carries out the first steps of both players, which take gradients too.

    Raises:
        UsageError: one line for any error; memory that runs out is not answered here.
    """
    try:
        return steps()
    except (SteadyganError, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(f"the first step fails, so nothing was begun: {in_one_line(error)}") from error


def _tried(game: Game, player: PlayerName, sizes: dict[int, Part]) -> list[Part]:
    """All sizes for networks of the user's own, which may be made for one of them; else the least that says as much."""
    network = game.players[player].network
    if is_own(network):
        joined = player == "critic" and game.joins_passes
        return [*sizes.values(), *(part._replace(samples=2 * part.samples) for part in sizes.values() if joined)]
    least = sizes[min(sizes)]
    return [least._replace(samples=min(least.samples, 2 * group_size(network)))]


def _pass(game: Game, player: PlayerName, part: Part) -> list[str]:
    """One pass in training mode; returns warnings."""
    network = game.players[player].network
    latents, labels = trial_latents(game.recipe, game.sample, game.device, part.samples)
    inputs: Sample = latents
    if player == "critic":
        inputs = trial_samples(game.average, latents, labels, game.sample)
    seen: list[_Norm] = []
    try:
        with torch.no_grad(), unchanged(network), game.autocast(), _watched(network, seen):
            network(inputs, labels)
    except SteadyganError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        for norm in seen:
            if norm.values == 1:
                raise UsageError(norm.refusal(player, game.recipe, part)) from error
        raise UsageError(_failure(game, player, inputs, error)) from error
    return [norm.warning(player) for norm in seen if norm.values == 1]


def _failure(game: Game, player: PlayerName, inputs: Sample, error: Exception) -> str:
    shapes = ", ".join(str(list(scale.shape)) for scale in scales_of(inputs))
    what = "latents" if player == "generator" else "samples"
    return f"the {player} {spec_name(getattr(game.recipe, player))} fails for {what} {shapes}: {in_one_line(error)}"


@dataclass(frozen=True)
class _Norm:
    """A norm in a pass, and how many values each of its statistics is of."""

    name: str
    kind: str
    values: int
    over_batch: bool

    def refusal(self, player: PlayerName, recipe: Recipe, part: Part) -> str:
        has_field = hasattr(getattr(recipe, player), "norm")
        other = f"--{player}.norm none" if has_field else "another norm"
        if self.over_batch:
            return (
                f"the {player} has batch norm ({self.name}), which needs two values of a channel at least, but a pass "
                f"has {part.samples} sample of one: {part.got}; take a larger batch, or {other}"
            )
        return f"the {player}: {self.warning(player).partition(' ')[2]}"

    def warning(self, player: PlayerName) -> str:
        return (
            f"the {player}'s {self.kind} ({self.name}) takes each statistic of one value alone, so that its output is "
            "the same for every sample: take larger samples, or another norm there"
        )


@contextlib.contextmanager
def _watched(network: nn.Module, seen: list[_Norm]) -> Iterator[None]:
    """Context in which each norm that is passed is noted, before it is carried out."""

    def noted(name: str, module: nn.Module) -> object:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs and isinstance(inputs[0], torch.Tensor) and inputs[0].dim() > 1:
                over_batch = isinstance(module, _BATCH_NORMS)
                seen.append(_Norm(name, type(module).__name__, _values(module, inputs[0]), over_batch))

        return module.register_forward_pre_hook(hook)

    hooks = [noted(name, module) for name, module in network.named_modules() if is_norm(module)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()  # type: ignore[attr-defined]


def _values(norm: nn.Module, x: Tensor) -> int:
    """How many values each statistic of a norm is taken of."""
    positions = math.prod(x.shape[2:])
    if isinstance(norm, _BATCH_NORMS):
        return len(x) * positions
    if isinstance(norm, nn.GroupNorm):
        return x.shape[1] // norm.num_groups * positions
    if isinstance(norm, nn.LayerNorm):
        return math.prod(norm.normalized_shape)
    return positions  # instance norm

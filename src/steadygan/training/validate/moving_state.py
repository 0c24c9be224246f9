"""State that passes in training mode move: buffers of networks, besides those of batch norms and spectral norms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError
from steadygan.measuring import preserved_buffers, preserved_random_state
from steadygan.training.step.probe import trial_latents
from steadygan.training.validate.reading import BATCH_NORMS

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.step.game import Game


def moving_state_warnings(game: Game) -> Iterator[str]:
    """Buffers that a forward in training mode moves; batch norms are warned of elsewhere, spectral norms stay."""
    size = game.recipe.run.micro_batch
    before = _networks_buffers(game)
    for name, buffers in _after(game, torch.zeros_like).items():
        moved = _different(buffers, before[name])
        if moved:
            yield (
                f"{moved[0]} of the {name} moves at each forward pass: once for {size} samples (run.micro_batch), "
                "not once a step"
            )


def refuse_states_of_parts(game: Game, processes: int) -> None:
    """Refuses buffers that follow the samples, of which each process has other ones; batch norms are synchronised.

    Raises:
        UsageError: one line that names the first of them.
    """
    one, other = _after(game, lambda latents: latents), _after(game, torch.neg)
    for name, buffers in one.items():
        different = _different(buffers, other[name])
        if different:
            raise UsageError(
                f"{different[0]} of the {name} follows the samples of each forward pass, and each of {processes} "
                "processes has other ones, so that their networks would part: train in one process, or without it"
            )


def _after(game: Game, latents_of: Callable[[Tensor], Tensor]) -> dict[str, dict[str, Tensor]]:
    """The buffers of both networks after a pass from latents made of fixed ones; the game is left unchanged."""
    recipe = game.recipe
    count = min(recipe.batch, recipe.run.micro_batch or recipe.batch)
    latents, labels = trial_latents(recipe, game.sample, game.device, count)
    with (
        preserved_random_state(),
        preserved_buffers(game.generator),
        preserved_buffers(game.critic),
        torch.no_grad(),
        game.autocast(),
    ):
        torch.manual_seed(0)
        samples = game.generator(latents_of(latents), labels)
        game.critic(samples, labels)
        return _networks_buffers(game)


def _networks_buffers(game: Game) -> dict[str, dict[str, Tensor]]:
    return {"generator": _buffers(game.generator), "critic": _buffers(game.critic)}


def _different(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    return [name for name in one if not torch.equal(one[name], other[name])]


def _buffers(network: nn.Module) -> dict[str, Tensor]:
    """Copies of the buffers of all modules but batch norms, by name."""
    modules = [(name, part) for name, part in network.named_modules() if not isinstance(part, BATCH_NORMS)]
    return {
        f"{name}.{key}".lstrip("."): buffer.clone()
        for name, part in modules
        for key, buffer in part.named_buffers(recurse=False)
    }

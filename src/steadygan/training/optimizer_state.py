"""Optimizer state of a checkpoint, checked against what the recipe's optimizer keeps for each parameter.

State of another shape would be read and written beyond its end by torch's fused kernels; missing state would begin at
zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from steadygan.errors import RunError
from steadygan.run.checkpoints import check_tensors

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.step.player import Player


def check_optimizer(player: Player, saved: Mapping[str, Tensor], path: Path) -> None:
    """Raises RunError unless each parameter has all of the state that its optimizer keeps, or none (it was not used).

    Args:
        player: with an optimizer that has taken no step
        saved: tensors by 'INDEX.KEY'
        path: of their file, for the error
    """
    by_index: dict[str, dict[str, Tensor]] = {}
    for name, tensor in saved.items():
        index, _, key = name.partition(".")
        by_index.setdefault(index, {})[key] = tensor
    kept: dict[tuple[torch.Size, torch.dtype], dict[str, Tensor]] = {}
    parameters = _parameters(player)
    for index, tensors in by_index.items():
        number = int(index) if index.isascii() and index.isdigit() else len(parameters)
        if number >= len(parameters) or str(number) != index:
            raise RunError(f"{path} has state of parameter '{index[:60]}'; the network has {len(parameters)}")
        parameter = parameters[number]
        kind = (parameter.shape, parameter.dtype)
        if kind not in kept:
            kept[kind] = _after_a_step(player, parameter)
        check_tensors(tensors, kept[kind], path, f"the optimizer, for parameter {index},")


def check_left_out(player: Player, saved: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path) -> None:
    """Raises RunError if a parameter without state was trained: it is not as it was at round 0.

    For checkpoints without hashes, of which nothing else says that state is missing.

    Args:
        player: at round 0
        saved: state, as for ``check_optimizer``
        weights: of the checkpoint
        path: of the state's file, for the error
    """
    have = {name.partition(".")[0] for name in saved}
    if not _keeps_state(player):
        return
    for index, (name, parameter) in enumerate(player.network.named_parameters()):
        trained = name in weights and not torch.equal(weights[name], parameter.detach().cpu())
        if str(index) not in have and trained:
            raise RunError(f"{path} is damaged: it has no state of '{name}', which was trained")


def _parameters(player: Player) -> list[nn.Parameter]:
    return [parameter for group in player.optimizer.param_groups for parameter in group["params"]]


def _keeps_state(player: Player) -> bool:
    parameters = _parameters(player)
    return bool(parameters) and bool(_after_a_step(player, parameters[0]))


def _after_a_step(player: Player, like: nn.Parameter) -> dict[str, Tensor]:
    """State of a parameter of this shape and type after one step of the optimizer."""
    parameter = torch.nn.Parameter(torch.zeros_like(like))
    parameter.grad = torch.zeros_like(parameter)
    optimizer = player.spec.build([parameter])
    optimizer.step()
    state = optimizer.state.get(parameter, {})
    return {key: value if isinstance(value, torch.Tensor) else torch.tensor(value) for key, value in state.items()}

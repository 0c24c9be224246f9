"""Checkpoints: atomic folders of safetensors and JSON, without pickle.

A folder ``checkpoints/000500`` is written under another name, synced and renamed, so it is never partial. It holds all
that a round changes; random numbers are functions of (seed, round), so the counters are their state. Each file is
hashed as it is written, and checked when it is read.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save
from torch.utils import _pytree as pytree

from steadygan.run.checkpoints import FORMAT, CheckpointState, check_tensors, load_network, load_tensors, read_state
from steadygan.run.hashes import mark_of, sealed
from steadygan.run.layout import STATE, folder_name, list_checkpoints, tensors_path
from steadygan.system.files import ASIDE, to_json, written_aside
from steadygan.training.finite_check import check_finite
from steadygan.training.optimizer_state import check_left_out, check_optimizer
from steadygan.training.step.counters import Counters
from steadygan.training.step.state import GameState

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.step.game import Game


def _network_tensors(module: nn.Module) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in module.state_dict().items():
        kept = tensor.detach().cpu().contiguous()
        place = kept.untyped_storage().data_ptr()
        tensors[name] = kept.clone() if place in seen else kept  # tied weights: a file holds each of them
        seen.add(place)
    return tensors


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors = {}
    index = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for key, value in optimizer.state.get(parameter, {}).items():
                tensor = value if isinstance(value, torch.Tensor) else torch.tensor(value)
                tensors[f"{index}.{key}"] = tensor.detach().cpu().contiguous()
            index += 1
    return tensors


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, saved in tensors.items():
        index, key = name.split(".", 1)
        parameter = parameters[int(index)]
        if saved.shape == parameter.shape and saved.dim() > 0:
            # the parameter's strides: fused optimizers walk both by memory order and would mix elements silently
            value = torch.empty_like(parameter, dtype=saved.dtype, requires_grad=False)
            value.copy_(saved)
        else:
            device = (
                parameter.device if optimizer.defaults.get("capturable") or optimizer.defaults.get("fused") else "cpu"
            )
            value = saved.clone().to(device)
        optimizer.state[parameter][key] = value


DOCTOR = "doctor"
"""file of what the doctor remembers of its looks, if it had any"""


def save_checkpoint(
    folder: Path,
    game: Game,
    counters: Counters,
    extra: dict[str, Any] | None = None,
    seen_by_doctor: Mapping[str, Tensor] | None = None,
) -> Path:
    """Writes the checkpoint ``folder/ROUND`` atomically; one that exists is replaced.

    Args:
        folder: of the checkpoints
        game: after the round
        counters: of the run
        extra: further entries of its state
        seen_by_doctor: what the doctor remembers of its looks

    Raises:
        NotFiniteError: for weights, optimizer state or other state that is not finite.
        RunError: for a disk that is full or cannot be written.
    """
    check_finite(game, counters.round)
    target = folder / folder_name(counters.round)
    for stale in folder.glob(f"{ASIDE}*"):  # of a killed process
        shutil.rmtree(stale, ignore_errors=True)
    with written_aside(target, durable=True) as aside:
        aside.mkdir()
        marks = {}
        for name, tensors in itertools.chain(_files(game), [(DOCTOR, dict(seen_by_doctor or {}))]):
            if name == DOCTOR and not tensors:
                continue
            content = save(tensors, metadata={"format": "pt"})
            path = tensors_path(aside, name)
            marks[path.name] = mark_of(content)
            path.write_bytes(content)
        state = {
            "format": FORMAT,
            **asdict(counters),
            "precision": game.precision,
            "device": game.device.type,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            **(extra or {}),
            "files": {name: mark.to_json() for name, mark in marks.items()},
        }
        (aside / STATE).write_bytes(to_json(sealed(state)).encode())
    return target


def _files(game: Game) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Names and tensors of a checkpoint's files, on the CPU; one at a time, since all together may not fit."""
    for name, network in game.networks.items():
        yield name, _network_tensors(network)
    for player_name, player in game.trained.items():
        yield f"{player_name}_optimizer", _optimizer_tensors(player.optimizer)
    for name, leaves in _state_files(game.state):
        yield name, {str(i): tensor.detach().cpu() for i, tensor in enumerate(leaves)}


def counters_of(state: CheckpointState) -> Counters:
    """Reads the counters from a checkpoint's state."""
    return Counters(**{name: getattr(state, name) for name in Counters.__dataclass_fields__})


def load_checkpoint(checkpoint: Path, game: Game) -> Counters:
    """Loads a checkpoint into a game at round 0, in place; returns the counters.

    Each file is checked before it is believed: its hash, and the names, shapes and types that the recipe's networks,
    optimizers and states have.

    Raises:
        RunError: if a file is missing, damaged, or of other networks.
    """
    state = read_state(checkpoint)
    optimizers = {}
    for player_name, player in game.trained.items():
        path = tensors_path(checkpoint, f"{player_name}_optimizer")
        saved = load_tensors(checkpoint, path.stem, state)
        check_optimizer(player, saved, path)
        if state.files is None:
            check_left_out(player, saved, load_tensors(checkpoint, player_name, state), path)
        optimizers[player_name] = saved
    for name, network in game.networks.items():
        load_network(network, checkpoint, name, state)
    for player_name, player in game.trained.items():
        _restore_optimizer(player.optimizer, optimizers[player_name])
    for name, leaves in _state_files(game.state):
        saved, own = load_tensors(checkpoint, name, state), {str(i): tensor for i, tensor in enumerate(leaves)}
        check_tensors(saved, own, tensors_path(checkpoint, name), f"the {name} state of this recipe")
        for key, tensor in own.items():
            tensor.copy_(saved[key])
    return counters_of(state)


def _state_files(state: GameState) -> list[tuple[str, list[Tensor]]]:
    """File names and tensors of a game's state, one file for each field; empty fields have none."""
    files = [(name, pytree.tree_leaves(value)) for name, value in state._asdict().items()]
    return [(name, leaves) for name, leaves in files if leaves or name == "objective"]


def prune(folder: Path, keep_last: int, keep_every: int | None, best: int | None = None) -> None:
    """Deletes checkpoints except the last ones, the best, and each whose round is a multiple of ``keep_every``."""
    checkpoints = list_checkpoints(folder)
    for path in checkpoints[:-keep_last]:
        if int(path.name) != best and (keep_every is None or int(path.name) % keep_every):
            delete_checkpoint(path)


def delete_checkpoint(path: Path) -> None:
    """Deletes a checkpoint, under another name first: a kill leaves no half of it that counts as one."""
    aside = path.with_name(f"{ASIDE}{os.getpid()}-{path.name}")
    try:
        path.rename(aside)
    except OSError:  # as on Windows, where another program has a file of it open
        (path / STATE).unlink(missing_ok=True)  # without it the folder is no checkpoint
        aside = path
    shutil.rmtree(aside, ignore_errors=True)

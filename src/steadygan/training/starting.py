"""Starting from other weights (fine-tuning): what fits by name and shape, and what was matched, in words.

A tensor whose shape differs along one axis alone (other classes, channels or latents) is resized: the part that both
have is taken, of equalised layers so that it is the same in use, and the rest keeps its initial values. Other
differences leave the initial values as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError
from steadygan.networks.layers.equalized import same_in_use
from steadygan.networks.layers.inspect import growing_parts, settle
from steadygan.run.checkpoints import load_tensors, read_state
from steadygan.run.foreign_weights import read_own_names
from steadygan.run.layout import tensors_path
from steadygan.types import PlayerName

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.step.game import Game

_SHOWN = 3
"""names in a line"""
_ESTIMATES = (".0.u", ".0.v")  # of spectral norms, fitted to the weights anew


@dataclass(frozen=True)
class Match:
    """Which tensors of a network get values from others."""

    equal: tuple[str, ...]
    """of the same name and shape"""
    resized: tuple[str, ...]
    """of the same name, and of another length along one axis"""
    missing: tuple[str, ...]
    """which keep their initial values"""
    unused: tuple[str, ...]
    """of the others, which the network has no place for"""

    @property
    def whole(self) -> bool:
        """True if both have the same names and shapes."""
        return not (self.resized or self.missing or self.unused)


def match(saved: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Match:
    """Compares saved tensors with those of a network, by name and shape."""
    equal, resized, missing = [], [], []
    for name, tensor in own.items():
        other = saved.get(name)
        if other is None or other.is_floating_point() != tensor.is_floating_point():
            missing.append(name)
        elif other.shape == tensor.shape:
            equal.append(name)
        elif _differing_axes(other, tensor) == 1:
            resized.append(name)
        else:
            missing.append(name)
    unused = [name for name in saved if name not in own]
    return Match(tuple(equal), tuple(resized), tuple(missing), tuple(unused))


def _differing_axes(first: Tensor, second: Tensor) -> int:
    """Axes of different length; 0 for another number of axes."""
    return sum(a != b for a, b in zip(first.shape, second.shape, strict=True)) if first.dim() == second.dim() else 0


def load_matching(network: nn.Module, saved: Mapping[str, Tensor]) -> Match:
    """Takes the values of saved tensors that fit, in place; spectral norms' vectors are fitted to the weights then."""
    own = network.state_dict()
    saved = _by_size(network, saved, own)
    found = match(saved, own)
    with torch.no_grad():
        for name in found.equal:
            own[name].copy_(saved[name])
        for name in found.resized:
            if not name.endswith(_ESTIMATES):
                shared = tuple(slice(0, min(a, b)) for a, b in zip(own[name].shape, saved[name].shape, strict=True))
                own[name][shared].copy_(saved[name][shared] * _to_be_same(network, name, saved[name], own[name]))
    if not found.whole:
        settle(network)
    for part in growing_parts(network):  # the new run decides its size
        part.grow(part.levels - 1, 0.0)
    return found


def _to_be_same(network: nn.Module, name: str, saved: Tensor, own: Tensor) -> float:
    """Factor of a resized weight whose layer scales what is stored by its number of inputs."""
    layer, of_weight, _ = name.partition(".parametrizations.weight.original")
    if not of_weight:
        return 1.0
    axis = next(i for i, (a, b) in enumerate(zip(saved.shape, own.shape, strict=True)) if a != b)
    return same_in_use(network.get_submodule(layer), axis, saved.shape[axis], own.shape[axis])


def _by_size(network: nn.Module, saved: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Saved tensors with the numbers of this network's blocks, where another size has more or fewer of them.

    Blocks that are numbered from the largest maps on (``largest_first``) are counted from the other end, so that those
    of one size of maps have one name.
    """
    shifts: dict[str, int] = {}
    for name in getattr(network, "largest_first", ()):
        shifts[name] = _last(name, own) - _last(name, saved)
    if not any(shifts.values()):
        return saved
    moved = {}
    for key, tensor in saved.items():
        for name, shift in shifts.items():
            found = _numbered(name).match(key)
            if found and int(found[1]) + shift >= 0:
                key = f"{name}.{int(found[1]) + shift}{key[found.end() :]}"
        moved[key] = tensor
    return moved


def _last(name: str, keys: Iterable[str]) -> int:
    return max((int(found[1]) for found in map(_numbered(name).match, keys) if found), default=0)


@cache
def _numbered(name: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(name)}\.(\d+)(?=\.)")


def start_from(game: Game, source: Path) -> tuple[str, ...]:
    """Loads the weights of a checkpoint or a file into a game at round 0, in place; what was taken, in lines.

    Raises:
        UsageError: if nothing fits, or the file cannot be read.
        RunError: for a damaged checkpoint.
    """
    saved, layouts = (_of_checkpoint(source), ()) if source.is_dir() else _of_file(game, source)
    networks: dict[PlayerName, tuple[nn.Module, ...]] = {
        "generator": (game.generator, game.average),
        "critic": (game.critic,),
    }
    found: dict[PlayerName, Match] = {}
    for player, tensors in saved.items():
        for network in networks[player]:
            found[player] = load_matching(network, tensors)
    if not any(each.equal or each.resized for each in found.values()):
        held = "; ".join(_held(found[player], tensors, networks[player][0]) for player, tensors in saved.items())
        raise UsageError(
            f"nothing in {source} fits the networks of recipe '{game.recipe.name}', by name and shape ({held}): "
            f"name the recipe that it is of{'; '.join(('', *layouts))}"
        )
    for player, each in found.items():
        _need_finite(source, player, each, networks[player][0])
    lines = [line for player in networks for line in _lines(player, found.get(player), saved.get(player), networks)]
    return (*layouts, *lines, *_encoder_from(game, source))


def _held(found: Match, saved: Mapping[str, Tensor], network: nn.Module) -> str:
    """The first of the saved tensors that have no place: by name, or, of a name that is there, by type and shape."""
    own = network.state_dict()
    others = [f"{name} is {_form(saved[name])}, here {_form(own[name])}" for name in found.missing if name in saved]
    return shown([*others, *found.unused])


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _need_finite(source: Path, player: PlayerName, found: Match, network: nn.Module) -> None:
    """Raises UsageError for taken values that are not finite in the network's own type."""
    own = network.state_dict()
    for name in (*found.equal, *found.resized):
        if own[name].is_floating_point() and not bool(own[name].isfinite().all()):
            raise UsageError(
                f"'{shown([name])}' of the {player} in {source} holds numbers that are not finite: start from another "
                "checkpoint, or without it"
            )


def _encoder_from(game: Game, source: Path) -> tuple[str, ...]:
    """Takes the trained encoder of a checkpoint, if it fits as a whole: it is not trained again."""
    spec = game.recipe.encoder
    if game.encoder is None or spec is None:
        return ()
    if source.is_dir() and tensors_path(source, "encoder").exists():
        saved, own = load_tensors(source, "encoder"), game.encoder.network.state_dict()
        if match(saved, own).whole:
            load_matching(game.encoder.network, saved)
            game.state = game.state._replace(pretraining=(torch.full_like(game.state.pretraining[0], spec.steps),))
            return ("weights of the encoder: all matched; it is not trained again",)
    return ("weights of the encoder: none; it is trained before the first round",)


def _of_checkpoint(checkpoint: Path) -> dict[PlayerName, dict[str, Tensor]]:
    state = read_state(checkpoint)
    return {
        "generator": load_tensors(checkpoint, "average", state),
        "critic": load_tensors(checkpoint, "critic", state),
    }


def _of_file(game: Game, path: Path) -> tuple[dict[PlayerName, dict[str, Tensor]], tuple[str, ...]]:
    """The tensors of a file by player, and whose they are; those without a player go to the network they fit best."""
    saved, layouts = read_own_names(path)
    if None not in saved:
        return {player: tensors for player, tensors in saved.items() if player is not None}, layouts
    networks: dict[PlayerName, nn.Module] = {"generator": game.generator, "critic": game.critic}
    fits = {player: len(match(saved[None], network.state_dict()).equal) for player, network in networks.items()}
    return {max(fits, key=lambda player: fits[player]): saved[None]}, layouts


def _lines(
    player: PlayerName,
    found: Match | None,
    saved: Mapping[str, Tensor] | None,
    networks: Mapping[PlayerName, Sequence[nn.Module]],
) -> list[str]:
    if found is None or saved is None:
        return [f"weights of the {player}: none; it starts anew"]
    count = len(found.equal) + len(found.resized) + len(found.missing)
    line = f"weights of the {player}: {len(found.equal)} of {count} tensors matched"
    own = networks[player][0].state_dict()
    resized = [
        f"{name} {list(saved[name].shape)} to {list(own[name].shape)}"
        for name in found.resized
        if not name.endswith(_ESTIMATES)
    ]
    for what, names in (("resized", resized), ("left as they begin", found.missing), ("not used", found.unused)):
        if names:
            line += f"; {len(names)} {what} ({shown(names)})"
    return [line]


def shown(names: Sequence[str]) -> str:
    """The first names of some, and how many more there are."""
    more = len(names) - _SHOWN
    listed = ", ".join(name.replace(".parametrizations.weight.original", ".weight")[:120] for name in names[:_SHOWN])
    return f"{listed}, and {more} more" if more > 0 else listed

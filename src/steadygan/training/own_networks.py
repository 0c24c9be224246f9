"""Checks of networks of the user's own before training: what would fail or learn nothing is one line."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save

from steadygan.errors import SteadyganError, UsageError, in_one_line
from steadygan.networks.building import spec_name
from steadygan.networks.layers.given import Given
from steadygan.networks.layers.own import OwnNetwork, is_own
from steadygan.networks.own import Own
from steadygan.penalties.gradient_norms import norm_of_scores
from steadygan.penalties.second_derivatives import leaves, marked_as_once_differentiable
from steadygan.rng import torch_seeded
from steadygan.scores import bounded_by
from steadygan.training.out_of_memory import is_out_of_memory
from steadygan.training.step.probe import (
    answer_of,
    input_gradients,
    trial_latents,
    trial_samples,
    unchanged,
    uses_inputs,
    uses_labels,
)
from steadygan.types import PLAYERS, PlayerName, Sample, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game
    from steadygan.types import SampleSpec

_COUNT = 4
_FAR = 4.0  # beyond the range of pictures


def check_own(game: Game) -> tuple[str, ...]:
    """Checks the user's own networks of a game, which is left unchanged; returns warnings.

    Raises:
        UsageError: for a network that cannot be trained, built again or saved.
    """
    warnings: list[str] = []
    for player in PLAYERS[::-1]:
        network = game.players[player].network
        if is_own(network):
            who = f"the {player} {spec_name(getattr(game.recipe, player))}"
            _check_parameters(who, network)
            _check_state(who, network)
            _check_gradients(game, player, who)
            _check_counts(game, player, who)
            warnings += _half_warnings(who, network)
            if player == "critic" and _input_gradients_held(game):
                _check_second_derivatives(game, who)
            if player == "critic":
                warnings += (*_mixing_warnings(game, who), *_bound_warnings(game, who))
            if isinstance(getattr(getattr(game.recipe, player), "network", None), Given):
                warnings.append(f"{who} was handed over built: it begins with the weights it had, whatever the seed")
    return (*warnings, *_range_warnings(game))


def with_labels_settled(recipe: Recipe, sample: SampleSpec) -> Recipe:
    """The recipe with ``conditional`` settled where a network of the user's own leaves it open: whether it uses labels.

    A forward that has a parameter for labels, and makes no use of it, is not conditional.
    """
    changes: dict[str, Any] = {}
    for player in PLAYERS:
        spec: Any = getattr(recipe, player)
        if isinstance(spec, Own) and spec.conditional is None:
            changes[player] = dataclasses.replace(spec, conditional=_is_conditional(recipe, spec, player, sample))
    return dataclasses.replace(recipe, **changes) if changes else recipe


def _is_conditional(recipe: Recipe, spec: Own, player: PlayerName, sample: SampleSpec) -> bool:
    with torch_seeded(0):
        network = spec.build(sample) if player == "critic" else spec.build(sample, recipe.prior.size)
    assert isinstance(network, OwnNetwork)
    if not network.conditional or network.needs_labels:
        return network.conditional
    shape = sample.shape if player == "critic" else (recipe.prior.size,)
    try:
        return uses_labels(network, torch.linspace(-1, 1, 2 * math.prod(shape)).reshape(2, *shape), sample.classes)
    except Exception:  # samples of several sizes, or a network that the trial refuses
        return True


def check_repeatable(game: Game, build: Callable[[], Game]) -> None:
    """Refuses networks whose initial weights differ between two builds with one seed.

    Args:
        game: at round 0
        build: makes another such game
    """
    if not (is_own(game.generator) or is_own(game.critic)):
        return
    again = build()
    for player in PLAYERS:
        first, second = game.players[player].network, again.players[player].network
        who = f"the {player} {spec_name(getattr(game.recipe, player))}"
        state, other = first.state_dict(), second.state_dict()
        different = [name for name in state if name not in other or state[name].shape != other[name].shape]
        different += [
            name for name in state if name not in different and not torch.equal(state[name].cpu(), other[name].cpu())
        ]
        if different:
            raise UsageError(
                f"{who} has other weights each time it is built ({different[0]}), so the seed would not decide them: "
                "draw them with torch's own generator (torch.nn.init, torch.randn)"
            )


def _mixing_warnings(game: Game, who: str) -> Iterator[str]:
    own = [part for part in game.critic.modules() if isinstance(part, OwnNetwork)]
    mixes = any(part.couples_batch and part.any_count for part in own)
    penalties = _input_gradients_held(game)
    if mixes and penalties:
        yield (
            f"a score of {who} depends on other samples of the batch, but {penalties[0]} holds each sample's own "
            "gradient: it sees them mixed"
        )


def _bound_warnings(game: Game, who: str) -> Iterator[str]:
    samples, labels = _inputs(game, "critic", _size(game))
    with torch.enable_grad(), unchanged(game.critic), game.autocast():
        function = bounded_by(answer_of(game.critic, samples, labels))
    if function:
        yield f"the scores of {who} end in a {function}, but losses take raw scores (logits): leave it out"


def _check_parameters(who: str, network: nn.Module) -> None:
    for name, parameter in network.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise UsageError(f"{who} begins with weights that are not finite ({name})")


def _half_warnings(who: str, network: nn.Module) -> Iterator[str]:
    """Weights in half precision: of 1 + 1e-3, bfloat16 keeps 1."""
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and parameter.is_floating_point() and parameter.itemsize < 4:
            yield (
                f"{who} has weights in {str(parameter.dtype).removeprefix('torch.')} ({name}), where small steps, and "
                "most of the moving average, are rounded away: keep them in float32, and take --run.precision bf16"
            )
            return


def _check_state(who: str, network: nn.Module) -> None:
    """Refuses a state that a checkpoint cannot hold."""
    kinds: dict[torch.dtype, str] = {}
    for name, value in network.state_dict().items():
        if not isinstance(value, torch.Tensor):
            raise UsageError(f"{who} keeps '{name}' in its state, a {type(value).__name__}; checkpoints hold tensors")
        kinds.setdefault(value.dtype, name)
    for dtype, name in kinds.items():
        try:
            save({"": torch.zeros(1).to(dtype)})
            torch.isfinite(torch.zeros(1).to(dtype))
        except Exception as error:
            raise UsageError(
                f"{who} has '{name}' of {dtype}, which checkpoints cannot hold: {in_one_line(error, 80)}"
            ) from error


def _check_gradients(game: Game, player: PlayerName, who: str) -> None:
    network = game.players[player].network
    inputs, labels = _inputs(game, player, _size(game))
    what = "samples" if player == "critic" else "latents"
    answer = "score" if player == "critic" else "sample"
    try:
        with unchanged(network), game.autocast():
            output = answer_of(network, inputs, labels)
            if output.device != scales_of(inputs)[0].device:
                raise UsageError(f"{who} answers on {output.device}, but was asked on {scales_of(inputs)[0].device}")
            if not bool(torch.isfinite(output).all()):
                raise UsageError(f"{who} answers with NaN or infinite numbers at its initial weights")
            if not output.requires_grad:
                raise UsageError(
                    f"{who} answers with a {answer} that no gradient reaches (detach, .data, numpy, argmax?)"
                )
            parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
            gradients = torch.autograd.grad(output.sum(), parameters, allow_unused=True)
            if all(gradient is None for gradient in gradients):
                raise UsageError(f"no parameter of {who} gets a gradient from its {answer}s")
        if all(gradient is None for gradient in input_gradients(network, inputs, labels, lambda score: score.sum())):
            raise UsageError(f"the {answer}s of {who} do not depend on its {what}, or not differentiably")
        if not uses_inputs(network, inputs, labels):
            raise UsageError(f"the {answer}s of {who} do not depend on its {what}")
    except SteadyganError:
        raise
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(f"{who} cannot be differentiated: {in_one_line(error)}") from error


def _input_gradients_held(game: Game) -> list[str]:
    """The penalties on gradients of the critic in its samples."""
    return [type(p).__name__ for p in game.recipe.penalties if getattr(p, "at", None) is not None]


def _check_second_derivatives(game: Game, who: str) -> None:
    """Refuses a critic that cannot be differentiated twice under a gradient penalty.

    By a plain backward: one with ``inputs`` goes around a node that would fail, and loses its gradient.
    """
    samples, labels = _inputs(game, "critic", _size(game))
    penalty = _input_gradients_held(game)[0]
    try:
        with unchanged(game.critic), game.autocast():
            points = leaves(samples)
            total = answer_of(game.critic, points, labels).sum()
            if function := marked_as_once_differentiable(total, scales_of(points)):
                raise UsageError(
                    f"{who} has no second derivative, as {penalty} needs it: the backward of {function} is marked as "
                    "once_differentiable"
                )
            norms = norm_of_scores(lambda points: answer_of(game.critic, points, labels), samples)
            if norms.requires_grad:
                torch.autograd.backward(norms.sum())
    except SteadyganError:
        raise
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(f"{who} has no second derivative, as {penalty} needs it: {in_one_line(error)}") from error
    finally:
        for parameter in game.critic.parameters():
            parameter.grad = None


def _check_counts(game: Game, player: PlayerName, who: str) -> None:
    """Refuses a network for one number of samples alone; a critic may want a multiple of some group."""
    network = game.players[player].network
    if all(part.any_count for part in network.modules() if isinstance(part, OwnNetwork)):
        return
    count = 2 * _size(game) if player == "critic" else _size(game) + 1
    inputs, labels = _inputs(game, player, count)
    try:
        with torch.no_grad(), unchanged(network), game.autocast():
            network(inputs, labels)
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(f"{who} takes {_size(game)} at once, but not {count}: {in_one_line(error)}") from error


def _size(game: Game) -> int:
    """Samples of a check: few, or those of a step for networks that do not take any number of them."""
    count = min(game.recipe.batch, game.recipe.run.micro_batch or game.recipe.batch)
    own = [part for net in (game.generator, game.critic) for part in net.modules() if isinstance(part, OwnNetwork)]
    free = game.joins_passes and all(part.any_count for part in own)
    return min(_COUNT, count) if free else count


def _inputs(game: Game, player: PlayerName, count: int) -> tuple[Sample, Tensor | None]:
    latents, labels = trial_latents(game.recipe, game.sample, game.device, count)
    return (latents if player == "generator" else trial_samples(game.average, latents, labels, game.sample)), labels


def _range_warnings(game: Game) -> Iterator[str]:
    """Warnings of a generator's range: pictures are from -1 to 1."""
    if not (is_own(game.generator) and game.sample.is_image):
        return
    latents, labels = _inputs(game, "generator", _size(game))
    with torch.no_grad(), unchanged(game.generator), game.autocast():
        samples = answer_of(game.generator, latents, labels)
    low, high = float(samples.min()), float(samples.max())
    name = spec_name(game.recipe.generator)
    if low >= 0 and high <= 1 and not math.isclose(low, high):
        yield f"the samples of {name} lie from {low:.2g} to {high:.2g}, pictures from -1 to 1: end with tanh"
    elif max(-low, high) > _FAR:
        yield f"the samples of {name} reach from {low:.2g} to {high:.2g}, but pictures lie from -1 to 1: end with tanh"

"""Rows of the record (metrics.jsonl): losses, scores, gradient norms, rates and states of a logged round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.networks.layers.inspect import readings
from steadygan.schedules import value_at

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.held_out import HeldOutScores
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport


def total_norm(parameters: list[nn.Parameter]) -> Tensor:
    """Global 2-norm of the parameters' gradients, 0-d, on the device."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        return torch.zeros(())
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


def row(game: Game, report: RoundReport, held_out: HeldOutScores | None, round_: int) -> dict[str, float]:
    """Logged values of a round (counted from 0), read from the device together; those that do not apply are absent.

    Args:
        game: after the round
        report: of the round's last steps
        held_out: scores by the critic after the round
        round_: from 0
    """
    sign = 1.0 if game.recipe.objective.real_is_high else -1.0
    gap = "wasserstein" if estimates_wasserstein(game.recipe.objective) else "score_gap"
    real, fake = report.real_score.float().mean(), report.fake_score.float().mean()
    values: dict[str, Tensor] = {
        "critic_loss": report.critic_loss,
        "generator_loss": report.generator_loss,
        gap: sign * (real - fake),
    }
    if held_out is not None:
        train, unseen, fakes = (scores.float().mean() for scores in held_out)
        values[f"{gap}_train"], values[f"{gap}_held_out"] = sign * (train - fakes), sign * (unseen - fakes)
        if len(held_out.train) > 1:
            values["held_out_error"] = held_out.gap_error()
    values["real_score"], values["fake_score"] = real, fake
    if report.penalty is not None:
        values["penalty"] = report.penalty
    if report.generator_penalty is not None:
        values["generator_penalty"] = report.generator_penalty
    if report.gradient_norm is not None:
        values["gradient_norm_mean"] = report.gradient_norm.float().mean()
        values["gradient_norm_std"] = report.gradient_norm.float().std(correction=0)
    values |= _lazy_values(game, report)
    for name, player in game.players.items():
        values[f"{name}_weight_gradient_norm"] = total_norm(player.parameters)
    values.update(readings(game.generator, "generator"))
    values.update(readings(game.critic, "critic"))
    if game.state.plateau:
        values["rate_factor"] = game.rate_factor
    values |= _state_values(game)
    numbers = _read_together(list(values.values()))
    measured = dict(zip(values, numbers, strict=True))
    factor, at = measured.get("rate_factor", 1.0), game.recipe.position(round_)
    settings = {f"{name}_rate": factor * player.settings(at)["lr"] for name, player in game.players.items()}
    if game.recipe.perturbation is not None:
        settings["perturbation_strength"] = game.recipe.perturbation.strength(at)
    for index, penalty in enumerate(game.recipe.penalties):
        if not isinstance(penalty.weight, int | float):
            settings[f"penalty_weight/{index}"] = value_at(penalty.weight, at)
    half_life = game.recipe.average.half_life
    if not isinstance(half_life, int | float):
        settings["average_half_life"] = value_at(half_life, at) / game.recipe.pace(round_)
    if held_out is not None:
        settings["held_out_samples"] = len(held_out.train)
    return {**measured, **settings}


def _read_together(values: list[Tensor]) -> list[float]:
    """The numbers in 0-d tensors, with one wait for each device that holds some of them."""
    numbers = [0.0] * len(values)
    for device in {value.device for value in values}:
        held = [index for index, value in enumerate(values) if value.device == device]
        wide = torch.float32 if device.type == "mps" else torch.float64
        read = torch.stack([values[index].detach().to(wide) for index in held]).tolist()
        for index, number in zip(held, read, strict=True):
            numbers[index] = number
    return numbers


def estimates_wasserstein(objective: object) -> bool:
    """True if the gap of mean scores estimates a Wasserstein distance, by the loss inside all wrappers."""
    while hasattr(objective, "base"):
        objective = objective.base
    return getattr(getattr(objective, "loss", None), "estimates_wasserstein", False) is True


def _lazy_values(game: Game, report: RoundReport) -> dict[str, Tensor]:
    """Penalties and gradient norms of lazy phases, from their last steps."""
    values: dict[str, Tensor] = {}
    lazy = [phase for phase in game.phases if not phase.objective]
    for phase, last in zip(lazy, game.state.lazy, strict=True):
        values[f"penalty_lazy/{phase.player}_every_{phase.every}"] = last.penalty
        on_gradients = any(getattr(game.recipe.penalties[index], "at", None) is not None for index in phase.penalties)
        if on_gradients and report.gradient_norm is None:
            values["gradient_norm_mean"] = last.gradient_norm_mean
            values["gradient_norm_std"] = last.gradient_norm_std
    return values


def _state_values(game: Game) -> dict[str, Tensor]:
    """The states of objective, perturbation and penalties, by name."""
    objective, perturbation = game.state.objective, game.state.perturbation
    names = getattr(objective, "_fields", [f"state_{i}" for i in range(len(objective))])
    values = dict(zip(names, objective, strict=True))
    names = getattr(perturbation, "_fields", range(len(perturbation)))
    values |= dict(zip((f"perturbation_{name}" for name in names), perturbation, strict=True))
    for index, state in enumerate(game.state.penalties):
        names = getattr(state, "_fields", range(len(state)))
        values |= dict(zip((f"penalty_{name}/{index}" for name in names), state, strict=True))
    return values

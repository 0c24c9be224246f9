"""The numbers of a logged round, and the watch for numbers that are not finite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from steadygan.errors import RunError
from steadygan.losses import Wasserstein
from steadygan.networks.layers.inspect import readings
from steadygan.rng import Stream, draw_random, stream_generator
from steadygan.schedules import value_at
from steadygan.training.step.draws import RealDraws, draw_perturbation

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.data import Stored
    from steadygan.training.step.feed import Feed
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport

_PARTS = ("critic loss", "penalty", "generator loss")


class FiniteWatch:
    """Remembers, on the device, the first round in which a loss was not finite: no host sync until it is asked."""

    def __init__(self, device: torch.device) -> None:
        self.first = torch.full((3,), -1, dtype=torch.int64, device=device)
        self._zero = torch.zeros((), device=device)
        self._eager = device.type == "cpu"

    def check_round(self, report: RoundReport, round_: int) -> None:
        """Checks a round's losses; on the CPU, where reading costs nothing, it stops the run at once."""
        penalty = self._zero if report.penalty is None else report.penalty
        values = torch.stack([report.critic_loss, penalty, report.generator_loss])
        new = ~torch.isfinite(values) & (self.first < 0)
        self.first = torch.where(new, round_, self.first)
        if self._eager:
            self.check()

    def check(self) -> None:
        """Reads the device.

        Raises:
            RunError: names the round and the part that was first not finite.
        """
        rounds = self.first.tolist()
        bad = [(round_, name) for round_, name in zip(rounds, _PARTS, strict=True) if round_ >= 0]
        if bad:
            round_, _ = min(bad)
            parts = " and ".join(name for r, name in bad if r == round_)
            raise NotFiniteError(round_ + 1, parts)


class NotFiniteError(RunError):
    """A loss that is not finite."""

    def __init__(self, round_: int, part: str) -> None:
        super().__init__(f"the {part} of round {round_} is not finite")


def total_norm(parameters: list[nn.Parameter]) -> Tensor:
    """The 2-norm of all gradients together, 0-d, on the device."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        return torch.zeros(())
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


@contextlib.contextmanager
def kept_buffers(module: nn.Module) -> Iterator[None]:
    """Puts running statistics back, so that a look does not change what it looks at.

    Batch norms take the statistics of what this process shows them: the others, which do not look, would not answer.
    """
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    sums = [(part, total) for part in module.modules() if (total := getattr(part, "sum_over_processes", None))]
    for part, _ in sums:
        part.sum_over_processes = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)
        for part, total in sums:
            part.sum_over_processes = total


def held_out_score(game: Game, feed: Feed, held_out: Stored, round_: int) -> Tensor | None:
    """The critic's mean score on a batch of held-out samples that depends on (seed, round) only, 0-d.

    None where there are fewer of them than the critic has to see together.
    """
    rng = stream_generator(game.recipe.seed, Stream.HELD_OUT, round_)
    count = min(len(held_out), game.recipe.batch) // game.group * game.group
    if not count:
        return None
    rows = torch.from_numpy(rng.choice(len(held_out), count, replace=False))
    noise = game.recipe.representation.random_spec(game.sample)
    drawn = None if noise is None else draw_random(noise, rng, count).to(game.device)
    batch = feed(RealDraws(rows.to(game.device), None, None, drawn))
    numbers = draw_perturbation(game.recipe, game.sample, rng, count)  # held-out samples as the critic sees real ones
    if numbers is not None:
        batch = batch._replace(perturbation=tuple(each.to(game.device) for each in numbers))
    with torch.no_grad(), kept_buffers(game.critic), game.autocast():
        mean: Tensor = game.score(batch).score.mean()
    return mean


def row(game: Game, report: RoundReport, held_out: Tensor | None, round_: int) -> dict[str, float]:
    """The numbers of a round (counted from 0); those that do not apply are absent."""
    sign = 1.0 if game.recipe.objective.real_is_high else -1.0
    gap = "wasserstein" if estimates_wasserstein(game.recipe.objective) else "score_gap"
    real, fake = report.real_score.float().mean(), report.fake_score.float().mean()
    values: dict[str, Tensor] = {
        "critic_loss": report.critic_loss,
        "generator_loss": report.generator_loss,
        gap: sign * (real - fake),
    }
    if held_out is not None:
        values[f"{gap}_held_out"] = sign * (held_out - fake)
    values["real_score"], values["fake_score"] = real, fake
    if report.penalty is not None:
        values["penalty"] = report.penalty
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
    numbers = torch.stack([value.detach().double().cpu() for value in values.values()]).tolist()
    measured = dict(zip(values, numbers, strict=True))
    factor = measured.get("rate_factor", 1.0)
    rates = {f"{name}_rate": factor * player.settings(round_)["lr"] for name, player in game.players.items()}
    if game.recipe.perturbation is not None:
        rates["perturbation_strength"] = game.recipe.perturbation.strength(round_)
    for index, penalty in enumerate(game.recipe.penalties):
        if not isinstance(penalty.weight, int | float):
            rates[f"penalty_weight/{index}"] = value_at(penalty.weight, round_)
    half_life = game.recipe.average.half_life
    if not isinstance(half_life, int | float):
        rates["average_half_life"] = value_at(half_life, round_)
    return {**measured, **rates}


def estimates_wasserstein(objective: object) -> bool:
    """True if the gap of mean scores estimates a Wasserstein distance: the loss below all wrappers is Wasserstein."""
    while hasattr(objective, "base"):
        objective = objective.base
    return isinstance(getattr(objective, "loss", None), Wasserstein)


def _lazy_values(game: Game, report: RoundReport) -> dict[str, Tensor]:
    """Penalties and gradient norms of lazy phases, as of their last steps."""
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
    """The numbers that objective, perturbation and penalties remember, by name."""
    objective, perturbation = game.state.objective, game.state.perturbation
    names = getattr(objective, "_fields", [f"state_{i}" for i in range(len(objective))])
    values = dict(zip(names, objective, strict=True))
    names = getattr(perturbation, "_fields", range(len(perturbation)))
    values |= dict(zip((f"perturbation_{name}" for name in names), perturbation, strict=True))
    for index, state in enumerate(game.state.penalties):
        names = getattr(state, "_fields", range(len(state)))
        values |= dict(zip((f"penalty_{name}/{index}" for name in names), state, strict=True))
    return values

"""Loss terms of a phase as pure functions of (game, phase, batches, draws, state), for every method.

They can be compiled and recorded: no host sync, static shapes, state as 0-d tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from steadygan.networks.layers.packing import norms_of_packs
from steadygan.phases import is_of_weights
from steadygan.training.step import patches
from steadygan.training.step.scoring import (
    held_of,
    join_batches,
    norms_at,
    of_finest,
    over_levels,
    points_at,
    scores,
    scores_of,
    split_output,
)
from steadygan.training.step.terms import Terms
from steadygan.types import Batch, CriticOutput, PlayerName, sample_count

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.penalties import WeightPenalty
    from steadygan.phases import Phase
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.state import GameState


def phase_terms(
    game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float = 1.0
) -> Terms:
    """The loss terms of a phase on some rows of a batch, differentiable in its player's parameters.

    Args:
        game: read only
        phase: selects the terms
        real: [n, ...], or None if the phase needs no real samples
        draws: of these rows
        state: of the game
        share: of these rows in the whole batch; terms are weighted by it, so that those of all rows add up
    """
    real = None if real is None else game.in_levels(real)
    if phase.player == "generator":
        return generator_terms(game, phase, real, draws, state, share)
    assert real is not None
    fake: Batch | None = None
    if needs_fakes(game, phase):
        with torch.no_grad(), game.autocast():
            fake = _fakes(game, draws, real, real.labels)
    return critic_terms(game, phase, real, fake, draws, state, share)


def _fakes(game: Game, draws: StepDraws, real: Batch | None, labels: Tensor | None) -> Batch:
    """The fakes of a step; of a game of levels those of both, beside the real ones."""
    if game.encoder is not None and real is not None:
        return game.generate_levels(draws.latents, real, labels)
    return game.generate(draws.latents, labels, draws.generator)


def needs_fakes(game: Game, phase: Phase) -> bool:
    """True if a critic's phase needs fakes; a lazy R1 does not."""
    locations = [game.critic_penalty(index).at for index in on_samples(game, phase)]
    return phase.objective or any(at is not None and getattr(at, "needs_fake", True) for at in locations)


def on_samples(game: Game, phase: Phase) -> tuple[int, ...]:
    """The phase's penalties but those of weights alone."""
    return tuple(index for index in phase.penalties if not is_of_weights(game.recipe.penalties[index]))


def run_networks(game: Game, phase: Phase) -> tuple[PlayerName, ...]:
    """The players whose networks a phase runs, in training mode."""
    if not phase.objective and not on_samples(game, phase):
        return ()
    if phase.player == "generator":
        return ("generator", "critic") if phase.objective else ("generator",)
    return ("generator", "critic") if needs_fakes(game, phase) else ("critic",)


def critic_terms(
    game: Game,
    phase: Phase,
    real: Batch,
    fake: Batch | None,
    draws: StepDraws,
    state: GameState,
    share: float = 1.0,
) -> Terms:
    """The terms of a critic's phase on a real and a fake batch (fakes detached; None: the phase needs none).

    Gradients are taken through the perturbation, in the samples before it, as in StyleGAN2-ADA and R3GAN. Sampling
    locations between the batches are perturbed with the real samples' random numbers.
    """
    real = real._replace(perturbation=draws.real_perturbation)
    fake = None if fake is None else fake._replace(perturbation=draws.fake_perturbation)
    objective = game.recipe.objective
    locations = {index: game.critic_penalty(index).at for index in on_samples(game, phase)}
    shared = {at.shares_pass for at in locations.values() if at is not None and at.shares_pass}
    on_scores = any(at is None for at in locations.values())
    with game.autocast():
        scored = {"real", "fake"} if phase.objective else shared | ({"real"} if on_scores else set())
        outputs, norms = scores(game, real, fake, scored, shared, state)
        loss: Tensor | None = None
        if phase.objective:
            pooled = game.pooled(outputs["real"]), game.pooled(outputs["fake"])
            loss = _weighted(
                game, patches.critic_loss(objective, *pooled, state.objective), share, pooled=game.pools_outputs
            )
        total: Tensor | None = None
        first: Tensor | None = None
        at_points: dict[object, Tensor] = {}
        for index, at in locations.items():
            if at is None:
                measured = scores_of(outputs["real"])
            else:
                if at.shares_pass:
                    measured = norms[at.shares_pass]
                elif at in at_points:  # two penalties at one location share a pass
                    measured = at_points[at]
                else:
                    measured = norms_at(game, points_at(game, at, real, fake, draws.penalties[index]), real, state)
                    at_points[at] = measured
                measured = norms_of_packs(measured, game.packing)
                first = of_finest(measured) if first is None else first
            mean = over_levels(held_of(game.critic_penalty(index), measured)).mean()
            total = _added(total, share * _weight(game, phase, index, mean) * mean)
        total = _with_weight_penalties(game, phase, total, share)
    return Terms(_sum(loss, total), total, first, _kept(outputs.get("real")), _kept(outputs.get("fake")))


def generator_terms(
    game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float = 1.0
) -> Terms:
    """The terms of a generator's phase.

    Fakes have the drawn labels, or those of the real samples if the step takes some: pairs of different classes would
    be told apart by their class (R3GAN's code does the same).
    """
    labels = draws.labels if real is None else real.labels
    loss: Tensor | None = None
    output: CriticOutput | None = None
    total: Tensor | None = None
    values: list[Tensor] = []
    with game.autocast():
        if phase.objective:
            fake = _fakes(game, draws, real, labels)._replace(perturbation=draws.fake_perturbation)
            objective = game.recipe.objective
            real_output: CriticOutput | None = None
            if real is None or not objective.needs_real:
                output = game.score(fake, state)._replace(latents=fake.latents)
            else:
                real = real._replace(perturbation=draws.real_perturbation)
                if game.joins_passes:
                    joined = game.score(join_batches(real, fake), state)
                    real_output, output = split_output(joined, sample_count(real.samples))
                else:
                    real_output, output = game.score(real, state), game.score(fake, state)
                real_output = game.pooled(real_output)
            loss = patches.generator_loss(objective, real_output, game.pooled(output), state.objective)
            loss = _weighted(game, loss, share, pooled=game.pools_outputs)
            if game.encoder is not None:
                loss = loss + share * game.encoder_loss(fake)
        for index in on_samples(game, phase):
            penalty = game.generator_penalty(index)
            latents = game.recipe.prior.latents(draws.latents)
            generator = game.drawn_generator(draws.generator)
            measured = penalty.measure(generator, latents, labels, draws.penalties[index])
            pools = penalty.sees_batch and game.world.size > 1
            pooled = game.world.all_gather(measured, with_gradient=True) if pools else measured
            mean = penalty.hold(pooled, state.penalties[index]).mean()
            mean = _weighted(game, mean, share, pooled=pools)
            total = _added(total, _weight(game, phase, index, mean) * mean)
            values.append(measured)
        total = _with_weight_penalties(game, phase, total, share)
    return Terms(_sum(loss, total), total, fake=_kept(output), measured=tuple(values))


def _with_weight_penalties(game: Game, phase: Phase, total: Tensor | None, share: float) -> Tensor | None:
    """The penalties so far, and this share of those of the player's weights."""
    network = game.players[phase.player].network
    for index in phase.penalties:
        penalty = game.recipe.penalties[index]
        if is_of_weights(penalty):
            value = cast("WeightPenalty", penalty).of_weights(network)
            total = _added(total, share * _weight(game, phase, index, value) * value)
    return total


def _weight(game: Game, phase: Phase, index: int, like: Tensor) -> Tensor:
    """A penalty's weight in this round, times the phase's gain, 0-d."""
    weight = game.penalty_weights[index].to(like.dtype)
    return weight if phase.every == 1 else weight * phase.every


def _weighted(game: Game, loss: Tensor, share: float, *, pooled: bool) -> Tensor:
    """The loss of some rows times their share in the batch.

    A pooled loss is of the rows of all processes: its value counts in each of them, its gradient, in this process's
    rows alone, once.
    """
    if share == 1.0:
        return loss
    if not pooled:
        return share * loss
    of_all = share * game.world.size  # 1 without micro-batches
    return of_all * loss - (of_all - share) * loss.detach()


def _added(total: Tensor | None, term: Tensor) -> Tensor:
    return term if total is None else total + term


def _sum(loss: Tensor | None, total: Tensor | None) -> Tensor:
    if loss is None:
        assert total is not None  # a phase has an objective or a penalty
        return total
    return loss if total is None else loss + total


def _kept(output: CriticOutput | None) -> CriticOutput | None:
    """What terms keep of an output: all but the scores of patches, and what was recovered of the latents."""
    return None if output is None else output._replace(patches=None, recovered=None, latents=None)

"""Loss terms of a phase as pure functions of (game, phase, batches, draws, state), for every method.

They can be compiled and recorded: no host sync, static shapes, state as 0-d tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.networks.layers.packing import norms_of_packs
from steadygan.penalties.base import WeightPenalty
from steadygan.penalties.gradient_norms import (
    gradient_of,
    input_gradient_norm,
    norm_of_gradient,
    norm_of_scores,
    plain_attention,
    traced_gradient,
)
from steadygan.phases import is_of_weights
from steadygan.training.step import patches
from steadygan.training.step.terms import Terms
from steadygan.types import (
    Batch,
    CriticOutput,
    PlayerName,
    Sample,
    Scales,
    at_each_scale,
    join_samples,
    sample_count,
    scales_of,
)

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.penalties import LocationLike
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
        outputs, norms = _scores(game, real, fake, scored, shared, state)
        loss: Tensor | None = None
        if phase.objective:
            pooled = game.pooled(outputs["real"]), game.pooled(outputs["fake"])
            loss = _weighted(patches.critic_loss(objective, *pooled, state.objective), share, pooled=game.pools_outputs)
        total: Tensor | None = None
        first: Tensor | None = None
        at_points: dict[object, Tensor] = {}
        for index, at in locations.items():
            if at is None:
                measured = outputs["real"].score
            else:
                if at.shares_pass:
                    measured = norms[at.shares_pass]
                elif at in at_points:  # two penalties at one location share a pass
                    measured = at_points[at]
                else:
                    measured = _norms_at(game, _points(game, at, real, fake, draws.penalties[index]), real, state)
                    at_points[at] = measured
                measured = norms_of_packs(measured, game.packing)
                first = _of_finest(measured) if first is None else first
            mean = _over_levels(game.critic_penalty(index).hold(measured)).mean()
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
            loss = _weighted(loss, share, pooled=game.pools_outputs)
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
            mean = _weighted(mean, share, pooled=pools)
            total = _added(total, _weight(game, phase, index, mean) * mean)
            values.append(measured)
        total = _with_weight_penalties(game, phase, total, share)
    return Terms(_sum(loss, total), total, fake=_kept(output), measured=tuple(values))


def _scores(
    game: Game, real: Batch, fake: Batch | None, scored: set[str], shared: set[str], state: GameState
) -> tuple[dict[str, CriticOutput], dict[str, Tensor]]:
    """Outputs on the batches in ``scored``, and gradient norms on those in ``shared``; both name 'real' and 'fake'.

    One joined pass if the critic scores each sample by itself and neither or both norms are needed: a gradient norm on
    one half alone would take the other half through the second derivative.
    """
    batches = {"real": real} if fake is None else {"real": real, "fake": fake}
    if fake is not None and scored == {"real", "fake"} and game.joins_passes and len(shared) != 1:
        both, n = join_batches(real, fake), sample_count(real.samples)
        norms: dict[str, Tensor] = {}
        if shared:
            output, norm = _score_with_gradient_norm(game, both, state)
            norms = {"real": norm[:n], "fake": norm[n:]}
        else:
            output = game.score(both, state)
        first, second = split_output(output, n)
        return {"real": first, "fake": second._replace(latents=fake.latents)}, norms
    outputs, norms = {}, {}
    for name in (name for name in batches if name in scored):
        if name in shared:
            outputs[name], norms[name] = _score_with_gradient_norm(game, batches[name], state)
        else:
            outputs[name] = game.score(batches[name], state)
    if fake is not None and "fake" in outputs:
        outputs["fake"] = outputs["fake"]._replace(latents=fake.latents)
    return outputs, norms


def _score_with_gradient_norm(game: Game, batch: Batch, state: GameState) -> tuple[CriticOutput, Tensor]:
    """Outputs on a batch and their input gradient norms [N], from one forward pass."""
    samples = at_each_scale(lambda tensor: tensor.detach(), batch.samples)
    if torch.compiler.is_compiling():

        def score_sum(samples: Sample) -> tuple[Tensor, dict[str, Tensor]]:
            output = game.score(batch._replace(samples=samples), state)
            return _scores_of(output).sum(), {
                name: field for name, field in output._asdict().items() if field is not None
            }

        gradient, fields = traced_gradient(score_sum, samples)
        return CriticOutput(**fields), _norms_of(gradient, CriticOutput(**fields))
    samples = at_each_scale(lambda tensor: tensor.requires_grad_(True), samples)
    with plain_attention():
        output = game.score(batch._replace(samples=samples), state)
    if output.levels is None:
        return output, input_gradient_norm(output.score, samples)
    total = output.levels.sum()
    with torch.autocast(total.device.type, enabled=False):
        gradients = torch.autograd.grad(total, scales_of(samples), create_graph=True)
    return output, _norms_of(Scales(gradients), output)


def _norms_at(game: Game, points: Sample, real: Batch, state: GameState) -> Tensor:
    """Gradient norms at points [N]; of a critic of levels [N, L], each of its own level's score and samples."""
    if game.encoder is None:
        return norm_of_scores(lambda p: game.score(real._replace(samples=p), state).score, points)
    gradient = gradient_of(lambda p: _scores_of(game.score(real._replace(samples=p), state)).sum(), points)
    return _norms_of_levels(gradient)


def _scores_of(output: CriticOutput) -> Tensor:
    """What gradients in the samples are taken of: the scores, of all levels."""
    return output.score if output.levels is None else output.levels


def _norms_of(gradient: Sample, output: CriticOutput) -> Tensor:
    return norm_of_gradient(*scales_of(gradient)) if output.levels is None else _norms_of_levels(gradient)


def _norms_of_levels(gradient: Sample) -> Tensor:
    """[N, L]: a level's score depends on the samples of that level alone."""
    return torch.stack([norm_of_gradient(level) for level in scales_of(gradient)], dim=1)


def _over_levels(held: Tensor) -> Tensor:
    """Penalties [N]; of critics of levels, from [N, L], their sums."""
    return held if held.dim() == 1 else held.sum(dim=1)


def _of_finest(norms: Tensor) -> Tensor:
    """Gradient norms [N], of several levels those of the finest one."""
    return norms if norms.dim() == 1 else norms[:, -1]


def _points(game: Game, at: LocationLike, real: Batch, fake: Batch | None, random: Tensor | None) -> Sample:
    """Points at a sampling location for these rows; from all processes' batches if they depend on the whole batch."""
    reals, fakes = real.samples, real.samples if fake is None else fake.samples  # unused if there are no fakes
    if game.world.size == 1 or not at.sees_batch:
        return at.points(reals, fakes, random)
    gather = game.world.all_gather
    all_reals, all_fakes = at_each_scale(gather, reals), at_each_scale(gather, fakes)
    points = at.points(all_reals, all_fakes, None if random is None else gather(random))
    rows = game.world.rows(sample_count(points))
    return at_each_scale(lambda tensor: tensor[rows], points)


def _with_weight_penalties(game: Game, phase: Phase, total: Tensor | None, share: float) -> Tensor | None:
    """The penalties so far, and this share of those of the player's weights."""
    network = game.players[phase.player].network
    for index in phase.penalties:
        penalty = game.recipe.penalties[index]
        if isinstance(penalty, WeightPenalty):
            value = penalty.of_weights(network)
            total = _added(total, share * _weight(game, phase, index, value) * value)
    return total


def _weight(game: Game, phase: Phase, index: int, like: Tensor) -> Tensor:
    """A penalty's weight in this round, times the phase's gain, 0-d."""
    weight = game.penalty_weights[index].to(like.dtype)
    return weight if phase.every == 1 else weight * phase.every


def _weighted(loss: Tensor, share: float, *, pooled: bool) -> Tensor:
    """The loss of some rows times their share; a pooled loss, already the whole batch's, keeps its gradient."""
    if share == 1.0:
        return loss
    return loss - (1.0 - share) * loss.detach() if pooled else share * loss


def _added(total: Tensor | None, term: Tensor) -> Tensor:
    return term if total is None else total + term


def _sum(loss: Tensor | None, total: Tensor | None) -> Tensor:
    if loss is None:
        assert total is not None  # a phase has an objective or a penalty
        return total
    return loss if total is None else loss + total


def split_output(output: CriticOutput, first: int) -> tuple[CriticOutput, CriticOutput]:
    """Splits outputs into those of the first rows and the others."""
    return patches.mapped(output, lambda field: field[:first]), patches.mapped(output, lambda field: field[first:])


def _kept(output: CriticOutput | None) -> CriticOutput | None:
    """What terms keep of an output: all but the scores of patches, and what was recovered of the latents."""
    return None if output is None else output._replace(patches=None, recovered=None, latents=None)


def join_batches(first: Batch, second: Batch) -> Batch:
    """Concatenates two batches; labels and random numbers of the perturbation only if both have them."""
    labels = perturbation = None
    if first.labels is not None and second.labels is not None:
        labels = torch.cat([first.labels, second.labels])
    if first.perturbation is not None and second.perturbation is not None:
        perturbation = tuple(torch.cat(pair) for pair in zip(first.perturbation, second.perturbation, strict=True))
    return Batch(join_samples(first.samples, second.samples), labels, perturbation)

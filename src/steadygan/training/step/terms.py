"""What the two steps look at, as pure functions of (game, batch, draws, state): losses, penalties, slopes, outputs.

Written so that they can be compiled and captured: no host sync, static shapes, state as 0-d tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from steadygan.penalties import LocationLike, gradient_norm_at, input_gradient_norm, norm_of_gradient
from steadygan.penalties.gradient_norms import traced_gradient
from steadygan.training.step.draws import CriticDraws, GeneratorDraws
from steadygan.types import Batch, CriticOutput, S, Sample, at_each_scale, join_samples, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives import State
    from steadygan.training.step.game import Game


class CriticTerms(NamedTuple):
    """What a critic step looks at, all 0-d on the device but the outputs."""

    loss: Tensor
    """the objective's loss and the penalties together"""
    penalty: Tensor | None
    """the weighted sum of the penalties"""
    slope: Tensor | None
    """[N]: the input-gradient norm where the first penalty with a place takes it"""
    real: CriticOutput
    fake: CriticOutput


def split_output(output: CriticOutput, first: int) -> tuple[CriticOutput, CriticOutput]:
    """The outputs of the first rows and of the others."""
    heads = [None if field is None else field[:first] for field in output]
    tails = [None if field is None else field[first:] for field in output]
    return CriticOutput(*heads), CriticOutput(*tails)  # type: ignore[arg-type]


def join_batches(first: Batch, second: Batch) -> Batch:
    """Both batches as one; labels and a perturbation's numbers only where both have them."""
    labels = perturbation = None
    if first.labels is not None and second.labels is not None:
        labels = torch.cat([first.labels, second.labels])
    if first.perturbation is not None and second.perturbation is not None:
        perturbation = tuple(torch.cat(pair) for pair in zip(first.perturbation, second.perturbation, strict=True))
    return Batch(join_samples(first.samples, second.samples), labels, perturbation)


def _score_with_slope(game: Game, batch: Batch) -> tuple[CriticOutput, Tensor]:
    samples = at_each_scale(lambda tensor: tensor.detach(), batch.samples)
    if torch.compiler.is_compiling():

        def score_sum(samples: Sample) -> tuple[Tensor, dict[str, Tensor]]:
            output = game.score(batch._replace(samples=samples))
            return output.score.sum(), {name: field for name, field in output._asdict().items() if field is not None}

        gradient, fields = traced_gradient(score_sum, samples)
        return CriticOutput(**fields), norm_of_gradient(*scales_of(gradient))
    samples = at_each_scale(lambda tensor: tensor.requires_grad_(True), samples)
    output = game.score(batch._replace(samples=samples))
    return output, input_gradient_norm(output.score, samples)


def _score_both(
    game: Game, real: Batch, fake: Batch, shared: set[str]
) -> tuple[CriticOutput, CriticOutput, dict[str, Tensor]]:
    """Outputs on real and fake samples, with slopes where a penalty shares their pass.

    One joined pass where the critic scores each sample by itself and neither or both slopes are wanted: a slope on
    one half alone would drag the other half through the second derivative.
    """
    if game.joins_passes and len(shared) != 1:
        both, n = join_batches(real, fake), sample_count(real.samples)
        if not shared:
            return *split_output(game.score(both), n), {}
        output, slope = _score_with_slope(game, both)
        return *split_output(output, n), {"real": slope[:n], "fake": slope[n:]}
    outputs, slopes = {}, {}
    for name, batch in (("real", real), ("fake", fake)):
        if name in shared:
            outputs[name], slopes[name] = _score_with_slope(game, batch)
        else:
            outputs[name] = game.score(batch)
    return outputs["real"], outputs["fake"], slopes


def critic_terms(
    game: Game, real: Batch, fake: Batch, draws: CriticDraws, state: State, share: float = 1.0
) -> CriticTerms:
    """The critic's loss on a real and a fake batch (fakes detached), differentiable in the critic's parameters.

    Slopes are those of the critic and the perturbation together, by the samples before it, as in StyleGAN2-ADA and
    R3GAN. Points between the two batches are perturbed by the real samples' numbers.

    Args:
        game: read only
        real: [n, ...]
        fake: [n, ...]
        draws: those of these rows
        state: the objective's
        share: of these rows in the whole batch; loss and penalty are weighted by it, so that the shares add up
    """
    real = real._replace(perturbation=draws.real_perturbation)
    fake = fake._replace(perturbation=draws.fake_perturbation)
    objective, penalties = game.recipe.objective, game.recipe.penalties
    places = [penalty.at for penalty in penalties]
    shared = {place.shares_pass for place in places if place is not None and place.shares_pass}
    with game.autocast():
        real_output, fake_output, slopes = _score_both(game, real, fake, shared)
        loss = _share_of(objective.critic_loss(game.pooled(real_output), game.pooled(fake_output), state), share, game)
        total: Tensor | None = None
        first: Tensor | None = None
        at_points: dict[object, Tensor] = {}
        weights = game.penalty_weights
        for penalty, place, weight, noise in zip(penalties, places, weights, draws.penalties, strict=True):
            if place is None:
                held = penalty.hold(real_output.score)
            else:
                if place.shares_pass:
                    slope = slopes[place.shares_pass]
                elif place in at_points:  # two rules at one place: one pass
                    slope = at_points[place]
                else:
                    points = _points(game, place, real.samples, fake.samples, noise)
                    slope = gradient_norm_at(lambda p: game.score(real._replace(samples=p)).score, points)
                    at_points[place] = slope
                first = slope if first is None else first
                held = penalty.hold(slope)
            mean = held.mean()
            weighted = share * weight.to(mean.dtype) * mean
            total = weighted if total is None else total + weighted
    if total is not None:
        loss = loss + total
    return CriticTerms(loss, total, first, real_output, fake_output)


def fresh_critic_terms(game: Game, real: Batch, draws: CriticDraws, state: State, share: float = 1.0) -> CriticTerms:
    """``critic_terms`` on fakes of the draws' latents and the real batch's labels, made without a gradient."""
    with torch.no_grad(), game.autocast():
        fake = game.generate(draws.latents, real.labels)
    return critic_terms(game, real, fake, draws, state, share)


def _points(game: Game, place: LocationLike, real: S, fake: S, noise: Tensor | None) -> S:
    """A place's points for these rows, seen in the batch of all processes where that matters."""
    if game.world.size == 1 or not place.sees_batch:
        return place.points(real, fake, noise)
    gather = game.world.gathered
    reals, fakes = at_each_scale(gather, real), at_each_scale(gather, fake)
    whole = place.points(reals, fakes, None if noise is None else gather(noise))
    own = game.world.rows(sample_count(whole))
    return at_each_scale(lambda tensor: tensor[own], whole)


def _share_of(loss: Tensor, share: float, game: Game) -> Tensor:
    """A part's loss weighted by its share; where the loss is the whole batch's already, only its value is."""
    if share == 1.0:
        return loss
    return loss - (1.0 - share) * loss.detach() if game.pools_outputs else share * loss


def generator_terms(
    game: Game, draws: GeneratorDraws, real: Batch | None, state: State, share: float = 1.0
) -> tuple[Tensor, CriticOutput]:
    """The generator's loss, weighted by the rows' share, and the critic's output on its fakes; differentiable in the
    generator's parameters.

    Labels are the drawn ones, or those of the real samples where the objective compares with some: a pair of unlike
    classes would be told apart by the class (R3GAN's code does the same).
    """
    objective = game.recipe.objective
    labels = draws.labels if real is None else real.labels
    with game.autocast():
        fake = game.generate(draws.latents, labels)._replace(perturbation=draws.fake_perturbation)
        real_output: CriticOutput | None = None
        if real is None:
            output = game.score(fake)
        else:
            real = real._replace(perturbation=draws.real_perturbation)
            if game.joins_passes:
                real_output, output = split_output(game.score(join_batches(real, fake)), sample_count(real.samples))
            else:
                real_output, output = game.score(real), game.score(fake)
            real_output = game.pooled(real_output)
        return _share_of(objective.generator_loss(real_output, game.pooled(output), state), share, game), output


def added(whole: CriticTerms | None, terms: CriticTerms) -> CriticTerms:
    """The terms of all rows so far, and of these."""
    if whole is None:
        return terms
    return CriticTerms(
        loss=whole.loss + terms.loss,
        penalty=None if whole.penalty is None or terms.penalty is None else whole.penalty + terms.penalty,
        slope=None if whole.slope is None or terms.slope is None else torch.cat([whole.slope, terms.slope]),
        real=_join_outputs(whole.real, terms.real),
        fake=_join_outputs(whole.fake, terms.fake),
    )


def _join_outputs(first: CriticOutput, second: CriticOutput) -> CriticOutput:
    fields = [None if a is None or b is None else torch.cat([a, b]) for a, b in zip(first, second, strict=True)]
    return CriticOutput(*fields)  # type: ignore[arg-type]


def _detached_output(output: CriticOutput) -> CriticOutput:
    return CriticOutput(*(None if field is None else field.detach() for field in output))  # type: ignore[arg-type]


def detached(terms: CriticTerms) -> CriticTerms:
    """The same values without their graphs."""
    return CriticTerms(
        loss=terms.loss.detach(),
        penalty=None if terms.penalty is None else terms.penalty.detach(),
        slope=None if terms.slope is None else terms.slope.detach(),
        real=_detached_output(terms.real),
        fake=_detached_output(terms.fake),
    )

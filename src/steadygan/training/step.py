"""The training round, for every method: critic steps on the objective and its penalties, then generator steps.

Each step is a pure loss of (game, batch, draws, state) and a shell that takes the gradient and steps. Losses are
written so that they can be compiled and captured: no host sync, static shapes, state as 0-d tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch

from steadygan.penalties import input_slope, slope_at
from steadygan.training.draws import CriticDraws, GeneratorDraws, RealDraws, RoundDraws
from steadygan.types import Batch, CriticOutput, at_each_scale, join_samples, sample_count

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives import State
    from steadygan.training.game import Game

Feed = Callable[[RealDraws], Batch]


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


class RoundReport(NamedTuple):
    """What the last steps of a round leave for the record: detached tensors on the device, read only when wanted."""

    critic_loss: Tensor
    generator_loss: Tensor
    penalty: Tensor | None
    slope: Tensor | None
    real_score: Tensor
    fake_score: Tensor


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
    samples = at_each_scale(lambda tensor: tensor.detach().requires_grad_(True), batch.samples)
    output = game.score(batch._replace(samples=samples))
    return output, input_slope(output.score, samples)


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


def critic_terms(game: Game, real: Batch, fake: Batch, draws: CriticDraws, state: State) -> CriticTerms:
    """The critic's loss on a real and a fake batch (fakes detached), differentiable in the critic's parameters.

    Slopes are those of the critic and the perturbation together, by the samples before it, as in StyleGAN2-ADA and
    R3GAN. Points between the two batches are perturbed by the real samples' numbers.
    """
    real = real._replace(perturbation=draws.real_perturbation)
    fake = fake._replace(perturbation=draws.fake_perturbation)
    penalties = game.recipe.penalties
    shared = {place.shares_pass for p in penalties if (place := p.at) is not None and place.shares_pass}
    with game.autocast():
        real_output, fake_output, slopes = _score_both(game, real, fake, shared)
        loss = game.recipe.objective.critic_loss(real_output, fake_output, state)
        total: Tensor | None = None
        first: Tensor | None = None
        at_points: dict[object, Tensor] = {}
        for penalty, weight, noise in zip(penalties, game.penalty_weights, draws.penalties, strict=True):
            place = penalty.at
            if place is None:
                held = penalty.hold(real_output.score)
            else:
                if place.shares_pass:
                    slope = slopes[place.shares_pass]
                elif place in at_points:  # two rules at one place: one pass
                    slope = at_points[place]
                else:
                    points = place.points(real.samples, fake.samples, noise)
                    slope = slope_at(lambda p: game.score(real._replace(samples=p)).score, points)
                    at_points[place] = slope
                first = slope if first is None else first
                held = penalty.hold(slope)
            mean = held.mean()
            weighted = weight.to(mean.dtype) * mean
            total = weighted if total is None else total + weighted
    if total is not None:
        loss = loss + total
    return CriticTerms(loss, total, first, real_output, fake_output)


def generator_terms(game: Game, draws: GeneratorDraws, real: Batch | None, state: State) -> tuple[Tensor, CriticOutput]:
    """The generator's loss and the critic's output on its fakes, differentiable in the generator's parameters."""
    with game.autocast():
        fake = game.generate(draws.latents, draws.labels)._replace(perturbation=draws.fake_perturbation)
        if real is None:
            output = game.score(fake)
            return game.recipe.objective.generator_loss(None, output, state), output
        real = real._replace(perturbation=draws.real_perturbation)
        if game.joins_passes:
            real_output, output = split_output(game.score(join_batches(real, fake)), sample_count(real.samples))
        else:
            real_output, output = game.score(real), game.score(fake)
        return game.recipe.objective.generator_loss(real_output, output, state), output


def parts(total: int, micro_batch: int | None) -> Iterator[slice]:
    """Slices of at most ``micro_batch`` rows that cover ``total`` rows."""
    size = total if micro_batch is None else min(micro_batch, total)
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))


def _part(value: Tensor | None, rows: slice) -> Tensor | None:
    return None if value is None else value[rows]


def _perturbation_part(drawn: tuple[Tensor, ...] | None, rows: slice) -> tuple[Tensor, ...] | None:
    return None if drawn is None else tuple(numbers[rows] for numbers in drawn)


def _real_part(draws: RealDraws, rows: slice) -> RealDraws:
    return RealDraws(
        draws.samples[rows],
        _part(draws.labels, rows),
        _part(draws.flips, rows),
        _part(draws.representation, rows),
    )


def critic_step(game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms:
    """One critic step; returns its terms, detached (of the last micro-batch; losses are of the whole batch)."""
    recipe, constraint = game.recipe, game.recipe.constraint
    if constraint is not None and constraint.when == "before":
        constraint.apply(game.constrained)
    game.critic_optimizer.zero_grad(set_to_none=True)
    count = len(draws.latents)
    whole: CriticTerms | None = None
    for rows in parts(count, recipe.run.micro_batch):
        piece = draws
        if rows != slice(0, count):
            piece = CriticDraws(
                _real_part(draws.real, rows),
                draws.latents[rows],
                tuple(_part(p, rows) for p in draws.penalties),
                _perturbation_part(draws.real_perturbation, rows),
                _perturbation_part(draws.fake_perturbation, rows),
            )
        real = feed(piece.real)
        with torch.no_grad(), game.autocast():
            fake = game.generate(piece.latents, real.labels)
        terms = critic_terms(game, real, fake, piece, game.state)
        share = (rows.stop - rows.start) / count
        # inputs=: gradients land in buffers that carry the parameters' strides (autograd.grad's may not, and fused
        # optimizers ignore strides), and none are computed for x-hat.
        (terms.loss if share == 1.0 else terms.loss * share).backward(inputs=game.critic_parameters)
        whole = _add_terms(whole, detached(terms), share)
    assert whole is not None
    game.critic_optimizer.step()
    if constraint is not None and constraint.when == "after":
        constraint.apply(game.constrained)
    game.state = recipe.objective.next_state(whole.real, whole.fake, game.state)
    if recipe.perturbation is not None:
        game.perturbation_state = recipe.perturbation.next_state(whole.real.score, game.perturbation_state, count)
    return whole


def _add_terms(whole: CriticTerms | None, terms: CriticTerms, share: float) -> CriticTerms:
    if share == 1.0:
        return terms
    scaled = terms._replace(loss=terms.loss * share, penalty=None if terms.penalty is None else terms.penalty * share)
    if whole is None:
        return scaled
    return CriticTerms(
        loss=whole.loss + scaled.loss,
        penalty=None if whole.penalty is None or scaled.penalty is None else whole.penalty + scaled.penalty,
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


def generator_step(game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor:
    """One generator step; returns its loss, detached."""
    game.generator_optimizer.zero_grad(set_to_none=True)
    count = len(draws.latents)
    total: Tensor | None = None
    for rows in parts(count, game.recipe.run.micro_batch):
        piece = draws
        if rows != slice(0, count):
            real_rows = None if draws.real is None else _real_part(draws.real, rows)
            piece = GeneratorDraws(
                draws.latents[rows],
                _part(draws.labels, rows),
                real_rows,
                _perturbation_part(draws.real_perturbation, rows),
                _perturbation_part(draws.fake_perturbation, rows),
            )
        real = None if piece.real is None else feed(piece.real)
        loss, _ = generator_terms(game, piece, real, game.state)
        share = (rows.stop - rows.start) / count
        loss = loss if share == 1.0 else loss * share
        # inputs=: the critic's weight gradients are not computed
        loss.backward(inputs=game.generator_parameters)
        total = loss.detach() if total is None else total + loss.detach()
    assert total is not None
    game.generator_optimizer.step()
    return total


def training_round(game: Game, feed: Feed, draws: RoundDraws, round_: int, seen: int) -> RoundReport:
    """The critic steps and the generator steps of a round, in place.

    Args:
        game: changed in place
        feed: turns real draws into batches
        draws: the round's random numbers
        round_: its number, from 0; rates follow it
        seen: samples that the generator has been trained on before
    """
    game.set_rates(round_)
    game.generator_optimizer.zero_grad(
        set_to_none=True
    )  # read since the last round; critic steps are the memory's peak
    terms = None
    for critic_draws in draws.critic:
        terms = critic_step(game, feed, critic_draws)
    assert terms is not None
    loss = None
    for generator_draws in draws.generator:
        loss = generator_step(game, feed, generator_draws)
        batch = len(generator_draws.latents)
        seen += batch
        game.update_average(batch, seen, round_)
    assert loss is not None
    game.finish_round(round_, terms.loss, loss)
    return RoundReport(
        critic_loss=terms.loss,
        generator_loss=loss,
        penalty=terms.penalty,
        slope=terms.slope,
        real_score=terms.real.score,
        fake_score=terms.fake.score,
    )

"""The training round, for every method: critic steps on the objective and its penalties, then generator steps.

Each step is a pure loss of (game, batch, draws, state) and a shell that takes the gradient and steps. Losses are
written so that they can be compiled and captured: no host sync, static shapes, state as 0-d tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch.utils import _pytree as pytree

from steadygan.penalties import PlaceLike, input_slope, slope_at, slope_of
from steadygan.training.draws import CriticDraws, GeneratorDraws, RealDraws, RoundDraws
from steadygan.types import Batch, CriticOutput, S, Sample, at_each_scale, join_samples, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives import State
    from steadygan.training.engine import Engine, EngineName
    from steadygan.training.game import Game
    from steadygan.training.world import World

Feed = Callable[[RealDraws], Batch]
_Draws = TypeVar("_Draws", CriticDraws, GeneratorDraws)


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
    samples = at_each_scale(lambda tensor: tensor.detach(), batch.samples)
    if torch.compiler.is_compiling():  # what is compiled can be differentiated once: this puts both into its graph

        def score_sum(samples: Sample) -> tuple[Tensor, dict[str, Tensor]]:
            output = game.score(batch._replace(samples=samples))
            return output.score.sum(), {name: field for name, field in output._asdict().items() if field is not None}

        gradient, fields = torch.func.grad(score_sum, has_aux=True)(samples)
        return CriticOutput(**fields), slope_of(*scales_of(gradient))
    samples = at_each_scale(lambda tensor: tensor.requires_grad_(True), samples)
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
                    slope = slope_at(lambda p: game.score(real._replace(samples=p)).score, points)
                    at_points[place] = slope
                first = slope if first is None else first
                held = penalty.hold(slope)
            mean = held.mean()
            weighted = share * weight.to(mean.dtype) * mean
            total = weighted if total is None else total + weighted
    if total is not None:
        loss = loss + total
    return CriticTerms(loss, total, first, real_output, fake_output)


def _points(game: Game, place: PlaceLike, real: S, fake: S, noise: Tensor | None) -> S:
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
    generator's parameters."""
    objective = game.recipe.objective
    with game.autocast():
        fake = game.generate(draws.latents, draws.labels)._replace(perturbation=draws.fake_perturbation)
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


def parts(rows: slice, micro_batch: int | None) -> Iterator[slice]:
    """Slices of at most ``micro_batch`` rows that cover the rows."""
    size = rows.stop - rows.start if micro_batch is None else micro_batch
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(start + size, rows.stop))


def rows_of(draws: _Draws, rows: slice) -> _Draws:
    """Some rows of all tensors in a bundle of draws."""
    some: _Draws = pytree.tree_map(lambda value: value[rows] if isinstance(value, torch.Tensor) else value, draws)
    return some


def critic_step(
    game: Game, feed: Feed, draws: CriticDraws, terms_of: Callable[..., CriticTerms] = critic_terms
) -> CriticTerms:
    """One critic step on this process's rows of the draws; returns its terms, detached.

    ``terms_of`` is ``critic_terms`` or its compiled form. Loss and penalty are this process's share of the whole.
    """
    recipe, constraint, count = game.recipe, game.recipe.constraint, len(draws.latents)
    if constraint is not None and constraint.when == "before":
        constraint.apply(game.constrained)
    game.critic_optimizer.zero_grad(set_to_none=True)
    whole: CriticTerms | None = None
    for rows in parts(game.world.rows(count), recipe.run.micro_batch):
        piece = rows_of(draws, rows)
        real = feed(piece.real)
        with torch.no_grad(), game.autocast():
            fake = game.generate(piece.latents, real.labels)
        terms = terms_of(game, real, fake, piece, game.state, (rows.stop - rows.start) / count)
        # inputs=: gradients land in buffers that carry the parameters' strides (autograd.grad's may not, and fused
        # optimizers ignore strides), and none are computed for x-hat.
        torch.autograd.backward(terms.loss, inputs=game.critic_parameters)
        whole = _added(whole, detached(terms))
    assert whole is not None
    game.world.sum_gradients(game.critic_parameters)
    game.critic_optimizer.step()
    if constraint is not None and constraint.when == "after":
        constraint.apply(game.constrained)
    _move_states(game, whole, count)
    return whole


def _move_states(game: Game, terms: CriticTerms, count: int) -> None:
    """The objective's and the perturbation's states after a critic step, from the outputs on the whole batch."""
    perturbation = game.recipe.perturbation
    if game.state:
        real, fake = game.gathered(terms.real), game.gathered(terms.fake)
        game.state = game.recipe.objective.next_state(real, fake, game.state)
    if perturbation is not None and game.perturbation_state:
        score = game.world.gathered(terms.real.score)
        game.perturbation_state = perturbation.next_state(score, game.perturbation_state, count)


def _added(whole: CriticTerms | None, terms: CriticTerms) -> CriticTerms:
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


def generator_step(
    game: Game,
    feed: Feed,
    draws: GeneratorDraws,
    terms_of: Callable[..., tuple[Tensor, CriticOutput]] = generator_terms,
) -> Tensor:
    """One generator step; returns its loss, detached; ``terms_of`` is ``generator_terms`` or its compiled form."""
    game.generator_optimizer.zero_grad(set_to_none=True)
    count = len(draws.latents)
    total: Tensor | None = None
    for rows in parts(game.world.rows(count), game.recipe.run.micro_batch):
        piece = rows_of(draws, rows)
        real = None if piece.real is None else feed(piece.real)
        loss, _ = terms_of(game, piece, real, game.state, (rows.stop - rows.start) / count)
        # inputs=: the critic's weight gradients are not computed
        torch.autograd.backward(loss, inputs=game.generator_parameters)
        total = loss.detach() if total is None else total + loss.detach()
    assert total is not None
    game.world.sum_gradients(game.generator_parameters)
    game.generator_optimizer.step()
    return total


class Eager:
    """The engine that carries the steps out as they are written."""

    name: EngineName = "eager"

    def critic_step(self, game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms:
        return critic_step(game, feed, draws)

    def generator_step(self, game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor:
        return generator_step(game, feed, draws)


EAGER = Eager()


def training_round(
    game: Game, feed: Feed, draws: RoundDraws, round_: int, seen: int, engine: Engine = EAGER
) -> RoundReport:
    """The critic steps and the generator steps of a round, in place.

    Args:
        game: changed in place
        feed: turns real draws into batches
        draws: the round's random numbers
        round_: its number, from 0; rates follow it
        seen: samples that the generator has been trained on before
        engine: carries the steps out
    """
    game.set_rates(round_)
    # what was left for the record has been read; critic steps are the memory's peak
    game.generator_optimizer.zero_grad(set_to_none=True)
    terms = None
    for critic_draws in draws.critic:
        terms = engine.critic_step(game, feed, critic_draws)
    assert terms is not None
    loss = None
    for generator_draws in draws.generator:
        loss = engine.generator_step(game, feed, generator_draws)
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


def whole_report(report: RoundReport, world: World) -> RoundReport:
    """What all processes together leave for the record, from the part of each; to be called by all of them."""
    if world.size == 1:
        return report
    return RoundReport(
        critic_loss=world.sum(report.critic_loss),
        generator_loss=world.sum(report.generator_loss),
        penalty=None if report.penalty is None else world.sum(report.penalty),
        slope=None if report.slope is None else world.gathered(report.slope),
        real_score=world.gathered(report.real_score),
        fake_score=world.gathered(report.fake_score),
    )

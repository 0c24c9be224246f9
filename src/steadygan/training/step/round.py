"""The training round, for every method: critic steps on the objective and its penalties, then generator steps.

Each step is a pure loss (``terms.py``), its gradients (``gradients.py``), and a shell that steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch.utils import _pytree as pytree

from steadygan.training.step.draws import CriticDraws, GeneratorDraws, RealDraws, RoundDraws
from steadygan.training.step.gradients import CriticGradients, GeneratorGradients, critic_gradients, generator_gradients
from steadygan.training.step.terms import CriticTerms, added
from steadygan.types import Batch

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.training.engines.base import Engine
    from steadygan.training.processes.world import World
    from steadygan.training.step.game import Game

Feed = Callable[[RealDraws], Batch]
_Draws = TypeVar("_Draws", CriticDraws, GeneratorDraws)


class RoundReport(NamedTuple):
    """What the last steps of a round leave for the record: detached tensors on the device, read only when wanted."""

    critic_loss: Tensor
    generator_loss: Tensor
    penalty: Tensor | None
    slope: Tensor | None
    real_score: Tensor
    fake_score: Tensor


def parts(rows: slice, micro_batch: int | None) -> Iterator[slice]:
    """Slices of at most ``micro_batch`` rows that cover the rows."""
    size = rows.stop - rows.start if micro_batch is None else micro_batch
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(start + size, rows.stop))


def rows_of(draws: _Draws, rows: slice) -> _Draws:
    """Some rows of all tensors in a bundle of draws; the bundle itself where they are all rows."""
    if rows == slice(0, len(draws.latents)):
        return draws
    some: _Draws = pytree.tree_map(lambda value: value[rows] if isinstance(value, torch.Tensor) else value, draws)
    return some


def critic_step(
    game: Game, feed: Feed, draws: CriticDraws, gradients_of: CriticGradients = critic_gradients
) -> CriticTerms:
    """One critic step on this process's rows of the draws; returns its terms, detached.

    ``gradients_of`` is ``critic_gradients`` or its compiled form. Loss and penalty are this process's share of the
    whole.
    """
    recipe, constraint, count = game.recipe, game.recipe.constraint, len(draws.latents)
    if constraint is not None and constraint.when == "before":
        constraint.apply(game.constrained)
    game.critic_optimizer.zero_grad(set_to_none=True)
    whole: CriticTerms | None = None
    for rows in parts(game.world.rows(count), recipe.run.micro_batch):
        piece = rows_of(draws, rows)
        terms = gradients_of(game, feed(piece.real), piece, game.state, (rows.stop - rows.start) / count)
        whole = added(whole, terms)
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


def generator_step(
    game: Game, feed: Feed, draws: GeneratorDraws, gradients_of: GeneratorGradients = generator_gradients
) -> Tensor:
    """One generator step; returns its loss, detached; ``gradients_of`` is ``generator_gradients`` or its compiled
    form."""
    game.generator_optimizer.zero_grad(set_to_none=True)
    count = len(draws.latents)
    total: Tensor | None = None
    for rows in parts(game.world.rows(count), game.recipe.run.micro_batch):
        piece = rows_of(draws, rows)
        real = None if piece.real is None else feed(piece.real)
        loss = gradients_of(game, piece, real, game.state, (rows.stop - rows.start) / count)
        total = loss if total is None else total + loss
    assert total is not None
    game.world.sum_gradients(game.generator_parameters)
    game.generator_optimizer.step()
    return total


def training_round(
    game: Game, feed: Feed, draws: RoundDraws, round_: int, seen: int, engine: Engine | None = None
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
    if engine is None:
        from steadygan.training.engines.eager import EAGER

        engine = EAGER
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

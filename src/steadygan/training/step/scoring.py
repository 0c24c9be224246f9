"""Scores of real and fake batches, and the norms of the critic's gradients in samples.

Pure functions of (game, batches, state) that can be compiled and recorded, as all of ``phase_terms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError
from steadygan.penalties.gradient_norms import (
    gradient_of,
    input_gradient_norm,
    norm_of_gradient,
    norm_of_scores,
    plain_attention,
    traced_gradient,
)
from steadygan.training.step import patches
from steadygan.types import Batch, CriticOutput, Sample, Scales, at_each_scale, join_samples, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.penalties import CriticPenalty, LocationLike
    from steadygan.training.step.game import Game
    from steadygan.training.step.state import GameState


def scores(
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
            return scores_of(output).sum(), {
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


def norms_at(game: Game, points: Sample, real: Batch, state: GameState) -> Tensor:
    """Gradient norms at points [N]; of a critic of levels [N, L], each of its own level's score and samples."""
    if game.encoder is None:
        return norm_of_scores(lambda p: game.score(real._replace(samples=p), state).score, points)
    gradient = gradient_of(lambda p: scores_of(game.score(real._replace(samples=p), state)).sum(), points)
    return _norms_of_levels(gradient)


def scores_of(output: CriticOutput) -> Tensor:
    """What penalties hold, and gradients in the samples are taken of: the scores [N], of all levels [N, L]."""
    return output.score if output.levels is None else output.levels


def _norms_of(gradient: Sample, output: CriticOutput) -> Tensor:
    return norm_of_gradient(*scales_of(gradient)) if output.levels is None else _norms_of_levels(gradient)


def _norms_of_levels(gradient: Sample) -> Tensor:
    """[N, L]: a level's score depends on the samples of that level alone."""
    return torch.stack([norm_of_gradient(level) for level in scales_of(gradient)], dim=1)


def held_of(penalty: CriticPenalty, measured: Tensor) -> Tensor:
    """A penalty's ``hold`` of norms or scores [N], or [N, L] of levels.

    Raises:
        UsageError: for another number of values than it got: a mean, or a tensor that was broadcast.
    """
    held = penalty.hold(measured)
    if held.shape[:1] != measured.shape[:1] or held.numel() != measured.numel():
        raise UsageError(
            f"{type(penalty).__name__}.hold gave shape {list(held.shape)} for {list(measured.shape)}; needed: one "
            "value for each sample, [N], of which the mean is taken afterwards"
        )
    return held


def over_levels(held: Tensor) -> Tensor:
    """Penalties [N]; of critics of levels, from [N, L], their sums."""
    return held if held.dim() == 1 else held.sum(dim=1)


def of_finest(norms: Tensor) -> Tensor:
    """Gradient norms [N], of several levels those of the finest one."""
    return norms if norms.dim() == 1 else norms[:, -1]


def points_at(game: Game, at: LocationLike, real: Batch, fake: Batch | None, random: Tensor | None) -> Sample:
    """Points at a sampling location for these rows; from all processes' batches if they depend on the whole batch."""
    reals, fakes = real.samples, real.samples if fake is None else fake.samples  # unused if there are no fakes
    if game.world.size == 1 or not at.sees_batch:
        return at.points(reals, fakes, random)
    gather = game.world.all_gather
    all_reals, all_fakes = at_each_scale(gather, reals), at_each_scale(gather, fakes)
    points = at.points(all_reals, all_fakes, None if random is None else gather(random))
    rows = game.world.rows(sample_count(points))
    return at_each_scale(lambda tensor: tensor[rows], points)


def split_output(output: CriticOutput, first: int) -> tuple[CriticOutput, CriticOutput]:
    """Splits outputs into those of the first rows and the others."""
    return patches.mapped(output, lambda field: field[:first]), patches.mapped(output, lambda field: field[first:])


def join_batches(first: Batch, second: Batch) -> Batch:
    """Concatenates two batches; labels and random numbers of the perturbation only if both have them."""
    labels = perturbation = None
    if first.labels is not None and second.labels is not None:
        labels = torch.cat([first.labels, second.labels])
    if first.perturbation is not None and second.perturbation is not None:
        perturbation = tuple(torch.cat(pair) for pair in zip(first.perturbation, second.perturbation, strict=True))
    return Batch(join_samples(first.samples, second.samples), labels, perturbation)

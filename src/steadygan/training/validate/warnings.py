"""Warnings of a recipe and its networks: combinations known to train badly, or that compute something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.balance import LossRatio
from steadygan.networks.layers.inspect import couples_batch, is_norm
from steadygan.networks.layers.own import OwnNetwork
from steadygan.phases import sees_batch
from steadygan.training.validate.reading import BATCH_NORMS, gradient_penalties, module_names, splits_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from steadygan.recipe import Recipe


def recipe_warnings(recipe: Recipe, generator: nn.Module, critic: nn.Module, processes: int) -> tuple[str, ...]:
    return (
        *_balance_warnings(recipe),
        *_activation_warnings(recipe, critic),
        *_constraint_warnings(recipe, critic),
        *_perturbation_warnings(recipe),
        *_micro_batch_warnings(recipe, generator, critic, processes),
        *(_coupling_warnings(generator, critic, processes) if processes > 1 else ()),
    )


def _balance_warnings(recipe: Recipe) -> Iterator[str]:
    if isinstance(recipe.balance, LossRatio):
        yield (
            f"{type(recipe.balance).__name__} balances steps by the losses, which is short-sighted: two rates (TTUR), "
            "spectral norm or instance noise are the better cure; where a loss is not above 0 it does nothing"
        )


def _activation_warnings(recipe: Recipe, critic: nn.Module) -> Iterator[str]:
    penalties, elus = gradient_penalties(recipe), module_names(critic, (torch.nn.ELU,))
    if penalties and elus:
        yield (
            f"the critic has ELU ({elus[0]}) under {penalties[0]}: its second derivative jumps at 0, and such critics "
            "failed to train in WGAN-GP, App. D; the smooth replacement is --critic.activation smooth_elu"
        )


def _constraint_warnings(recipe: Recipe, critic: nn.Module) -> Iterator[str]:
    constraint, optimizer = recipe.constraint, recipe.critic_optimizer
    if constraint is None:
        return
    momentum = getattr(optimizer, "momentum", 0.0) or getattr(optimizer, "betas", (0.0,))[0]
    if momentum:
        yield (
            f"the critic's optimizer has momentum ({momentum:g}) under weight clipping, which is known to make "
            "training unstable; the WGAN paper uses RMSprop without momentum"
        )
    clipped = {id(tensor) for tensor in constraint.targets(critic)}
    for name, part in critic.named_modules():
        if is_norm(part) and any(id(p) in clipped for p in part.parameters(recurse=False)):
            yield (
                f"weight clipping also clips the scales of normalisation layers ({name}), as the official codes "
                "do; --constraint.spare-norms true leaves them alone"
            )
            return


def _perturbation_warnings(recipe: Recipe) -> Iterator[str]:
    if not getattr(recipe.perturbation, "reads_signs", False):
        return
    objective: object = recipe.objective
    while hasattr(objective, "base"):
        objective = objective.base
    loss = getattr(objective, "loss", objective)
    if not getattr(loss, "splits_at_zero", False):
        yield (
            f"the perturbation adapts to the signs of real scores, which {type(loss).__name__} does not hold above "
            "0: use a NonSaturating, Saturating or Hinge loss, or a perturbation of a fixed strength"
        )


def _coupling_warnings(generator: nn.Module, critic: nn.Module, processes: int) -> Iterator[str]:
    for part in (*critic.modules(), *generator.modules()):
        if isinstance(part, OwnNetwork) and part.couples_beside_norms:
            yield (
                f"{part.name} compares samples of a batch, and in each of {processes} processes those of its own part "
                "alone: another number of processes trains otherwise"
            )


def _micro_batch_warnings(recipe: Recipe, generator: nn.Module, critic: nn.Module, processes: int) -> Iterator[str]:
    if not splits_batches(recipe, processes):
        return
    if couples_batch(generator) or couples_batch(critic) or module_names(generator, BATCH_NORMS):
        yield f"batch statistics are taken over micro-batches of {recipe.run.micro_batch}, not over the whole batch"
    penalties = [type(getattr(p, "at", p)).__name__ for p in recipe.penalties if sees_batch(p)]
    if penalties:
        yield (f"{penalties[0]} takes statistics of micro-batches of {recipe.run.micro_batch}, not of the whole batch")

"""Errors of a recipe and its networks: combinations that cannot work, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from steadygan.errors import UsageError, nearest
from steadygan.measuring import preserved_buffers
from steadygan.networks.layers.inspect import group_size
from steadygan.networks.layers.own import OwnNetwork
from steadygan.phases import is_of_weights, player_of, sees_batch
from steadygan.training.step.draws import micro_batches
from steadygan.training.trial import parts
from steadygan.training.validate.own_loss import check_own_losses
from steadygan.training.validate.reading import (
    BATCH_NORMS,
    gradient_penalties,
    module_names,
    nested_objectives,
    splits_batches,
    zeros,
)
from steadygan.types import Batch

if TYPE_CHECKING:
    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game


def refuse(recipe: Recipe, generator: nn.Module, critic: nn.Module, processes: int) -> None:
    """Refuses combinations that cannot work.

    Raises:
        UsageError: one line that names the remedy.
    """
    check_own_losses(recipe, processes)
    _check_number_names(recipe)
    _check_levels(recipe, generator, critic)
    _check_groups(recipe, critic, processes)
    _check_coupling(generator, critic, processes)
    _check_batch_norms(recipe, generator, critic)
    _check_micro_batch(recipe, processes)


def needed_outputs(objective: object) -> tuple[str, ...]:
    """Fields of CriticOutput beside the score that an objective, or one inside it, needs."""
    return tuple(name for each in nested_objectives(objective) for name in getattr(each, "needs", ()))


def check_outputs(game: Game, needs: tuple[str, ...]) -> None:
    """Refuses a critic whose outputs on fakes of zero latents lack a needed field."""
    recipe, critic = game.recipe, game.recipe.critic
    noise, labels = zeros(game)
    with torch.no_grad(), preserved_buffers(game.critic), game.autocast():
        samples = game.average(recipe.prior.latents(noise), labels)
        output = game.score(Batch(samples, labels))
    for name in needs:
        if getattr(output, name) is None:
            remedy = (
                f"set --critic.{name.replace('_', '-')} true"
                if isinstance(getattr(critic, name, None), bool)
                else "take another critic"
            )
            raise UsageError(
                f"{type(recipe.objective).__name__} needs the critic's {name}, but {type(critic).__name__} as it is "
                f"gives none: {remedy}, or another objective"
            )


def _check_number_names(recipe: Recipe) -> None:
    """Refuses fields that name a number which the objective's state does not have."""
    known = getattr(recipe.objective.initial_state(), "_fields", ())
    named = {
        "run.keep_best": recipe.run.keep_best,
        "plateau.of": recipe.plateau.of if recipe.plateau else None,
        "balance.of": getattr(recipe.balance, "of", None),
    }
    for field, name in named.items():
        if name is not None and name not in known:
            allowed = f"its numbers are {', '.join(known)}{nearest(name, known)}" if known else "it has none"
            objective = type(recipe.objective).__name__
            raise UsageError(f"{field} is '{name}', which is no number of the state of {objective}: {allowed}")


def _check_levels(recipe: Recipe, generator: nn.Module, critic: nn.Module) -> None:
    """Refuses networks of levels without what they need of one another, and parts that know one level alone."""
    has = {
        "an encoder": recipe.encoder is not None,
        "a generator of levels": bool(getattr(generator, "of_levels", False)),
        "a critic of levels": bool(getattr(critic, "of_levels", False)),
        "an objective of levels": hasattr(recipe.objective, "encoder_loss"),
    }
    if not any(has.values()):
        return
    missing = [what for what, there in has.items() if not there]
    if missing:
        present = [what for what, there in has.items() if there]
        raise UsageError(
            f"the recipe has {', '.join(present)}, but not {', '.join(missing)}: encoder:classifier-encoder, "
            "generator:stacked-generator, critic:stacked-critic and objective:stacked go together"
        )
    named: tuple[Any, ...] = (recipe.encoder, recipe.generator, recipe.critic)
    sizes = [spec.features for spec in named if hasattr(spec, "features")]
    if len(set(sizes)) > 1:
        raise UsageError(f"features of encoder, generator and critic are {', '.join(map(str, sizes))}: make them equal")
    first, size = getattr(recipe.generator, "noise", None), recipe.prior.size
    upper, lower = getattr(recipe.critic, "noise", first), getattr(recipe.critic, "lower_noise", None)
    if first != upper or (lower is not None and upper + lower != size):
        raise UsageError(
            f"generator.noise is {first}, critic.noise {upper} and critic.lower_noise {lower}, of a prior of {size} "
            "numbers: the first two have to be equal, and the last two to make up the prior"
        )
    if recipe.perturbation is not None:
        raise UsageError(
            f"{type(recipe.perturbation).__name__} changes images, and the critic of levels sees features too: "
            "--perturbation none"
        )
    of_batch = [type(p).__name__ for p in recipe.penalties if sees_batch(p)]
    of_generator = [type(p).__name__ for p in recipe.penalties if player_of(p) == "generator" and not is_of_weights(p)]
    if of_batch or of_generator:
        raise UsageError(f"{(of_batch + of_generator)[0]} is not for samples of two levels: take GradientPenalty or R1")


def _check_groups(recipe: Recipe, critic: nn.Module, processes: int) -> None:
    """Refuses batches that the critic's group size does not divide, and groups that span processes."""
    group = group_size(critic)
    for part in parts(recipe, processes):
        if part.samples % group:
            raise UsageError(f"the critic compares samples in groups of {group}, but {part.got}: take a multiple of it")
    for batch in () if recipe.growth is None else recipe.growth.batches:
        for rows in micro_batches(slice(0, batch // processes), recipe.run.micro_batch):
            if (rows.stop - rows.start) % group or batch % processes:
                raise UsageError(
                    f"the critic compares samples in groups of {group}, but growth.batches has {batch}"
                    f"{f' over {processes} processes' if processes > 1 else ''}: take a multiple of it"
                )


def _check_coupling(generator: nn.Module, critic: nn.Module, processes: int) -> None:
    """Refuses layers that compare all samples of a batch, of which each process would take its own for the whole.

    Networks of the user's own are warned of.
    """
    if processes == 1:
        return
    for part in (*critic.modules(), *generator.modules()):
        if getattr(part, "couples_batch", False) is True and not isinstance(part, OwnNetwork):
            raise UsageError(
                f"{type(part).__name__} compares all samples of a batch, but each of {processes} processes sees its "
                "own part: give it groups of a fixed size (its field group), or train in one process"
            )


def _check_batch_norms(recipe: Recipe, generator: nn.Module, critic: nn.Module) -> None:
    """Refuses batch norm in a network whose per-sample gradients a penalty takes."""
    of_generator = [type(p).__name__ for p in recipe.penalties if player_of(p) == "generator" and not is_of_weights(p)]
    norms = module_names(generator, BATCH_NORMS)
    if of_generator and norms:
        raise UsageError(
            f"the generator has batch norm ({norms[0]}), but {of_generator[0]} needs each sample's own "
            "gradient, which batch norm mixes with the others': use --generator.norm none, or drop the penalty"
        )
    of_critic = gradient_penalties(recipe)
    norms = module_names(critic, BATCH_NORMS)
    if of_critic and norms:
        raise UsageError(
            f"the critic has batch norm ({norms[0]}), but {of_critic[0]} needs each sample's own gradient, which batch "
            "norm mixes with the others': use --critic.norm layer, instance or none, or drop the penalty"
        )


def _check_micro_batch(recipe: Recipe, processes: int) -> None:
    """Refuses micro-batches under an objective that compares samples across the batch."""
    if splits_batches(recipe, processes) and recipe.objective.mixes_samples:
        raise UsageError(
            f"run.micro_batch is {recipe.run.micro_batch}, but the objective compares samples across the batch of "
            f"{recipe.batch}: leave micro_batch out, or take a smaller batch"
        )

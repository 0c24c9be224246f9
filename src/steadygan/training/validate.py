"""What is refused before training because it cannot work, and what is warned of, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError, nearest
from steadygan.networks.layers.inspect import is_conditional
from steadygan.phases import player_of
from steadygan.training.measurements import kept_buffers
from steadygan.training.step.draws import micro_batches
from steadygan.training.step.game import sees_batch
from steadygan.types import Batch

if TYPE_CHECKING:
    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

_BATCH_NORMS = (torch.nn.modules.batchnorm._BatchNorm, torch.nn.SyncBatchNorm)


def _names(module: nn.Module, kinds: tuple[type, ...]) -> list[str]:
    return [name or type(part).__name__ for name, part in module.named_modules() if isinstance(part, kinds)]


def check_game(game: Game) -> tuple[str, ...]:
    """Warnings for a game at round 0 or later, which is left as it is.

    Raises:
        UsageError: for a combination that cannot work, and for a critic that does not give what the objective needs.
    """
    warnings = check(game.recipe, game.generator, game.critic, game.world.size)
    needs = _needs(game.recipe.objective)
    if needs:
        _check_outputs(game, needs)
    asks_for_classes = "class_logits" in needs or is_conditional(game.critic)
    if asks_for_classes and not is_conditional(game.generator):
        warnings += (
            "the critic looks at the class of each sample, but the generator is not told which one to make: "
            "use generator:labelled-generator, or --generator.conditional true where it has that",
        )
    return warnings


def _needs(objective: object) -> tuple[str, ...]:
    """Fields of CriticOutput beside the score that an objective, or one inside it, looks at."""
    own = tuple(getattr(objective, "needs", ()))
    base = getattr(objective, "base", None)
    return own if base is None else (*own, *_needs(base))


def _check_outputs(game: Game, needs: tuple[str, ...]) -> None:
    """Has the critic look at fakes of zeros, and refuses it if it leaves out what is needed."""
    recipe, critic = game.recipe, game.recipe.critic
    count = min(recipe.batch, recipe.run.micro_batch or recipe.batch)
    noise = torch.zeros(count, *recipe.prior.random_spec().shape, device=game.device)
    labels = torch.zeros(count, dtype=torch.int64, device=game.device) if game.sample.classes else None
    with torch.no_grad(), kept_buffers(game.critic), game.autocast():
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


def _need_measured(recipe: Recipe) -> None:
    """Refuses names of numbers that the objective's state does not have."""
    known = getattr(recipe.objective.initial_state(), "_fields", ())
    asked = {"run.keep_best": recipe.run.keep_best, "plateau.of": recipe.plateau.of if recipe.plateau else None}
    for field, name in asked.items():
        if name is not None and name not in known:
            named = f"its numbers are {', '.join(known)}{nearest(name, known)}" if known else "it has none"
            objective = type(recipe.objective).__name__
            raise UsageError(f"{field} is '{name}', which is no number of the state of {objective}: {named}")


def _check_groups(recipe: Recipe, critic: nn.Module, processes: int) -> None:
    """Refuses batches that the critic's groups of samples do not divide, and groups that no process sees whole."""
    from steadygan.networks.layers.inspect import group_size

    group, micro_batch = group_size(critic), recipe.run.micro_batch
    for name, count in (("batch", recipe.batch), ("generator_batch", recipe.fakes)):
        for rows in micro_batches(slice(0, count // processes), micro_batch):
            if (rows.stop - rows.start) % group:
                got = f"{name} is {count}" + (f" over {processes} processes" if processes > 1 else "")
                got += f" in parts of {micro_batch} (run.micro_batch)" if micro_batch else ""
                raise UsageError(f"the critic compares samples in groups of {group}, but {got}: take a multiple of it")
    whole = [type(part).__name__ for part in critic.modules() if getattr(part, "couples_batch", False) is True]
    if whole and processes > 1:
        raise UsageError(
            f"{whole[0]} compares all samples of a batch, but each of {processes} processes sees its own part: give it "
            "groups of a fixed size (its field group), or train in one process"
        )


def check(recipe: Recipe, generator: nn.Module, critic: nn.Module, processes: int = 1) -> tuple[str, ...]:
    """Warnings for a recipe and its built networks.

    Raises:
        UsageError: for a combination that cannot work; the line names the remedy.
    """
    from steadygan.networks.layers.inspect import couples_batch, is_norm

    warnings: list[str] = []
    _need_measured(recipe)
    if recipe.balance is not None:
        warnings.append(
            f"{type(recipe.balance).__name__} balances steps by the losses, which is short-sighted: two rates (TTUR), "
            "spectral norm or instance noise are the better cure; where a loss is not above 0 it does nothing"
        )
    _check_groups(recipe, critic, processes)
    of_generator = [type(p).__name__ for p in recipe.penalties if player_of(p) == "generator"]
    generator_norms = _names(generator, _BATCH_NORMS)
    if of_generator and generator_norms:
        raise UsageError(
            f"the generator has batch norm ({generator_norms[0]}), but {of_generator[0]} needs each sample's own "
            "gradient, which batch norm mixes with the others': use --generator.norm none, or drop the penalty"
        )
    on_gradients = [p for p in recipe.penalties if player_of(p) == "critic" and getattr(p, "at", None) is not None]
    if on_gradients:
        what = type(on_gradients[0]).__name__
        norms = _names(critic, _BATCH_NORMS)
        if norms:
            raise UsageError(
                f"the critic has batch norm ({norms[0]}), but {what} needs each sample's own gradient, which batch "
                "norm mixes with the others': use --critic.norm layer, instance or none, or drop the penalty"
            )
        elus = _names(critic, (torch.nn.ELU,))
        if elus:
            warnings.append(
                f"the critic has ELU ({elus[0]}) under {what}: its second derivative jumps at 0, and such critics "
                "failed to train in WGAN-GP, App. D; the smooth replacement is --critic.activation smooth_elu"
            )
    constraint = recipe.constraint
    if constraint is not None:
        momentum = (
            getattr(recipe.critic_optimizer, "momentum", 0.0) or getattr(recipe.critic_optimizer, "betas", (0.0,))[0]
        )
        if momentum:
            warnings.append(
                f"the critic's optimizer has momentum ({momentum:g}) under weight clipping, which is known to make "
                "training unstable; the WGAN paper uses RMSprop without momentum"
            )
        clipped = {id(tensor) for tensor in constraint.targets(critic)}
        for name, part in critic.named_modules():
            if is_norm(part) and any(id(p) in clipped for p in part.parameters(recurse=False)):
                warnings.append(
                    f"weight clipping also clips the scales of normalisation layers ({name}), as the official codes "
                    "do; --constraint.spare-norms true leaves them alone"
                )
                break
    if getattr(recipe.perturbation, "reads_signs", False):
        objective: object = recipe.objective
        while hasattr(objective, "base"):
            objective = objective.base
        loss = getattr(objective, "loss", objective)
        if not getattr(loss, "splits_at_zero", False):
            warnings.append(
                f"the perturbation adapts to the signs of real scores, which {type(loss).__name__} does not hold above "
                "0: use a NonSaturating, Saturating or Hinge loss, or a perturbation of a fixed strength"
            )
    if recipe.run.micro_batch is not None and recipe.run.micro_batch < max(recipe.batch, recipe.fakes):
        if recipe.objective.mixes_samples:
            raise UsageError(
                f"run.micro_batch is {recipe.run.micro_batch}, but the objective compares samples across the batch of "
                f"{recipe.batch}: leave micro_batch out, or take a smaller batch"
            )
        if couples_batch(generator) or couples_batch(critic) or _names(generator, _BATCH_NORMS):
            warnings.append(
                f"batch statistics are taken over micro-batches of {recipe.run.micro_batch}, not over the whole batch"
            )
        coupled = [type(getattr(p, "at", p)).__name__ for p in recipe.penalties if sees_batch(p)]
        if coupled:
            warnings.append(
                f"{coupled[0]} takes statistics of micro-batches of {recipe.run.micro_batch}, not of the whole batch"
            )
    return tuple(warnings)

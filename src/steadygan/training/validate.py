"""Validation of a recipe and its networks before training: errors and warnings, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from steadygan.balance import LossRatio
from steadygan.errors import UsageError, nearest
from steadygan.measuring import preserved_buffers, preserved_random_state
from steadygan.networks.layers.inspect import couples_batch, group_size, is_conditional, is_norm
from steadygan.phases import is_of_weights, player_of, sees_batch
from steadygan.training.own_networks import check_own
from steadygan.training.step.draws import micro_batches
from steadygan.training.step.probe import trial_latents, trial_samples, uses_labels
from steadygan.training.trial import parts, try_networks
from steadygan.types import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

_BATCH_NORMS = (torch.nn.modules.batchnorm._BatchNorm, torch.nn.SyncBatchNorm)


def check_game(game: Game) -> tuple[str, ...]:
    """Validates a game, which is left unchanged; returns warnings.

    Raises:
        UsageError: for a combination that cannot work, and for a critic without the outputs that the objective needs.
    """
    warnings = check(game.recipe, game.generator, game.critic, game.world.size)
    warnings += (*try_networks(game), *check_own(game))
    needs = _needed_outputs(game.recipe.objective)
    if needs:
        _check_outputs(game, needs)
    if _splits_batches(game.recipe):
        warnings += tuple(_moving_state_warnings(game))
    if game.sample.classes and not is_conditional(game.generator) and ("class_logits" in needs or _uses_classes(game)):
        warnings += (
            "the critic uses the class of each sample, but the generator is not told which one to make: "
            "use generator:labelled-generator, or --generator.conditional true where it has that",
        )
    return warnings


def _uses_classes(game: Game) -> bool:
    """True if the critic's score depends on the label: as its modules say, or as its gradients show."""
    if is_conditional(game.critic):
        return True
    latents, labels = trial_latents(game.recipe, game.sample, game.device, 2 * game.group)
    samples = trial_samples(game.average, latents, labels, game.sample)
    try:
        return uses_labels(game.critic, samples, game.sample.classes)
    except Exception:  # a network of the user's own for one size of a batch
        return False


def check(recipe: Recipe, generator: nn.Module, critic: nn.Module, processes: int = 1) -> tuple[str, ...]:
    """Validates a recipe and its built networks; returns warnings.

    Raises:
        UsageError: for a combination that cannot work; the line names the remedy.
    """
    _check_number_names(recipe)
    _check_levels(recipe, generator, critic)
    _check_groups(recipe, critic, processes)
    _check_batch_norms(recipe, generator, critic)
    _check_micro_batch(recipe)
    return (
        *_balance_warnings(recipe),
        *_activation_warnings(recipe, critic),
        *_constraint_warnings(recipe, critic),
        *_perturbation_warnings(recipe),
        *_micro_batch_warnings(recipe, generator, critic),
    )


def _module_names(module: nn.Module, kinds: tuple[type, ...]) -> list[str]:
    return [name or type(part).__name__ for name, part in module.named_modules() if isinstance(part, kinds)]


def _gradient_penalties(recipe: Recipe) -> list[str]:
    """Class names of the critic's penalties on input gradients."""
    penalties = [penalty for penalty in recipe.penalties if player_of(penalty) == "critic"]
    return [type(penalty).__name__ for penalty in penalties if getattr(penalty, "at", None) is not None]


# --- errors


def _needed_outputs(objective: object) -> tuple[str, ...]:
    """Fields of CriticOutput beside the score that an objective, or one inside it, needs."""
    needs = tuple(getattr(objective, "needs", ()))
    base = getattr(objective, "base", None)
    return needs if base is None else (*needs, *_needed_outputs(base))


def _check_outputs(game: Game, needs: tuple[str, ...]) -> None:
    """Refuses a critic whose outputs on fakes of zero latents lack a needed field."""
    recipe, critic = game.recipe, game.recipe.critic
    noise, labels = _zeros(game)
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


def _zeros(game: Game) -> tuple[Tensor, Tensor | None]:
    """Random numbers of the prior and labels, all 0, for a (micro-)batch."""
    recipe = game.recipe
    count = min(recipe.batch, recipe.run.micro_batch or recipe.batch)
    noise = torch.zeros(count, *recipe.prior.random_spec().shape, device=game.device)
    return noise, torch.zeros(count, dtype=torch.int64, device=game.device) if game.sample.classes else None


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
    coupling = [type(part).__name__ for part in critic.modules() if getattr(part, "couples_batch", False) is True]
    if coupling and processes > 1:
        raise UsageError(
            f"{coupling[0]} compares all samples of a batch, but each of {processes} processes sees its own part: give "
            "it groups of a fixed size (its field group), or train in one process"
        )


def _check_batch_norms(recipe: Recipe, generator: nn.Module, critic: nn.Module) -> None:
    """Refuses batch norm in a network whose per-sample gradients a penalty takes."""
    of_generator = [type(p).__name__ for p in recipe.penalties if player_of(p) == "generator" and not is_of_weights(p)]
    norms = _module_names(generator, _BATCH_NORMS)
    if of_generator and norms:
        raise UsageError(
            f"the generator has batch norm ({norms[0]}), but {of_generator[0]} needs each sample's own "
            "gradient, which batch norm mixes with the others': use --generator.norm none, or drop the penalty"
        )
    of_critic = _gradient_penalties(recipe)
    norms = _module_names(critic, _BATCH_NORMS)
    if of_critic and norms:
        raise UsageError(
            f"the critic has batch norm ({norms[0]}), but {of_critic[0]} needs each sample's own gradient, which batch "
            "norm mixes with the others': use --critic.norm layer, instance or none, or drop the penalty"
        )


def _splits_batches(recipe: Recipe) -> bool:
    return recipe.run.micro_batch is not None and recipe.run.micro_batch < max(recipe.batch, recipe.fakes)


def _check_micro_batch(recipe: Recipe) -> None:
    """Refuses micro-batches under an objective that compares samples across the batch."""
    if _splits_batches(recipe) and recipe.objective.mixes_samples:
        raise UsageError(
            f"run.micro_batch is {recipe.run.micro_batch}, but the objective compares samples across the batch of "
            f"{recipe.batch}: leave micro_batch out, or take a smaller batch"
        )


# --- warnings


def _balance_warnings(recipe: Recipe) -> Iterator[str]:
    if isinstance(recipe.balance, LossRatio):
        yield (
            f"{type(recipe.balance).__name__} balances steps by the losses, which is short-sighted: two rates (TTUR), "
            "spectral norm or instance noise are the better cure; where a loss is not above 0 it does nothing"
        )


def _activation_warnings(recipe: Recipe, critic: nn.Module) -> Iterator[str]:
    penalties, elus = _gradient_penalties(recipe), _module_names(critic, (torch.nn.ELU,))
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


def _micro_batch_warnings(recipe: Recipe, generator: nn.Module, critic: nn.Module) -> Iterator[str]:
    if not _splits_batches(recipe):
        return
    if couples_batch(generator) or couples_batch(critic) or _module_names(generator, _BATCH_NORMS):
        yield f"batch statistics are taken over micro-batches of {recipe.run.micro_batch}, not over the whole batch"
    penalties = [type(getattr(p, "at", p)).__name__ for p in recipe.penalties if sees_batch(p)]
    if penalties:
        yield (f"{penalties[0]} takes statistics of micro-batches of {recipe.run.micro_batch}, not of the whole batch")


def _moving_state_warnings(game: Game) -> Iterator[str]:
    """Buffers that a forward in training mode moves; batch norms are warned of elsewhere, spectral norms stay."""
    size = game.recipe.run.micro_batch
    noise, labels = _zeros(game)
    networks = {"generator": game.generator, "critic": game.critic}
    with (
        preserved_random_state(game.device),
        preserved_buffers(game.generator),
        preserved_buffers(game.critic),
        torch.no_grad(),
    ):
        before = {name: _buffers(network) for name, network in networks.items()}
        with game.autocast():
            game.score(game.generate(noise, labels))
        moved = {
            name: [key for key, buffer in _buffers(network).items() if not torch.equal(buffer, before[name][key])]
            for name, network in networks.items()
        }
    for name, buffers in moved.items():
        if buffers:
            yield (
                f"{buffers[0]} of the {name} moves at each forward pass: once for {size} samples (run.micro_batch), "
                "not once a step"
            )


def _buffers(network: nn.Module) -> dict[str, Tensor]:
    """Copies of the buffers of all modules but batch norms, by name."""
    modules = [(name, part) for name, part in network.named_modules() if not isinstance(part, _BATCH_NORMS)]
    return {
        f"{name}.{key}".lstrip("."): buffer.clone()
        for name, part in modules
        for key, buffer in part.named_buffers(recurse=False)
    }

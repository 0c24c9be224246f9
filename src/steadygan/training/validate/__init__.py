"""Validation of a recipe and its networks before training: errors and warnings, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.networks.layers.inspect import is_conditional
from steadygan.training.own_networks import check_own
from steadygan.training.step.probe import trial_latents, trial_samples, uses_labels
from steadygan.training.trial import try_networks
from steadygan.training.validate.errors import check_outputs, needed_outputs, refuse
from steadygan.training.validate.moving_state import moving_state_warnings, refuse_states_of_parts
from steadygan.training.validate.own_parts import check_own_parts as check_own_parts
from steadygan.training.validate.own_parts import check_own_parts_in
from steadygan.training.validate.reading import splits_batches
from steadygan.training.validate.warnings import recipe_warnings

if TYPE_CHECKING:
    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game


def check_game(game: Game, shared: tuple[Recipe, int] | None = None) -> tuple[str, ...]:
    """Validates a game, which is left unchanged; returns warnings.

    Args:
        game: of the run, or of one process's share of it
        shared: of a share, the run's recipe and its number of processes; None: the game is the whole run's

    Raises:
        UsageError: for a combination that cannot work, and for a critic without the outputs that the objective needs.
    """
    whole, processes = shared or (game.recipe, game.world.size)
    warnings = check(whole, game.generator, game.critic, processes)
    warnings += (*try_networks(game), *check_own(game))
    check_own_parts_in(game)
    needs = needed_outputs(game.recipe.objective)
    if needs:
        check_outputs(game, needs)
    if processes > 1:
        refuse_states_of_parts(game, processes)
    if splits_batches(whole, processes):
        warnings += tuple(moving_state_warnings(game))
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
    refuse(recipe, generator, critic, processes)
    return recipe_warnings(recipe, generator, critic, processes)

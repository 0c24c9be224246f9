"""Pretraining: the recipe's encoder is trained as a classifier of the labelled data, once, before the first round.

Its steps are functions of (seed, step), and all that they change is in the checkpoint of round 0, so that one that was
stopped goes on to the last digit. Several processes share each batch. When it ends the encoder is frozen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from steadygan.errors import NeedsClassesError
from steadygan.scores import widened
from steadygan.training.step.draws import micro_batches
from steadygan.training.step.layout import channels_last
from steadygan.types import scales_of

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.data.types import TrainData
    from steadygan.training.step.game import Game
    from steadygan.training.step.player import Player
    from steadygan.training.step.setup import Setup
    from steadygan.types import Batch

LOOK_EVERY = 20
"""steps between two at which all processes agree whether to stop"""
SAVE_EVERY = 30.0
"""seconds between checkpoints"""
_MOST = 2_000
"""held-out samples that the accuracy is measured on"""


def is_due(game: Game) -> bool:
    """True if the encoder has steps before it."""
    spec = game.recipe.encoder
    return spec is not None and int(game.state.pretraining[0]) < spec.steps


def expected_seconds(setup: Setup, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the encoder's training, from its second step; 0 without one. The setup's game should be discarded."""
    game, spec = setup.game, setup.game.recipe.encoder
    if game.encoder is None or spec is None:
        return 0.0
    began = clock()
    for step in (0, 1):
        began = clock()
        _step(setup, game.encoder, step)
        float(next(game.encoder.network.parameters()).sum())  # waits for the device
    return (clock() - began) * spec.steps


def pretrain(setup: Setup, stops: Callable[[], bool], save: Callable[[], object]) -> bool:
    """Trains the encoder to its last step; returns False if it was stopped before.

    Args:
        setup: its game is changed in place
        stops: asked now and then, by all processes, whether to stop
        save: called now and then, and at the end
    """
    game, spec = setup.game, setup.game.recipe.encoder
    assert game.encoder is not None and spec is not None
    player, done = game.encoder, int(game.state.pretraining[0])
    saved = time.monotonic()
    while done < spec.steps:
        _step(setup, player, done)
        done += 1
        game.state = game.state._replace(pretraining=(torch.full_like(game.state.pretraining[0], done),))
        if done % LOOK_EVERY == 0 and done < spec.steps:
            if stops():
                save()
                return False
            if game.world.any(time.monotonic() - saved > SAVE_EVERY):
                save()
                saved = time.monotonic()
    player.optimizer.state.clear()  # it takes no further step
    save()
    return True


def _step(setup: Setup, player: Player, step: int) -> None:
    """One step of Adam on the mean cross-entropy of a batch, of which each process has its rows."""
    game, drawn = setup.game, setup.drawer.for_encoder(step)
    parameters = list(player.network.parameters())
    count = len(drawn.samples)
    player.apply_settings(step)
    player.optimizer.zero_grad(set_to_none=True)
    player.network.requires_grad_(True)
    try:
        for rows in micro_batches(game.world.rows(count), game.recipe.run.micro_batch):
            batch = setup.feed(drawn.of_rows(rows))
            with game.autocast():
                loss = _loss(player.network(channels_last(scales_of(batch.samples)[-1])), batch)
            (loss * ((rows.stop - rows.start) / count)).backward()
        game.world.all_reduce_gradients(parameters)
        player.optimizer.step()
    finally:
        player.network.requires_grad_(False)
        player.optimizer.zero_grad(set_to_none=True)


def _loss(logits: Tensor, batch: Batch) -> Tensor:
    if batch.labels is None:
        raise NeedsClassesError("the recipe's encoder learns from labels, which the data does not have")
    return torch.nn.functional.cross_entropy(widened(logits), batch.labels)


def accuracy(game: Game, data: TrainData) -> tuple[float, int] | None:
    """The share of held-out samples that the encoder classifies rightly, and their number; None without labels."""
    assert game.encoder is not None
    if data.endless or not len(data):
        return None
    stored, labels = data.some()
    if labels is None:
        return None
    right, count = 0, min(_MOST, len(stored))
    with torch.no_grad(), game.autocast():
        for rows in micro_batches(slice(0, count), 256):
            images = game.recipe.representation.encode(torch.tensor(stored[rows]).to(game.device))
            found = game.encoder.network(channels_last(scales_of(images)[-1])).argmax(1).cpu()
            right += int((found == torch.tensor(labels[rows])).sum())
    return right / count, count

"""The game: both players of a recipe with the averaged generator and all state that training changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from steadygan.balance import Steps, StepsByLoss
from steadygan.ema import move_average
from steadygan.networks.layers.drawn import DrawnGenerator
from steadygan.networks.layers.given import copied
from steadygan.networks.layers.inspect import (
    couples_batch,
    draws_in_forward,
    group_size,
    round_followers,
)
from steadygan.networks.layers.packing import packing_of
from steadygan.networks.layers.power_iteration import taken_over
from steadygan.phases import sees_batch
from steadygan.plateau import PlateauState
from steadygan.rng import Stream, stream_generator
from steadygan.schedules import value_at
from steadygan.system.device import Precision, autocast, set_matmul_precision
from steadygan.training.processes.world import ALONE, World
from steadygan.training.step.layout import channels_last, gains_from_channels_last
from steadygan.training.step.networks import build_networks, check_growth
from steadygan.training.step.patches import mapped
from steadygan.training.step.player import Player, build_encoder, build_players
from steadygan.training.step.probe import find_coupling
from steadygan.training.step.stages import Stages
from steadygan.training.step.state import GameState, initial_state
from steadygan.types import (
    PLAYERS,
    Batch,
    CriticOutput,
    PlayerName,
    Sample,
    SampleSpec,
    Scales,
    register_scales,
    scales_of,
)

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable

    from torch import Tensor, nn

    from steadygan.networks.drawing import GeneratorDraws
    from steadygan.penalties import CriticPenalty, GeneratorPenalty
    from steadygan.recipe import Recipe

register_scales()


def _copied_buffers(average: nn.Module, generator: nn.Module) -> list[tuple[nn.Module, nn.Module, str]]:
    """The buffers that the average has from the generator, by their modules and name.

    All but the counts of batches, which it does not use. By name: a forward of the user's own may put another tensor
    in a buffer's place.
    """
    pairs = zip(average.modules(), generator.modules(), strict=True)
    return [(to, of, name) for to, of in pairs for name in of._buffers if name != "num_batches_tracked"]


@dataclass
class Game:
    """Players, averaged generator and state of a recipe; a round changes them in place."""

    recipe: Recipe
    sample: SampleSpec
    device: torch.device
    precision: Precision
    players: dict[PlayerName, Player]
    average: nn.Module
    """generator with averaged weights, in eval mode"""
    state: GameState
    world: World = ALONE
    encoder: Player | None = None
    """of the recipe's encoder, which is trained before the first round"""

    def __post_init__(self) -> None:
        recipe = self.recipe
        self.phases = recipe.phases
        self.joins_passes = not couples_batch(self.critic)
        """True if real samples and fakes may share a forward pass"""
        self.group = group_size(self.critic)
        """group size of the critic: it compares samples in groups"""
        self.packing = packing_of(self.critic)
        """samples that the critic scores together"""
        self.pools_outputs = self.world.size > 1 and recipe.objective.mixes_samples
        """True if the objective needs the outputs of all processes"""
        self.exchanges = self._exchanges()
        """True if a loss communicates among processes"""
        taken_over(self.average)
        self._power_iterations = {name: taken_over(self.players[name].network) for name in PLAYERS}
        self._may_draw = any(draws_in_forward(self.players[name].network) for name in PLAYERS)
        self._round_followers = [part for name in PLAYERS for part in round_followers(self.players[name].network)]
        self.stages = Stages(recipe, self.networks.values(), self.device)
        """level and fade of networks that grow"""
        self.constrained = [] if recipe.constraint is None else list(recipe.constraint.targets(self.critic))
        self.strength = torch.tensor(self._strength(0), device=self.device)
        """strength of the perturbation in this round, 0-d"""
        self.rate_factor = torch.ones((), device=self.device)
        """factor of both learning rates by the plateau in this round, 0-d"""
        self.pace = 1.0
        """rounds of the schedules that this round stands for, in a run whose end was moved"""
        wide = torch.float32 if self.device.type == "mps" else torch.float64  # exact for a Python float
        weights = [value_at(penalty.weight, 0) for penalty in recipe.penalties]
        self.penalty_weights = torch.tensor(weights, dtype=wide, device=self.device)
        """weights of the penalties in this round, [penalties]: torch.compile traces twice what takes a 0-d float64"""
        self._average_tensors = [p.data for p in self.average.parameters()]
        self._buffers = _copied_buffers(self.average, self.generator)

    @property
    def generator(self) -> nn.Module:
        return self.players["generator"].network

    @property
    def critic(self) -> nn.Module:
        return self.players["critic"].network

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks by name, as in checkpoints."""
        networks = {"generator": self.generator, "average": self.average, "critic": self.critic}
        return networks if self.encoder is None else {**networks, "encoder": self.encoder.network}

    @property
    def trained(self) -> dict[str, Player]:
        """All networks that have an optimizer, by name, as in checkpoints."""
        players = {str(name): player for name, player in self.players.items()}
        return players if self.encoder is None else {**players, "encoder": self.encoder}

    @classmethod
    def build(
        cls,
        recipe: Recipe,
        sample: SampleSpec,
        device: torch.device | str = "cpu",
        precision: Precision = "fp32",
        world: World = ALONE,
    ) -> Game:
        """The game at round 0; with several processes, batch norms are synchronized.

        Raises:
            UsageError: if a network does not support such samples.
        """
        device = torch.device(device)
        set_matmul_precision(precision, device)
        networks = build_networks(recipe, sample)
        generator, critic = networks["generator"], networks["critic"]
        for network in (generator, critic):
            network.to(device)
            if gains_from_channels_last(network):
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.train()
        average = copied(generator).requires_grad_(False).eval()
        check_growth(recipe, generator, critic)
        find_coupling(generator, critic, recipe, sample, device)
        for network in (generator, critic):
            world.synchronize_batch_norms(network)
        return cls(
            recipe=recipe,
            sample=sample,
            device=device,
            precision=precision,
            players=build_players(recipe, {"critic": critic, "generator": generator}),
            average=average,
            state=initial_state(recipe, device),
            world=world,
            encoder=build_encoder(recipe, sample, device),
        )

    def _exchanges(self) -> bool:
        if self.world.size == 1:
            return False
        parts = [*self.generator.modules(), *self.critic.modules()]
        summed = any(getattr(part, "sum_over_processes", None) is not None for part in parts)
        return self.pools_outputs or summed or any(sees_batch(penalty) for penalty in self.recipe.penalties)

    def critic_penalty(self, index: int) -> CriticPenalty:
        """The recipe's penalty of this index, one of the critic's."""
        return cast("CriticPenalty", self.recipe.penalties[index])

    def generator_penalty(self, index: int) -> GeneratorPenalty:
        """The recipe's penalty of this index, one of the generator's."""
        return cast("GeneratorPenalty", self.recipe.penalties[index])

    def objective_number(self, name: str) -> Tensor:
        """A number of the objective's state by name, 0-d."""
        value: Tensor = getattr(self.state.objective, name)
        return value

    def steps(self, round_: int) -> Steps:
        """Steps of both players in the next round; waits for the device if the recipe balances them by losses."""
        usual, balance = self.recipe.counts(round_), self.recipe.balance
        if balance is None:
            return usual
        if isinstance(balance, StepsByLoss):
            return balance.steps(usual, float(self.objective_number(balance.of)))
        critic_loss, generator_loss = torch.stack(self.state.losses).tolist()
        return balance.steps(usual, critic_loss, generator_loss)

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Autocast context for computing losses."""
        return autocast(self.precision, self.device)

    def score(self, batch: Batch, state: GameState | None = None) -> CriticOutput:
        """The critic's outputs on a batch, which is perturbed first if it has random numbers for that."""
        samples = self._perturbed(batch, self.state if state is None else state)
        output: CriticOutput = self.critic(channels_last(samples), batch.labels)
        return output._replace(labels=batch.labels)

    def _perturbed(self, batch: Batch, state: GameState) -> Sample:
        perturbation, samples = self.recipe.perturbation, batch.samples
        if perturbation is None or batch.perturbation is None:
            return samples
        return perturbation.apply(samples, batch.perturbation, self.strength, state.perturbation)

    def _strength(self, round_: int) -> float:
        perturbation = self.recipe.perturbation
        return 0.0 if perturbation is None else perturbation.strength(round_)

    def pooled(self, output: CriticOutput) -> CriticOutput:
        """The outputs of all processes, this one's with their graph, if the objective compares samples."""
        return self.all_gather(output, with_gradient=True) if self.pools_outputs else output

    def all_gather(self, output: CriticOutput, *, with_gradient: bool = False) -> CriticOutput:
        """The outputs of all processes, in the order of ranks."""
        gather = self.world.all_gather
        return mapped(output, lambda field: gather(field, with_gradient=with_gradient))

    def in_levels(self, real: Batch) -> Batch:
        """Real images with their features, if the recipe has an encoder: samples of two levels."""
        if self.encoder is None:
            return real
        encoder: Any = self.encoder.network
        with torch.no_grad(), self.autocast():
            features = encoder.features(channels_last(real.samples))
        return real._replace(samples=Scales((features, *scales_of(real.samples))))

    def encoder_loss(self, fake: Batch) -> Tensor:
        """The objective's term of what the encoder makes of fakes of two levels."""
        assert self.encoder is not None
        objective: Any = self.recipe.objective
        loss: Tensor = objective.encoder_loss(self.encoder.network, fake)
        return loss

    def generate_levels(self, random: Tensor, real: Batch, labels: Tensor | None) -> Batch:
        """Fake samples of two levels, of a generator that makes them, beside real ones of two levels."""
        latents = self.recipe.prior.latents(random)
        generator: Any = self.generator
        samples, condition = generator.levels(latents, labels, scales_of(real.samples)[0])
        return Batch(channels_last(samples), labels, latents=latents, condition=condition)

    def generate(self, random: Tensor, labels: Tensor | None = None, drawn: GeneratorDraws | None = None) -> Batch:
        """Fake samples of the prior's random numbers [N, ...], and of those of a generator that draws."""
        return Batch(channels_last(self.drawn_generator(drawn)(self.recipe.prior.latents(random), labels)), labels)

    def drawn_generator(self, drawn: GeneratorDraws | None) -> nn.Module | DrawnGenerator:
        """The generator with the random numbers of a step; alone, if there are none."""
        if drawn is None:
            return self.generator
        latents = None if drawn.latents is None else self.recipe.prior.latents(drawn.latents)
        return DrawnGenerator(self.generator, drawn._replace(latents=latents))

    def set_round(self, round_: int) -> None:
        """Sets optimizers, networks, penalties and the perturbation to their settings of a round."""
        if self._may_draw:  # dropout and noise of the user's own networks, a function of (seed, round, process)
            drawn = stream_generator(self.recipe.seed, Stream.NETWORKS, round_, substream=self.world.rank)
            torch.manual_seed(int(drawn.integers(2**63)))
        at, self.pace = self.recipe.position(round_), self.recipe.pace(round_)
        for part in self._round_followers:
            part.set_round(at)
        self.strength.fill_(self._strength(at))
        for weight, penalty in zip(self.penalty_weights, self.recipe.penalties, strict=True):
            weight.fill_(value_at(penalty.weight, at))
        for player in self.players.values():
            player.apply_settings(at)
        self.stages.set_round(self.recipe, round_, self.players.values())
        if self.state.plateau:
            self.rate_factor.copy_(self.state.plateau[-1])
            for player in self.players.values():
                for group in player.optimizer.param_groups:
                    group["lr"] *= self.rate_factor  # in place: rates are 0-d tensors

    def iterate_spectral_norms(self, names: Iterable[PlayerName]) -> None:
        """Moves the spectral norms of these players' networks by one step of their power iterations."""
        for name in names:
            for move in self._power_iterations[name]:
                move()

    def finish_round(self, round_: int, critic_loss: Tensor, generator_loss: Tensor) -> None:
        """Updates the state of balance and plateau after a round."""
        if self.state.losses:
            self.state = self.state._replace(
                losses=(self.world.all_reduce(critic_loss), self.world.all_reduce(generator_loss))
            )
        plateau = self.recipe.plateau
        if plateau is not None and plateau.due_between(self.recipe.position(round_), self.recipe.position(round_ + 1)):
            moved = plateau.next_state(self.objective_number(plateau.of), PlateauState(*self.state.plateau))
            self.state = self.state._replace(plateau=moved)

    def update_average(self, batch: int, seen: int, round_: int) -> None:
        """Updates the moving average of the generator's weights after ``seen`` fakes."""
        if self.recipe.growth is not None:  # one step forgets as much at every level, as in ProGAN's code
            batch = self.recipe.fakes
        decay = self.recipe.average.decay(batch, seen, self.recipe.position(round_), self.recipe.pace(round_))
        move_average(self._average_tensors, [p.data for p in self.generator.parameters()], decay)
        self.copy_buffers()

    def copy_buffers(self) -> None:
        """Copies the generator's buffers to the averaged generator."""
        into: list[Tensor] = []
        values: list[Tensor] = []
        for to, of, name in self._buffers:
            there, value = to._buffers.get(name), of._buffers.get(name)
            if there is not None and value is not None and there.shape == value.shape:
                into.append(there)
                values.append(value)
            elif there is not None or value is not None:
                to._buffers[name] = None if value is None else value.detach().clone()
        if values:
            torch._foreach_copy_(into, values)

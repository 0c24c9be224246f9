"""The two players of a run, built from its recipe: networks, optimizers, averaged generator, and state."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from steadygan.balance import Steps
from steadygan.ema import update_average
from steadygan.networks.layers.inspect import couples_batch, group_size, round_followers
from steadygan.optimizers import lazily_corrected
from steadygan.phases import lazy_correction, player_of
from steadygan.plateau import PlateauState
from steadygan.rng import Stream, stream_generator
from steadygan.schedules import value_at
from steadygan.system.device import Precision, autocast, set_matmul_precision
from steadygan.training.processes.world import ALONE, World
from steadygan.types import (
    PLAYERS,
    Batch,
    CriticOutput,
    PlayerName,
    S,
    Sample,
    SampleSpec,
    at_each_scale,
    register_scales,
)

if TYPE_CHECKING:
    import contextlib

    from torch import Tensor, nn

    from steadygan.objectives import State
    from steadygan.optimizers import OptimizerLike
    from steadygan.penalties import CriticPenalty, GeneratorPenalty
    from steadygan.recipe import Recipe

register_scales()


class LazyReadings(NamedTuple):
    """What the last step of a lazy phase showed, 0-d; the first follows the first step of its player."""

    penalty: Tensor
    """weighted, with the phase's gain"""
    gradient_norm_mean: Tensor
    """of the critic, where one of the penalties is on it, else 0; as is"""
    gradient_norm_std: Tensor


class GameState(NamedTuple):
    """Every tensor that rounds change beside weights and optimizers, mapped as a tree; () where there is none."""

    objective: State
    perturbation: State = ()
    penalties: tuple[State, ...] = ()
    """one for each penalty of the recipe"""
    plateau: State = ()
    losses: State = ()
    """of critic and generator in the last round, where the recipe balances its steps by them"""
    lazy: tuple[LazyReadings, ...] = ()
    """one for each lazy phase, for the record"""


@dataclass
class Player:
    """A network with its optimizer."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    spec: OptimizerLike
    correction: float = 1.0
    """of the optimizer's settings, for lazy phases"""
    parameters: list[nn.Parameter] = field(init=False)
    """those that are trained"""

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]

    def settings(self, round_: int) -> dict[str, Any]:
        """The optimizer's settings in a round."""
        return lazily_corrected(self.spec.settings(round_), self.correction)

    def apply_settings(self, round_: int) -> None:
        """Writes the settings of a round into the optimizer; 0-d tensors are filled in place."""
        for name, value in self.settings(round_).items():
            for group in self.optimizer.param_groups:
                if isinstance(group[name], torch.Tensor):
                    group[name].fill_(value)
                else:
                    group[name] = value


def _build_network(spec: Any, seed: int, index: int, *sizes: Any) -> nn.Module:
    """A network whose weights depend on the seed and on the player's index alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream_generator(seed, Stream.WEIGHTS, index).integers(2**32)))
        module: nn.Module = spec.build(*sizes)
    return module


def has_convolutions(module: nn.Module) -> bool:
    """True if the network gains from the channels-last layout."""
    return any(isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d) for part in module.modules())


def channels_last(samples: S) -> S:
    """Images in the channels-last layout, which convolutions are fastest in; other samples unchanged."""

    def laid_out(tensor: Tensor) -> Tensor:
        if tensor.dim() != 4:
            return tensor
        if tensor.shape[1] == 1 and torch.compiler.is_compiling():
            # The strides of a single channel mean nothing, and torch's tracer predicts others than kernels give; group
            # norm's traced backward then reads one layout as the other (docs/traps.md). A copy's are as predicted.
            return tensor.clone(memory_format=torch.channels_last)
        return tensor.contiguous(memory_format=torch.channels_last)

    return at_each_scale(laid_out, samples)


@dataclass
class Game:
    """Everything that a round changes, and the recipe that says how."""

    recipe: Recipe
    sample: SampleSpec
    device: torch.device
    precision: Precision
    players: dict[PlayerName, Player]
    average: nn.Module
    """the generator with averaged weights, never trained"""
    state: GameState
    world: World = ALONE

    def __post_init__(self) -> None:
        recipe = self.recipe
        self.phases = recipe.phases
        self.joins_passes = not couples_batch(self.critic)
        self.group = group_size(self.critic)
        """samples that the critic has to see together"""
        self.pools_outputs = self.world.size > 1 and recipe.objective.mixes_samples
        self.exchanges = self._exchanges()
        """True if losses themselves need numbers of other processes"""
        self._round_followers = [part for name in PLAYERS for part in round_followers(self.players[name].network)]
        self.constrained = [] if recipe.constraint is None else recipe.constraint.targets(self.critic)
        self.strength = torch.tensor(self._strength(0), device=self.device)
        """of the perturbation, in the present round"""
        self.rate_factor = torch.ones((), device=self.device)
        """by which the plateau multiplies both rates, in the present round"""
        wide = torch.float32 if self.device.type == "mps" else torch.float64  # which loses no digit of a weight
        self.penalty_weights = [
            torch.tensor(value_at(penalty.weight, 0), dtype=wide, device=self.device) for penalty in recipe.penalties
        ]
        """0-d, of the present round"""
        self._average_tensors = [p.data for p in self.average.parameters()]
        self._average_buffers = [b for b in self.average.buffers() if b.is_floating_point()]
        self._buffers = [b for b in self.generator.buffers() if b.is_floating_point()]

    @property
    def generator(self) -> nn.Module:
        return self.players["generator"].network

    @property
    def critic(self) -> nn.Module:
        return self.players["critic"].network

    @classmethod
    def build(
        cls,
        recipe: Recipe,
        sample: SampleSpec,
        device: torch.device | str = "cpu",
        precision: Precision = "fp32",
        world: World = ALONE,
    ) -> Game:
        """The game at round 0; with several processes, batch norms take the statistics of the whole batch.

        Raises:
            UsageError: if a network cannot make or read such samples.
        """
        device = torch.device(device)
        set_matmul_precision(precision, device)
        generator = _build_network(recipe.generator, recipe.seed, 0, sample, recipe.prior.size)
        critic = _build_network(recipe.critic, recipe.seed, 1, sample)
        for network in (generator, critic):
            network.to(device)
            if has_convolutions(network):
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.train()
        average = copy.deepcopy(generator).requires_grad_(False).eval()
        for network in (generator, critic):
            world.share_statistics(network)
        return cls(
            recipe=recipe,
            sample=sample,
            device=device,
            precision=precision,
            players=_players(recipe, {"critic": critic, "generator": generator}),
            average=average,
            state=_initial_state(recipe, device),
            world=world,
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

    def measured(self, name: str) -> Tensor:
        """A number of the objective's state by its name, 0-d."""
        value: Tensor = getattr(self.state.objective, name)
        return value

    def steps(self, round_: int) -> Steps:
        """Steps of both players in the coming round; waits for the device where losses decide."""
        usual = self.recipe.counts(round_)
        if self.recipe.balance is None:
            return usual
        critic_loss, generator_loss = torch.stack(self.state.losses).tolist()
        return self.recipe.balance.steps(usual, critic_loss, generator_loss)

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """The context that losses are computed in."""
        return autocast(self.precision, self.device)

    def score(self, batch: Batch, state: GameState | None = None) -> CriticOutput:
        """The critic's outputs on a batch, perturbed where it has numbers for that, with its labels beside them."""
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
        """The outputs of all processes, this one's with their graph, where the objective compares samples."""
        return self.gathered(output, with_gradient=True) if self.pools_outputs else output

    def gathered(self, output: CriticOutput, *, with_gradient: bool = False) -> CriticOutput:
        """The outputs of all processes, in the order of the whole batch."""
        gather = self.world.gathered
        return CriticOutput(*(None if f is None else gather(f, with_gradient=with_gradient) for f in output))  # type: ignore[arg-type]

    def generate(self, random: Tensor, labels: Tensor | None = None) -> Batch:
        """Fakes of the prior's random numbers [N, ...], in the layout that the critic is fastest in."""
        return Batch(channels_last(self.generator(self.recipe.prior.latents(random), labels)), labels)

    def set_round(self, round_: int) -> None:
        """Gives optimizers, networks, penalties and the perturbation their settings of a round."""
        for part in self._round_followers:
            part.set_round(round_)
        self.strength.fill_(self._strength(round_))
        for weight, penalty in zip(self.penalty_weights, self.recipe.penalties, strict=True):
            weight.fill_(value_at(penalty.weight, round_))
        for player in self.players.values():
            player.apply_settings(round_)
        if self.state.plateau:
            self.rate_factor.copy_(self.state.plateau[-1])
            for player in self.players.values():
                for group in player.optimizer.param_groups:
                    group["lr"] *= self.rate_factor  # in place: rates are 0-d tensors

    def finish_round(self, round_: int, critic_loss: Tensor, generator_loss: Tensor) -> None:
        """Updates the state that later rounds follow."""
        if self.state.losses:
            self.state = self.state._replace(losses=(self.world.sum(critic_loss), self.world.sum(generator_loss)))
        plateau = self.recipe.plateau
        if plateau is not None and plateau.due_after(round_):
            moved = plateau.next_state(self.measured(plateau.of), PlateauState(*self.state.plateau))
            self.state = self.state._replace(plateau=moved)

    def update_average(self, batch: int, seen: int, round_: int) -> None:
        """Moves the averaged generator towards the present one, after ``seen`` samples."""
        decay = self.recipe.average.decay(batch, seen, round_)
        update_average(self._average_tensors, [p.data for p in self.generator.parameters()], decay)
        self.copy_buffers()

    def copy_buffers(self) -> None:
        """Gives the averaged generator the buffers of the present one."""
        if self._buffers:
            torch._foreach_copy_(self._average_buffers, self._buffers)


def sees_batch(penalty: Any) -> bool:
    """True if a penalty of one sample depends on the whole batch."""
    source = getattr(penalty, "at", None) if player_of(penalty) == "critic" else penalty
    return bool(getattr(source, "sees_batch", False))


def _players(recipe: Recipe, networks: dict[PlayerName, nn.Module]) -> dict[PlayerName, Player]:
    specs: dict[PlayerName, OptimizerLike] = {
        "critic": recipe.critic_optimizer,
        "generator": recipe.generator_optimizer,
    }
    return {
        name: Player(
            network=networks[name],
            optimizer=specs[name].build(networks[name].parameters()),
            spec=specs[name],
            correction=lazy_correction(recipe.phases, name),
        )
        for name in PLAYERS
    }


def _initial_state(recipe: Recipe, device: torch.device) -> GameState:
    perturbation, plateau = recipe.perturbation, recipe.plateau
    none: State = ()
    state = GameState(
        objective=recipe.objective.initial_state(),
        perturbation=none if perturbation is None else perturbation.initial_state(),
        penalties=tuple(getattr(penalty, "initial_state", tuple)() for penalty in recipe.penalties),
        plateau=none if plateau is None else plateau.initial_state(),
        losses=none if recipe.balance is None else (torch.zeros(()), torch.zeros(())),
        lazy=tuple(LazyReadings(*torch.zeros(3)) for phase in recipe.phases if not phase.objective),
    )
    on_device: GameState = map_state(lambda tensor: tensor.to(device), state)
    return on_device


def map_state(function: Any, state: Any) -> Any:
    """A state of the same form, with a function of each of its tensors."""
    if isinstance(state, torch.Tensor):
        return function(state)
    parts: Sequence[Any] = [map_state(function, part) for part in state]
    make = getattr(type(state), "_make", tuple)  # a NamedTuple stays one
    return make(parts)

"""The two players, built from a recipe: networks, optimizers, the average, the objective's state."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from steadygan.balance import Steps
from steadygan.ema import update_average
from steadygan.networks.layers.inspect import couples_batch, group_size, round_followers
from steadygan.plateau import PlateauState
from steadygan.rng import Stream, stream_generator
from steadygan.schedules import value_at
from steadygan.system.device import Precision, autocast, set_matmul_precision
from steadygan.training.processes.world import ALONE, World
from steadygan.types import Batch, CriticOutput, S, Sample, SampleSpec, at_each_scale, register_scales

if TYPE_CHECKING:
    import contextlib

    from torch import Tensor, nn

    from steadygan.objectives import State
    from steadygan.optimizers import OptimizerLike
    from steadygan.recipe import Recipe

register_scales()


def _build(spec: Any, seed: int, which: int, *sizes: Any) -> nn.Module:
    """A network whose weights depend on the seed and on which player it is, and on nothing drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream_generator(seed, Stream.WEIGHTS, which).integers(2**32)))
        module: nn.Module = spec.build(*sizes)
    return module


def has_convolutions(module: nn.Module) -> bool:
    """Would the network gain from the channels-last layout?"""
    return any(isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d) for part in module.modules())


def channels_last(samples: S) -> S:
    """Images in the layout that convolutions are fastest in; points as they are."""

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
    generator: nn.Module
    critic: nn.Module
    average: nn.Module
    """the generator with averaged weights, never trained"""
    generator_optimizer: torch.optim.Optimizer
    critic_optimizer: torch.optim.Optimizer
    state: State
    """of the objective"""
    perturbation_state: State = ()
    plateau_state: State = ()
    losses: State = ()
    """of critic and generator in the last round, kept where the recipe balances its steps by them"""
    world: World = ALONE
    """the processes that play it together"""

    def __post_init__(self) -> None:
        self.generator_parameters = [p for p in self.generator.parameters() if p.requires_grad]
        self.critic_parameters = [p for p in self.critic.parameters() if p.requires_grad]
        self.joins_passes = not couples_batch(self.critic)
        self.group = group_size(self.critic)
        """samples that the critic has to see together"""
        self.pools_outputs = self.world.size > 1 and self.recipe.objective.mixes_samples
        self.exchanges = self._exchanges()
        """Do losses themselves need numbers of other processes?"""
        constraint = self.recipe.constraint
        self._followers = [*round_followers(self.generator), *round_followers(self.critic)]
        self.constrained = [] if constraint is None else constraint.targets(self.critic)
        self.strength = torch.tensor(self._strength(0), device=self.device)
        """of the perturbation, in the present round"""
        self.rate_factor = torch.ones((), device=self.device)
        """what the plateau multiplies both rates by, in the present round"""
        wide = torch.float32 if self.device.type == "mps" else torch.float64  # which loses no digit of a weight
        self.penalty_weights = [
            torch.tensor(value_at(penalty.weight, 0), dtype=wide, device=self.device)
            for penalty in self.recipe.penalties
        ]
        """0-d, of the present round"""
        self._average_tensors = [p.data for p in self.average.parameters()]
        self._average_buffers = [b for b in self.average.buffers() if b.is_floating_point()]
        self._buffers = [b for b in self.generator.buffers() if b.is_floating_point()]

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
        generator = _build(recipe.generator, recipe.seed, 0, sample, recipe.prior.size)
        critic = _build(recipe.critic, recipe.seed, 1, sample)
        for network in (generator, critic):
            network.to(device)
            if has_convolutions(network):
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.train()
        perturbation = recipe.perturbation
        average = copy.deepcopy(generator).requires_grad_(False).eval()
        for network in (generator, critic):
            world.share_statistics(network)
        return cls(
            recipe=recipe,
            sample=sample,
            device=device,
            precision=precision,
            generator=generator,
            critic=critic,
            average=average,
            generator_optimizer=recipe.generator_optimizer.build(generator.parameters()),
            critic_optimizer=recipe.critic_optimizer.build(critic.parameters()),
            state=_on(recipe.objective.initial_state(), device),
            perturbation_state=() if perturbation is None else _on(perturbation.initial_state(), device),
            plateau_state=() if recipe.plateau is None else _on(recipe.plateau.initial_state(), device),
            losses=() if recipe.balance is None else (torch.zeros((), device=device), torch.zeros((), device=device)),
            world=world,
        )

    def _exchanges(self) -> bool:
        if self.world.size == 1:
            return False
        parts = [*self.generator.modules(), *self.critic.modules()]
        summed = any(getattr(part, "sum_over_processes", None) is not None for part in parts)
        places = [penalty.at for penalty in self.recipe.penalties]
        return self.pools_outputs or summed or any(place is not None and place.sees_batch for place in places)

    @property
    def states(self) -> dict[str, State]:
        """What is remembered beside networks and optimizers, by name; all of it belongs in a checkpoint."""
        return {
            "objective": self.state,
            "perturbation": self.perturbation_state,
            "plateau": self.plateau_state,
            "losses": self.losses,
        }

    def measured(self, name: str) -> Tensor:
        """A number of the objective's state by its name, 0-d."""
        found: Tensor = getattr(self.state, name)
        return found

    def steps(self, round_: int) -> Steps:
        """Steps of both players in the coming round; waits for the device where losses decide."""
        usual = self.recipe.counts(round_)
        if self.recipe.balance is None:
            return usual
        critic_loss, generator_loss = torch.stack(self.losses).tolist()
        return self.recipe.balance.steps(usual, critic_loss, generator_loss)

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """The context that losses are computed in."""
        return autocast(self.precision, self.device)

    def score(self, batch: Batch) -> CriticOutput:
        """The critic's outputs on a batch, perturbed where it has numbers for that, with its labels beside them."""
        output: CriticOutput = self.critic(channels_last(self._perturbed(batch)), batch.labels)
        return output._replace(labels=batch.labels)

    def _perturbed(self, batch: Batch) -> Sample:
        perturbation, samples = self.recipe.perturbation, batch.samples
        if perturbation is None or batch.perturbation is None:
            return samples
        return perturbation.apply(samples, batch.perturbation, self.strength, self.perturbation_state)

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

    def generate(self, noise: Tensor, labels: Tensor | None = None) -> Batch:
        """Fakes from the prior's noise, in the layout that the critic likes."""
        return Batch(channels_last(self.generator(self.recipe.prior.latents(noise), labels)), labels)

    def set_rates(self, round_: int) -> None:
        """Gives optimizers and networks their settings of a round, penalties their weights, the perturbation its
        strength."""
        for part in self._followers:
            part.set_round(round_)
        self.strength.fill_(self._strength(round_))
        for held, penalty in zip(self.penalty_weights, self.recipe.penalties, strict=True):
            held.fill_(value_at(penalty.weight, round_))
        _apply(self.generator_optimizer, self.recipe.generator_optimizer, round_)
        _apply(self.critic_optimizer, self.recipe.critic_optimizer, round_)
        if self.plateau_state:
            self.rate_factor.copy_(self.plateau_state[-1])
            for optimizer in (self.generator_optimizer, self.critic_optimizer):
                for group in optimizer.param_groups:
                    group["lr"] *= self.rate_factor  # in place: rates are 0-d tensors

    def finish_round(self, round_: int, critic_loss: Tensor, generator_loss: Tensor) -> None:
        """Remembers of a round what later ones follow."""
        if self.losses:
            self.losses = (self.world.sum(critic_loss), self.world.sum(generator_loss))
        plateau = self.recipe.plateau
        if plateau is not None and plateau.due_after(round_):
            self.plateau_state = plateau.next_state(self.measured(plateau.of), PlateauState(*self.plateau_state))

    def update_average(self, batch: int, seen: int, round_: int) -> None:
        """Moves the averaged generator towards the present one, after ``seen`` samples."""
        decay = self.recipe.average.decay(batch, seen, round_)
        update_average(self._average_tensors, [p.data for p in self.generator.parameters()], decay)
        self.copy_buffers()

    def copy_buffers(self) -> None:
        """Gives the averaged generator the buffers of the present one."""
        if self._buffers:
            torch._foreach_copy_(self._average_buffers, self._buffers)


def _apply(optimizer: torch.optim.Optimizer, spec: OptimizerLike, round_: int) -> None:
    for name, value in spec.settings(round_).items():
        for group in optimizer.param_groups:
            held = group[name]
            if isinstance(held, torch.Tensor):
                held.fill_(value)
            else:
                group[name] = value


def _on(state: Sequence[Tensor], device: torch.device) -> State:
    moved = [tensor.to(device) for tensor in state]
    make = getattr(type(state), "_make", tuple)  # a NamedTuple stays one
    result: State = make(moved)
    return result

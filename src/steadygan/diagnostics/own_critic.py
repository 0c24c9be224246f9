"""Optimality of the critic of a loop of one's own: a copy of it takes some more steps by the loop's own loss."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.signals.critic_optimality import critic_optimality
from steadygan.diagnostics.subject import RISE_STEPS, Subject
from steadygan.errors import UsageError
from steadygan.types import Batch, Sample, sample_count

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.diagnostics.own_scales import Form

CriticObjective = Callable[..., "Tensor"]
"""(critic, real, fake) to the loss of a critic step, with penalties; for networks with labels (…, labels)"""
_APART = 1_000_003
"""between the seeds of rounds: other samples than those of looks"""


@dataclass(frozen=True, eq=False)
class OwnCritic:
    """How the loop trains its critic."""

    optimizer: torch.optim.Optimizer
    objective: CriticObjective
    clip: float | None = None
    """bound of its weights after each step"""

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, torch.optim.Optimizer):
            raise UsageError(f"critic_optimizer is {type(self.optimizer).__name__}; needed: an optimizer of torch")
        if not callable(self.objective):
            raise UsageError(f"critic_objective is {type(self.objective).__name__}; needed: a function")

    def parameters(self, critic: nn.Module) -> list[nn.Parameter]:
        """The critic's parameters that its optimizer has."""
        held = {id(parameter) for group in self.optimizer.param_groups for parameter in group["params"]}
        return [parameter for parameter in critic.parameters() if id(parameter) in held]

    def check(self, subject: Subject, form: Form) -> None:
        """Calls the objective once, so that an error in it comes at the beginning, and makes the optimizer once.

        Raises:
            UsageError: one line, for a loss without a graph, or an optimizer that cannot be made again.
        """
        real = subject.real(0, subject.batch)
        labels = () if real.labels is None else (real.labels,)
        fake = self._fakes(subject, real, 0)
        given = copy.deepcopy(subject.critic)
        loss = self.objective(given, form.back(real.samples), form.back(fake), *labels)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            got = list(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
            raise UsageError(f"critic_objective gave {got}; needed: a scalar with a graph of the critic it is given")
        trained = [p for p in given.parameters() if p.requires_grad]
        if all(each is None for each in torch.autograd.grad(loss, trained, allow_unused=True)):
            raise UsageError(
                "critic_objective's loss does not depend on the critic that it is given, its first argument: a copy of "
                "the loop's own takes further steps"
            )
        again(self.optimizer, subject.critic, [p for p in subject.critic.parameters() if p.requires_grad])

    def rise(self, subject: Subject, form: Form, round_: int) -> float:
        """The rise of the gap by steps of a copy of the critic; see ``signals.critic_optimality``."""
        seed = _APART * (round_ + 1)
        batches = [subject.real(seed + step, subject.batch) for step in range(RISE_STEPS + 2)]
        pairs = [(real, self._fakes(subject, real, seed + step)) for step, real in enumerate(batches)]
        (first, _), (_, second) = pairs[-2:]

        def loss(critic: nn.Module, real: Batch, fake: Sample) -> Tensor:
            labels = () if real.labels is None else (real.labels,)
            return self.objective(critic, form.back(real.samples), form.back(fake), *labels)

        def gap(critic: nn.Module, real: Sample, fake: Sample) -> Tensor:
            scores = (subject.score(critic, x, y) for x, y in ((real, first.labels), (fake, batches[-1].labels)))
            of_real, of_fake = (output.score.mean() for output in scores)
            return of_real - of_fake

        found = critic_optimality(
            subject.critic,
            loss,
            lambda parameters: again(self.optimizer, subject.critic, parameters),
            pairs[:-2],  # type: ignore[arg-type]
            (first.samples, second),
            estimate=gap,
            after_step=None if self.clip is None else self._clipped,
        )
        return found.relative_rise

    def _fakes(self, subject: Subject, real: Batch, seed: int) -> Sample:
        with torch.no_grad():
            return subject.generate(subject.latents(seed, sample_count(real.samples)), real.labels)

    def _clipped(self, critic: nn.Module) -> None:
        assert self.clip is not None
        with torch.no_grad():
            for parameter in critic.parameters():
                parameter.clamp_(-self.clip, self.clip)


def own_critic(
    optimizer: torch.optim.Optimizer | None, objective: CriticObjective | None, clip: float | None
) -> OwnCritic | None:
    """How the critic is trained, where that is told; None where it is not.

    Raises:
        UsageError: one line, for one without the other.
    """
    if optimizer is None or objective is None:
        if optimizer is not None or objective is not None:
            given, missing = ("critic_optimizer", "critic_objective")[:: 1 if objective is None else -1]
            raise UsageError(f"{given} is given without {missing}; needed: both, for the critic's optimality")
        return None
    return OwnCritic(optimizer, objective, clip)


def again(
    optimizer: torch.optim.Optimizer, critic: nn.Module, parameters: Iterable[nn.Parameter]
) -> torch.optim.Optimizer:
    """A new optimizer of the same kind and settings for a copy of the critic, without moments.

    Args:
        optimizer: of the critic
        critic: whose parameters it has
        parameters: of the copy that require a gradient, in the same order

    Raises:
        UsageError: one line, for an optimizer that has none of the critic's parameters, or cannot be made again.
    """
    own = [parameter for parameter in critic.parameters() if parameter.requires_grad]
    places = {id(parameter): copy for parameter, copy in zip(own, parameters, strict=True)}
    groups: list[dict[str, Any]] = []
    for group in optimizer.param_groups:
        held = [places[id(parameter)] for parameter in group["params"] if id(parameter) in places]
        if held:
            groups.append({**group, "params": held})
    if not groups:
        raise UsageError("critic_optimizer has none of the critic's parameters")
    known = inspect.signature(type(optimizer)).parameters
    defaults = {name: value for name, value in optimizer.defaults.items() if name in known}
    try:
        return type(optimizer)(groups, **defaults)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{type(optimizer).__name__} cannot be made again for a copy of the critic: {error}") from None

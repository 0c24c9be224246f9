"""Optimality of the critic: the rise of its estimate of the distance when a copy of it alone trains on.

The critic's estimate is one only near its optimum (Arjovsky et al. 2017, Algorithm 1 trains it towards it). A rise says
that the critic is behind the generator; it is one half of the duality gap (Grnarova et al. 2019).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.diagnostics.signals.critic_passes import check_samples, read, scores_of, without_trace
from steadygan.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from steadygan.types import Sample


class CriticOptimality(NamedTuple):
    """The estimate of the critic, and of a copy that trained on."""

    before: float
    after: float
    steps: int
    """of the copy"""

    @property
    def rise(self) -> float:
        """after - before."""
        return self.after - self.before

    @property
    def relative_rise(self) -> float:
        """The rise as a share of the larger estimate: 0 for an optimal critic, from 1 on for one that knew nothing."""
        largest = max(abs(self.before), abs(self.after))
        return self.rise / largest if largest else 0.0


def critic_optimality(
    critic: nn.Module,
    critic_loss: Callable[[nn.Module, Any, Any], Tensor],
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    batches: Iterable[tuple[Sample, Sample]],
    fresh: tuple[Sample, Sample],
    *,
    estimate: Callable[[nn.Module, Any, Any], Tensor] | None = None,
    after_step: Callable[[nn.Module], object] | None = None,
) -> CriticOptimality:
    """Trains a copy of the critic on k batches, and compares its estimate on fresh samples with the critic's.

    Args:
        critic: left as it is, with its optimizer
        critic_loss: of (critic, real, fake), with penalties
        optimizer: makes one of the copy's parameters, such as ``lambda p: torch.optim.Adam(p, 1e-4, (0.5, 0.9))``
        batches: k pairs (real, fake), which the copy trains on; k of 10 to 50 costs as many critic steps
        fresh: (real, fake) that no step has seen
        estimate: 0-d, of (critic, real, fake); left out, the Wasserstein estimate E D(x) - E D(g). For other losses
            ``lambda d, x, g: -critic_loss(d, x, g)``
        after_step: of the copy, such as the clipping of its weights

    Random numbers of penalties and dropout are drawn from a state that is restored. Known value [measured
    small-scale]: a critic that learned too slowly had a Wasserstein estimate of -.5, and an accuracy of .50.

    Raises:
        UsageError: no batch, a loss that is no scalar with a graph.
    """
    import torch

    from steadygan.measuring import preserved_random_state

    real, fake = fresh
    check_samples(real, "real samples")
    check_samples(fake, "generated samples")
    measure = _gap if estimate is None else estimate
    with torch.inference_mode(False), torch.enable_grad(), preserved_random_state():
        before = _estimated(measure, critic, real, fake)
        trained = copied(critic)
        steps = _train(trained, critic_loss, optimizer, batches, after_step)
        after = _estimated(measure, trained, real, fake)
    first, last = read([before, after])
    return CriticOptimality(first, last, steps)


def copied(network: nn.Module) -> Any:
    """A copy of a module with parameters and buffers of its own and no gradients.

    Weights that a hook has computed, as of torch's older spectral norm, are part of a graph, which torch does not copy.
    """
    import torch

    attributes = [value for module in network.modules() for value in vars(module).values()]
    computed = [value for value in attributes if isinstance(value, torch.Tensor) and not value.is_leaf]
    memo: dict[int, Any] = {id(value): value.detach().clone() for value in computed}
    copy_ = copy.deepcopy(network, memo)
    copy_.zero_grad(set_to_none=True)
    return copy_


def _train(
    network: nn.Module,
    critic_loss: Callable[[nn.Module, Any, Any], Tensor],
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    batches: Iterable[tuple[Sample, Sample]],
    after_step: Callable[[nn.Module], object] | None,
) -> int:
    import torch

    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not parameters:
        raise UsageError(f"no parameter of {type(network).__name__} requires grad; needed: a critic that can train")
    optimiser = optimizer(parameters)
    steps = 0
    for real, fake in batches:
        loss = critic_loss(network, real, fake)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            raise UsageError("critic_loss must return a scalar with a graph of the critic that it is given")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        steps += 1
        if after_step is not None:
            after_step(network)
    if not steps:
        raise UsageError("there are no batches for the copy to train on; needed: at least one pair (real, fake)")
    return steps


def _estimated(measure: Callable[[nn.Module, Any, Any], Tensor], network: nn.Module, real: Any, fake: Any) -> Tensor:
    with without_trace(network):
        return measure(network, real, fake).detach()


def _gap(network: nn.Module, real: Any, fake: Any) -> Tensor:
    return scores_of(network, real).mean() - scores_of(network, fake).mean()

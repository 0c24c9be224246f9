"""Floating-point operations of a round, and a matrix product as the reference for the device's peak rate.

Counted are matrix products and convolutions, forward and backward, as eager steps execute them: a folded convolution
counts as folded. A critic step of WGAN-GP comes to 10 forward passes of the critic
where the second derivative does not traverse the forward graph (real, fake and interpolates forward: 3; gradients of
the first two in weights and inputs: 4; the gradient norm: 1; its gradient in both: 2), and to 12 where it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from steadygan.training.engines.eager import EAGER
from steadygan.training.step import round
from steadygan.training.step.counters import Counters

if TYPE_CHECKING:
    from steadygan.training.step.draws import RoundDraws
    from steadygan.training.step.setup import Setup

SIDE = {"cpu": 2048, "cuda": 8192, "mps": 4096}
"""side of the square matrices by device type"""
_ATEN = torch.ops.aten


def of_call(func: Any, args: Sequence[Any], kwargs: dict[str, Any] | None, result: Any) -> int:
    """Floating-point operations of a call of an operator; 0 for those that are no matrix product or convolution.

    By torch's own formulas but for convolutions: of grouped ones torch 2.13 counts each weight gradient as many times
    as there are groups.
    """
    operator = func._overloadpacket
    if operator is _ATEN.convolution:
        return _convolved(args[0], args[1], result, transposed=args[6])
    if operator is _ATEN.convolution_backward:
        of_inputs, of_weights, _ = args[10]
        return _convolved(args[1], args[2], args[0], transposed=args[7]) * (int(of_inputs) + int(of_weights))
    formula = flop_registry.get(operator)
    return 0 if formula is None else int(formula(*args, **(kwargs or {}), out_val=result))


def _convolved(inputs: Tensor, weights: Tensor, outputs: Tensor, *, transposed: bool) -> int:
    """Operations of a convolution: each of its weights meets each place of the outputs, or of the inputs if it is
    transposed; the padding counts. Each of its gradients has as many."""
    places = math.prod((inputs if transposed else outputs).shape[2:])
    return 2 * len(inputs) * places * weights.numel()


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums operations; torch's ``FlopCounterMode`` refuses gradients of gradients."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.total += of_call(func, args, kwargs, result)
        return result


def count(run: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products and convolutions in a call."""
    with _Counter() as counter:
        run()
    total: int = counter.total
    return total


class Operations(NamedTuple):
    """Floating-point operations of one eager round."""

    round: int
    """of its critic steps and its generator steps"""
    critic_forward: int
    """of one forward pass of the critic on one batch"""
    equivalents: float
    """cost of a critic step without generating the fakes, in forward passes of the critic"""


def operations(setup: Setup, draws: RoundDraws) -> Operations:
    """Operations of one round, which trains the setup's game."""
    game, feed, first = setup.game, setup.feed, draws.critic[0]
    assert first.real is not None
    real = feed(first.real)
    critic = next(phase for phase in game.phases if phase.player == "critic" and phase.objective)

    def forward() -> None:
        with torch.no_grad(), game.autocast():
            game.score(real)

    def fakes() -> None:
        with torch.no_grad(), game.autocast():
            game.generate(first.latents, real.labels)

    of_forward = count(forward)
    of_round = count(lambda: round.training_round(setup, draws, Counters(), EAGER))
    of_critic_step = count(lambda: round.step(setup, critic, first, EAGER))
    return Operations(of_round, of_forward, (of_critic_step - count(fakes)) / of_forward)


class Product(NamedTuple):
    """A product of two square matrices."""

    side: int
    run: Callable[[], None]

    @property
    def operations(self) -> int:
        """Floating-point operations of one run."""
        return 2 * self.side**3


def product(precision: str, device: torch.device, side: int | None = None) -> Product:
    """A matrix product in a precision; tf32 and fp32 follow torch's current settings."""
    side = side or SIDE.get(device.type, 2048)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randn(side, side, generator=generator).to(device, kind) for _ in range(2))
    out = torch.empty_like(one)

    def run() -> None:
        torch.mm(one, other, out=out)

    return Product(side, run)

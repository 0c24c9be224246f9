"""Floating-point operations of a round, and a matrix product as the reference for the device's peak rate.

Counted are matrix products and convolutions, forward and backward, as eager steps execute them: a folded convolution
counts as folded. A critic step of WGAN-GP comes to 10 forward passes of the critic
where the second derivative does not traverse the forward graph (real, fake and interpolates forward: 3; gradients of
the first two in weights and inputs: 4; the gradient norm: 1; its gradient in both: 2), and to 12 where it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
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


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums torch's own formulas; its ``FlopCounterMode`` refuses gradients of gradients."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += int(formula(*args, **(kwargs or {}), out_val=result))
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

"""Penalties with a backward of their own under DistributedDataParallel, and on one process.

``python -m tests.training.forked SIZE penalised_together OUT`` writes what each process computed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch._dynamo  # DistributedDataParallel loads it: once for all processes
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from steadygan import losses, penalties

STEPS: dict[str, Callable[[nn.Module, Tensor, Tensor], Tensor]] = {
    "r1": lambda critic, real, fake: penalties.r1_penalty(critic, real),
    "r2 of maps": lambda critic, real, fake: penalties.r2_penalty(
        lambda x: critic(x)[:, :, None, None].repeat(1, 1, 2, 3), fake
    ),
    "wgan-gp": lambda critic, real, fake: penalties.gradient_penalty(critic, real, fake, at=penalties.on_fake),
    "one-sided, none above": lambda critic, real, fake: penalties.gradient_penalty(
        critic, real, fake, target=1e3, one_sided=True
    ),
    "with the loss": lambda critic, real, fake: (
        losses.hinge_critic_loss(critic(real), critic(fake)) + penalties.r1_penalty(critic, real)
    ),
}


def make_critic() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(12, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1)).double()


def gradients(module: nn.Module) -> list[Tensor | None]:
    return [None if p.grad is None else p.grad.clone() for p in module.parameters()]


def batches() -> tuple[Tensor, Tensor]:
    drawn = torch.Generator().manual_seed(5)
    return torch.randn(8, 12, generator=drawn).double(), torch.randn(8, 12, generator=drawn).double()


def main(out: str) -> None:
    """What each of the processes does: it writes its gradients to OUT.RANK."""
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    real, fake = (samples[rank::2] for samples in batches())
    found = {}
    for name, step in STEPS.items():
        critic = make_critic()
        parallel = DistributedDataParallel(critic)
        for _ in range(2):  # a second backward: the first left nothing behind
            critic.zero_grad()
            step(parallel, real, fake).backward()
        found[name] = gradients(critic)
    torch.save(found, f"{out}.{rank}")
    torch.distributed.barrier()  # none leaves while the other still talks to it
    torch.distributed.destroy_process_group()

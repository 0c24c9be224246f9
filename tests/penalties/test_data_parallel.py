"""Penalties with a backward of their own under DistributedDataParallel: two processes have the gradients of one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
import torch
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


def work(rank: int, port: int, results: object) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2, timeout=timedelta(seconds=60)
    )
    real, fake = (samples[rank::2] for samples in batches())
    for name, step in STEPS.items():
        critic = make_critic()
        parallel = DistributedDataParallel(critic)
        for _ in range(2):  # a second backward: the first left nothing behind
            critic.zero_grad()
            step(parallel, real, fake).backward()
        results.put((rank, name, [None if g is None else g.numpy() for g in gradients(critic)]))  # type: ignore[attr-defined]
    torch.distributed.barrier()  # none leaves while the other still talks to it
    torch.distributed.destroy_process_group()
    os._exit(0)  # torch's threads may be destroyed while they run, at the end of a busy process: an abort


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    torch.multiprocessing.spawn(work, (port, results), nprocs=2)
    found = [results.get() for _ in range(2 * len(STEPS))]
    for _, name, shared in found:
        critic = make_critic()
        STEPS[name](critic, *batches()).backward()
        for one, other in zip(shared, gradients(critic), strict=True):
            assert one is not None and other is not None, name
            torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-10, atol=1e-12)

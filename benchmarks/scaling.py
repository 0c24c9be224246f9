"""Predicted scaling over GPUs: time of gradient all-reduces against the arithmetic of a step, by recipe.

    python -m benchmarks.scaling [--docs]     the table; --docs writes it into docs/scale.md

Counted: parameters, and floating-point operations of a critic and a generator step (matrix products and convolutions,
forward and all backward passes). Assumed, and stated above the table: a GPU's rate, and bandwidth and latency of the
all-reduce. A step waits for its all-reduce, as the library does: gradients are summed once, after the second-order
backward pass, so nothing overlaps.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.common import write_between
from benchmarks.speed.flops import count
from steadygan.data import Dataset, Stored
from steadygan.recipe import Recipe
from steadygan.recipes import find
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.round import step
from steadygan.types import SampleSpec

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- scaling: written by benchmarks/scaling.py --docs -->", "<!-- end of scaling -->"
CASES = (("dcgan", 64), ("wgan-gp", 64), ("wgan-gp-cifar10", 32), ("sagan", 64), ("msg-gan", 128), ("r3gan", 64))
GPUS = (1, 8, 64)
GPUS_OF_A_MACHINE = 8


@dataclass(frozen=True)
class Machine:
    """Assumptions on the hardware."""

    flops: float = 200e12
    """operations a second of a GPU in bf16 on such networks: a fifth of an H100's peak"""
    inside: float = 150e9
    """bytes a second of an all-reduce inside a machine (NVLink; of 450e9 in each direction)"""
    across: float = 40e9
    """bytes a second for each GPU between machines (400 Gb/s each)"""
    hop: float = 8e-6
    """seconds of one hop of a ring or tree, launch included"""

    def sum_seconds(self, count: int, gpus: int) -> float:
        """Seconds of an all-reduce of ``count`` bytes: 2 (k - 1) / k of them leave each GPU, with a tree's hops."""
        if gpus == 1:
            return 0.0
        bandwidth = self.inside if gpus <= GPUS_OF_A_MACHINE else self.across
        return 2 * (gpus - 1) / gpus * count / bandwidth + 2 * math.ceil(math.log2(gpus)) * self.hop


@dataclass(frozen=True)
class Cost:
    """Parameters and operations of a recipe."""

    name: str
    pixels: int
    batch: int
    fakes: int
    critic_steps: int
    generator_steps: int
    critic_parameters: int
    generator_parameters: int
    critic_operations: float
    """of a critic step, per sample"""
    generator_operations: float

    def round_seconds(self, machine: Machine, gpus: int, *, strong: bool) -> tuple[float, float]:
        """Seconds of arithmetic and of all-reduces in a round; strong: the recipe's batch in all, else on each GPU."""
        share = gpus if strong else 1
        work = self.critic_steps * self.critic_operations * self.batch
        work += self.generator_steps * self.generator_operations * self.fakes
        sums = self.critic_steps * machine.sum_seconds(4 * self.critic_parameters, gpus)
        sums += self.generator_steps * machine.sum_seconds(4 * self.generator_parameters, gpus)
        return work / share / machine.flops, sums

    def efficiency(self, machine: Machine, gpus: int, *, strong: bool) -> float:
        work, sums = self.round_seconds(machine, gpus, strong=strong)
        return work / (work + sums)

    def least_batch(self, machine: Machine, gpus: int, efficiency: float = 0.9) -> int:
        """Samples per GPU at which a critic step reaches an efficiency."""
        wait = machine.sum_seconds(4 * self.critic_parameters, gpus)
        return math.ceil(efficiency / (1 - efficiency) * wait * machine.flops / self.critic_operations)


def counted(name: str, pixels: int, batch: int = 8) -> Cost:
    """Parameters and operations of a recipe at its own width, counted on a small batch."""
    sample = SampleSpec((3, pixels, pixels), classes=10)
    recipe: Recipe = find(name)(sample)
    small = dataclasses.replace(recipe, batch=batch, generator_batch=batch)
    data = Stored(torch.zeros(batch, *sample.shape, dtype=torch.uint8).numpy(), torch.arange(batch).numpy() % 10)
    setup = SetupBuilder(small, Dataset("zeros", sample, data, data, "0"), torch.device("cpu")).build()
    game, draws = setup.game, setup.drawer.round(0, 0)
    game.set_round(0)
    operations, parameters = {}, {}
    for phase in game.phases:
        of_step = draws.of(phase.player)[0]
        total = count(lambda phase=phase, of_step=of_step: step(setup, phase, of_step, EAGER)) / batch / phase.every
        operations[phase.player] = operations.get(phase.player, 0) + total
        parameters[phase.player] = sum(p.numel() for p in game.players[phase.player].parameters)
    counts = recipe.counts(10_000)
    return Cost(
        name=name,
        pixels=pixels,
        batch=recipe.batch,
        fakes=recipe.fakes,
        critic_steps=counts.critic,
        generator_steps=counts.generator,
        critic_parameters=parameters["critic"],
        generator_parameters=parameters["generator"],
        critic_operations=operations["critic"],
        generator_operations=operations["generator"],
    )


def table(costs: Sequence[Cost], machine: Machine) -> str:
    """Costs and efficiencies as a Markdown table."""
    titles = ["recipe", "batch", "MB a critic sum", "GFLOP a sample", "ms a round, 1 GPU"]
    for gpus in GPUS[1:]:
        titles += [f"{gpus} GPUs, same batch", f"batch x {gpus}", f"samples a GPU for 90% on {gpus}"]
    lines = [titles, ["---"] * len(titles)]
    for cost in costs:
        cells = [
            f"`{cost.name}`, {cost.pixels} px",
            str(cost.batch),
            f"{4e-6 * cost.critic_parameters:.1f}",
            f"{cost.critic_operations / 1e9:.2f}",
            f"{1e3 * sum(cost.round_seconds(machine, 1, strong=True)):.2g}",
        ]
        for gpus in GPUS[1:]:
            divides = cost.batch % gpus == 0
            cells.append(f"{cost.efficiency(machine, gpus, strong=True):.0%}" if divides else "batch too small")
            cells += [f"{cost.efficiency(machine, gpus, strong=False):.0%}", f"{cost.least_batch(machine, gpus):,}"]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=(__doc__ or "").splitlines()[0])
    for field in dataclasses.fields(Machine):
        parser.add_argument(f"--{field.name}", type=float, default=field.default)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/scale.md")
    args = parser.parse_args(arguments)
    machine = Machine(args.flops, args.inside, args.across, args.hop)
    text = table([counted(name, pixels) for name, pixels in CASES], machine)
    print(text)
    if args.docs:
        write_between(PAGE, BEGIN, END, text)


if __name__ == "__main__":
    main()

"""CPU time of a training image of the recipes for folders, and how near their convolutions come to a matrix product.

    python -m benchmarks.picture_cost                       photos and pictures at 32, 64 and 128 px
    python -m benchmarks.picture_cost --avx2                the same with AVX2 instructions only
    python -m benchmarks.picture_cost --sizes 64 --recipes pictures --width 8 --width 16 --layers

Cost of an image: the CPU time of whole rounds of training (both players, penalties of all intervals, random numbers,
the average) over the images in them, on one thread. Rounds are timed in turn with a product of two matrices of 1,024 x
1,024 in the same precision; every figure is the best of its repeats, and the median stands beside it in the file. Then
the operators of the same rounds are timed one by one, the best of three cycles: the convolutions' share of the time,
their rate, and that rate over the product's. Widths are those that ``default_recipe`` chooses on a processor, or
``--width``. In float32, and in bf16 where the processor has it. Results: benchmarks/results/picture-cost.json, with
--avx2 picture-cost-avx2.json.

MKL computes float32 products with AVX2 on AMD's processors, whatever they have; there convolutions with AVX-512 can be
faster than the product.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.common import RESULTS, write_results
from benchmarks.speed.cases import Case
from benchmarks.speed.flops import product
from benchmarks.speed.library import builder_of
from benchmarks.speed.operators import CONVOLUTIONS, Operators, operators
from benchmarks.speed.timing import Measured, Watch, interleaved
from steadygan.data import Dataset, Stored
from steadygan.default_recipe import choose
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.system.device import Precision, has_fast_bf16
from steadygan.system.malloc import kept_memory
from steadygan.training.engines.eager import EAGER
from steadygan.training.step.counters import Counters
from steadygan.training.step.round import training_round
from steadygan.types import SampleSpec

CPU = torch.device("cpu")
SIDE = 1024
"""of the matrices"""
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
"""environment in which torch, oneDNN and MKL use no wider instructions"""
SHOWN = 12
"""layers that --layers prints"""


def chosen_width(size: int) -> int:
    """The width that the default recipe has on a processor for pictures of this size."""
    pixels = np.random.default_rng(0).integers(0, 256, (256, 3, size, size), dtype=np.uint8)
    sample = SampleSpec((3, size, size))
    none = Stored(np.empty((0, 3, size, size), np.uint8))
    recipe = choose(Dataset("noise", sample, Stored(pixels), none, fingerprint=""), "cpu").recipe
    return int(recipe.critic.width)  # type: ignore[attr-defined]


def widths(recipe: Recipe, size: int, asked: Sequence[int] | None) -> Sequence[int]:
    """The widths to measure a recipe at: of ``pictures`` those asked for, or the default's; of others their own."""
    if recipe.name == "pictures":
        return asked or [chosen_width(size)]
    return [recipe.critic.width]  # type: ignore[attr-defined]


def at_width(recipe: Recipe, width: int) -> Recipe:
    """The recipe with networks of a width."""
    generator: Any = recipe.generator
    critic: Any = recipe.critic
    generator, critic = dataclasses.replace(generator, width=width), dataclasses.replace(critic, width=width)
    return dataclasses.replace(recipe, generator=generator, critic=critic)


class Training:
    """Rounds of a recipe on random pictures, one after the other as in a run."""

    def __init__(self, recipe: Recipe, size: int, precision: Precision) -> None:
        """
        Args:
            recipe: for three channels
            size: pixels a side
            precision: of the networks
        """
        self.recipe = recipe
        case = Case(recipe.name, recipe.name, SampleSpec((3, size, size)), recipe)
        self.setup = builder_of(case, precision, CPU).build()
        self.at = Counters()
        self.cycle = math.lcm(*(phase.every for phase in self.setup.game.phases))
        """rounds after which each lazy phase has come as often as it does on average"""

    def rounds(self) -> None:
        """One cycle of rounds."""
        for _ in range(self.cycle):
            at, drawer = self.at, self.setup.drawer
            training_round(self.setup, drawer.round(at.round, at.position), at, EAGER)
            steps, _ = self.recipe.counts(at.round)
            position = at.position + drawer.samples_in(at.round)
            self.at = Counters(at.round + 1, at.critic_steps + steps, position, at.seen + self.recipe.fakes)

    @property
    def images(self) -> int:
        """Images in a cycle: of the generator's batches."""
        return self.cycle * self.recipe.batch


def measured(
    name: str, training: Training, repeats: int, seconds: float, say: Callable[[str], None]
) -> tuple[dict[str, Any], Operators]:
    """The figures of one recipe, as plain data, and its operators."""
    watch, matrices = Watch(CPU, "cpu"), product(training.setup.game.precision, CPU, SIDE)
    sides: dict[str, Measured] = {"product": watch.on(matrices.run), "rounds": watch.on(training.rounds)}
    times = {side: timed.times for side, timed in interleaved(sides, repeats, seconds).items()}
    found = min((operators(training.rounds) for _ in range(3)), key=lambda each: each.all.seconds)
    convolutions, everything = found.of(CONVOLUTIONS), found.all
    best = min(times["rounds"])
    rate = matrices.operations / min(times["product"]) / 1e9
    made = {
        "name": name,
        "batch": training.recipe.batch,
        "parameters": {player: _size(each.network) for player, each in training.setup.game.players.items()},
        "ms_an_image": 1e3 * best / training.images,
        "ms_an_image_median": 1e3 * statistics.median(times["rounds"]) / training.images,
        "gflop_an_image": everything.operations / training.images / 1e9,
        "gflop_a_second": everything.operations / best / 1e9,
        "product_gflop_a_second": rate,
        "convolutions": {
            "share_of_time": convolutions.seconds / everything.seconds,
            "gflop_a_second": convolutions.operations / convolutions.seconds / 1e9,
            "of_product": convolutions.operations / convolutions.seconds / 1e9 / rate,
        },
        "operators_ms_an_image": 1e3 * everything.seconds / training.images,
    }
    say(line_of(made))
    return made, found


def line_of(made: dict[str, Any]) -> str:
    """The figures of a recipe in a line."""
    convolutions = made["convolutions"]
    return (
        f"{made['name']}: {made['ms_an_image']:.1f} ms an image (median {made['ms_an_image_median']:.1f}), "
        f"{made['gflop_an_image']:.2f} GFLOP, {made['gflop_a_second']:.0f} GFLOP/s; convolutions "
        f"{convolutions['share_of_time']:.0%} of the time at {convolutions['gflop_a_second']:.0f} GFLOP/s, "
        f"{convolutions['of_product']:.0%} of a product's {made['product_gflop_a_second']:.0f}"
    )


def layers_of(found: Operators, images: int) -> list[dict[str, Any]]:
    """The operators, those that take most first, as plain data."""
    everything = found.all.seconds
    return [
        {
            "operator": f"{name} {shape}".strip(),
            "share_of_time": cost.seconds / everything,
            "calls_an_image": cost.calls / images,
            "gflop_a_second": cost.operations / cost.seconds / 1e9 if cost.operations else None,
        }
        for (name, shape), cost in sorted(found.costs.items(), key=lambda item: -item[1].seconds)
    ]


def narrow(arguments: Sequence[str]) -> int:
    """This benchmark in a process with AVX2 instructions only; its exit code."""
    command = [sys.executable, "-m", "benchmarks.picture_cost", *arguments]
    return subprocess.run(command, env={**os.environ, **AVX2}).returncode


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints a line for each recipe and writes the file of results."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser("benchmarks.picture_cost", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--recipes", nargs="+", default=["photos", "pictures"])
    parser.add_argument("--width", type=int, action="append", help="of pictures; repeat for several")
    parser.add_argument("--precision", nargs="+", help="fp32, bf16 (default: both where the processor has bf16)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="CPU time of one repeat (default: 3)")
    parser.add_argument("--layers", action="store_true", help="print the operators that take most time")
    parser.add_argument("--avx2", action="store_true", help="use AVX2 instructions only, in float32")
    parser.add_argument("--out", type=Path)
    values = parser.parse_args(words)
    if values.avx2 and os.environ.get("ATEN_CPU_CAPABILITY") != "avx2":
        raise SystemExit(narrow(words))
    torch.set_num_threads(1)
    precisions = values.precision or ["fp32"] + ["bf16"] * (has_fast_bf16(CPU) and not values.avx2)
    entries = []
    for size in values.sizes:
        for recipe in values.recipes:
            made = RECIPES[recipe](SampleSpec((3, size, size)))
            for width in widths(made, size, values.width):
                for precision in precisions:
                    name = f"{size} px, {recipe}, width {width}, {precision}"
                    with kept_memory():  # as in a run
                        training = Training(at_width(made, width), size, precision)
                        entry, found = measured(name, training, values.repeats, values.seconds, _say)
                    layers = layers_of(found, training.images)
                    if values.layers:
                        _say("\n".join(map(_layer_line, layers[:SHOWN])))
                    settings = {"size": size, "recipe": recipe, "width": width, "precision": precision}
                    entries.append({**settings, **entry, "operators": layers[:SHOWN]})
    out = values.out or RESULTS / f"picture-cost{'-avx2' * values.avx2}.json"
    instructions = "AVX2" if values.avx2 else torch.backends.cpu.get_cpu_capability()
    write_results(out, "picture_cost", words, instructions=instructions, threads=1, costs=entries)
    _say(f"written: {out}")


def _size(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _layer_line(layer: dict[str, Any]) -> str:
    rate = "" if layer["gflop_a_second"] is None else f"{layer['gflop_a_second']:.0f} GFLOP/s, "
    return f"  {layer['share_of_time']:5.1%}  {rate}{layer['calls_an_image']:.3g} an image: {layer['operator']}"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()

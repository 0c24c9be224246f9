"""How fast generators fit pictures without a critic: the squared error of some pictures, made from fixed latents.

python -m benchmarks.generator_fit --data mnist/ --size 16 stylegan2 progan pictures
python -m benchmarks.generator_fit --data mnist/ --size 16 --widths 32 128 -- stylegan2

A generator, narrowed as in benchmarks/laptop.py, is trained with its recipe's optimizer to make the first 64 pictures of
the data from 64 latents. Printed is the squared error after some steps, over the variance of the pictures around their
mean picture: 1 for the best generator that ignores its latents. Mean over the seeds; in brackets the least and the most.
A generator that hardly learns this cannot learn more from a critic; one that does may still fail in a training.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.laptop import WIDTH, on_a_laptop
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.errors import unknown_name
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.rng import draw_random
from steadygan.training.step.game import Game
from steadygan.types import scales_of

COUNT = 64
LOOKS = (50, 100, 300)
"""steps before which the error is read"""


def errors(recipe: Recipe, dataset: Dataset, seed: int, looks: Sequence[int] = LOOKS) -> list[float]:
    """The squared error over the pictures' variance after so many steps each, in float32 on the CPU."""
    torch.manual_seed(seed)
    count = min(COUNT, len(dataset.train))
    stored, labels = dataset.train.rows(np.arange(count))
    asked = None if labels is None else torch.from_numpy(np.asarray(labels, dtype=np.int64))
    game = Game.build(recipe, dataset.sample, torch.device("cpu"), "fp32")
    real = scales_of(recipe.representation.fitted(dataset.sample).encode(torch.from_numpy(np.array(stored))))[-1]
    random = draw_random(recipe.prior.random_spec(), np.random.default_rng(seed), count)
    variance = (real - real.mean(0)).square().mean()
    optimizer, found = game.players["generator"].optimizer, []
    game.generator.train()
    for step in range(max(looks) + 1):
        error = F.mse_loss(scales_of(game.generate(random, asked).samples)[-1], real)
        if step in looks:
            found.append(float(error.detach() / variance))
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table of recipes and widths."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generator_fit", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("recipes", nargs="+", metavar="NAME")
    parser.add_argument("--data", required=True)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--widths", type=int, nargs="+", default=[WIDTH], help="feature maps, at most")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args(arguments)
    for name in args.recipes:
        if name not in RECIPES:
            raise unknown_name("recipe", name, RECIPES)
    dataset = open_data(DataOptions(args.data, size=args.size))
    print("recipe", "width", *(f"{look} steps" for look in LOOKS), sep=" | ")
    for name in args.recipes:
        for width in args.widths:
            recipe = on_a_laptop(RECIPES[name](dataset.sample), width)
            each = zip(*(errors(recipe, dataset, seed) for seed in range(args.seeds)), strict=True)
            cells = (f"{statistics.mean(of):.2f} ({min(of):.2f} to {max(of):.2f})" for of in each)
            print(name, width, *cells, sep=" | ", flush=True)


if __name__ == "__main__":
    main()

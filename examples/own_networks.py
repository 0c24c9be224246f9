"""Networks of your own in a recipe: a PatchGAN critic and a residual generator in place of those of wgan-gp.

    python examples/own_networks.py --rounds 300

A critic is made by a function of ``sample``, and maps samples [N, C, H, W] to scores; a generator by one of ``sample``
and ``latent``, and maps latents [N, latent] to samples from -1 to 1. Nothing is registered. The run is resumed, sampled
and evaluated like any other, with these classes named:

    sg.load(folder, kinds=[PatchCritic, SmallGenerator])
    steadygan train wgan-gp --critic own_networks:PatchCritic --critic.patches each --critic.options.width 32
    steadygan resume RUN --rounds +100 --kinds own_networks:PatchCritic
    steadygan sample RUN --kinds own_networks:SmallGenerator

in the folder of this file, from which the command imports it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import steadygan as sg


class PatchCritic(nn.Module):
    """Scores of overlapping patches, [N, 1, H / 2, W / 2] (Isola et al. 2017), by convolutions with spectral norm."""

    def __init__(self, sample: sg.SampleSpec, width: int = 16) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        self.layers = nn.Sequential(
            norm(nn.Conv2d(sample.shape[0], width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            norm(nn.Conv2d(width, 1, 3, 1, 1)),
        )

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.layers(images)
        return scores


class SmallGenerator(nn.Module):
    """A linear layer, a residual block of convolutions, and tanh."""

    def __init__(self, sample: sg.SampleSpec, latent: int, width: int = 16) -> None:
        super().__init__()
        channels, height, side = sample.shape
        self.first = nn.Sequential(nn.Linear(latent, width * height * side), nn.Unflatten(1, (width, height, side)))
        self.block = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 3, 1, 1), nn.ReLU())
        self.last = nn.Conv2d(width, channels, 3, 1, 1)

    def forward(self, latents: Tensor) -> Tensor:
        x = self.first(latents)
        return torch.tanh(self.last(x + self.block(x)))


def main() -> None:
    """Trains with both forms of the patch loss, everything else equal, and prints the last record of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--out", default=None, help="folder of the two runs (default: a temporary one)")
    args = parser.parse_args()
    root = Path(args.out or tempfile.mkdtemp())

    for patches in ("mean", "each"):
        run = sg.train(
            sg.recipes.sngan,
            data="digits",
            out=root / patches,
            rounds=args.rounds,
            generator=SmallGenerator,
            critic=sg.networks.Own(PatchCritic, options={"width": 32}, patches=patches),
            observers=[],
        )
        last = run.rows[-1]
        print(f"patches {patches}: real minus fake score {last['score_gap']:.3f}, {run.folder}")
        assert run.sample(4).shape == (4, 1, 8, 8)


if __name__ == "__main__":
    main()

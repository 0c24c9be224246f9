"""StyleGAN2 written anew from its paper, to compare with the recipe: how much samples vary over the first rounds.

    python -m benchmarks.plain_stylegan2 --data mnist/ [--size 16] [--maps 32] [--rounds 600] [--lr 0.0025]
        [--generator-lr 0.0025] [--seeds 0]

Nothing is the library's but the reader of the data: weights of each sample in grouped convolutions, maps doubled before
their convolution, every n-th sample in a group of the minibatch deviation, one cut of style mixing for a batch, torch's
Adam. Batch, gamma and intervals are those of the recipe. Spread is the mean distance of two of 256 samples over that of
two of 256 images. Writes benchmarks/results/plain-stylegan2.json.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.common import RESULTS, write_results
from steadygan.data import DataOptions, open_data
from steadygan.evaluation.extracting import real_samples

BATCH, LATENT, SAMPLES = 32, 512, 256
R1_EVERY, PATH_EVERY = 16, 4
ROUNDS = (10, 30, 100, 300)
"""at which spread is measured; after these, every 300th"""
SQRT2 = math.sqrt(2.0)


class Dense(nn.Module):
    """Dense layer at an equalised rate, with a leaky ReLU if it is active."""

    def __init__(self, inputs: int, outputs: int, *, active: bool, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.gain, self.active = rate, rate / math.sqrt(inputs), active

    def forward(self, x: Tensor) -> Tensor:
        made = x @ (self.weight * self.gain).t() + self.bias * self.rate
        return F.leaky_relu(made, 0.2) * SQRT2 if self.active else made


class Conv(nn.Module):
    """Convolution of the critic at an equalised rate, halving if asked; active: with bias and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = 1.0, *, active: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if active else None
        self.scale, self.gain = 1.0 / math.sqrt(inputs * kernel**2), gain

    def forward(self, x: Tensor, *, halves: bool = False) -> Tensor:
        kernel = self.weight.shape[-1]
        if halves:
            x = blurred(x, 1.0, 2 if kernel == 3 else 1)
        x = x[:, :, ::2, ::2] if halves and kernel == 1 else x
        stride = 2 if halves and kernel == 3 else 1
        made = F.conv2d(x, self.weight * self.scale, stride=stride, padding=0 if halves else kernel // 2)
        return made * self.gain if self.bias is None else _active(made, self.bias) * self.gain


class Styled(nn.Module):
    """Modulated 3x3 convolution with noise."""

    def __init__(self, inputs: int, outputs: int, *, doubles: bool) -> None:
        super().__init__()
        self.affine = Dense(LATENT, inputs, active=False, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias, self.strength = nn.Parameter(torch.zeros(outputs)), nn.Parameter(torch.zeros(()))
        self.doubles = doubles

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        weights = self.weight[None] * self.affine(style)[:, None, :, None, None]
        weights = weights * (weights.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        if self.doubles:  # a pixel more on each side, where maps and filter still overlap; weights as if transposed
            x, weights, padding = doubled(x, 1), weights.flip(3, 4), 0
        else:
            padding = 1
        count = len(x)
        made = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weights.flatten(0, 1), padding=padding, groups=count)
        made = made.reshape(count, -1, *made.shape[2:])
        return _active(made + self.strength * torch.randn(count, 1, *made.shape[2:]), self.bias)


class ToImage(nn.Module):
    """Modulated 1x1 convolution to one channel, without demodulation."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.affine = Dense(LATENT, inputs, active=False, bias=1.0)
        self.weight, self.bias = nn.Parameter(torch.randn(inputs)), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scales = self.affine(style) / math.sqrt(len(self.weight))
        return torch.einsum("nihw,ni,i->nhw", x, scales, self.weight)[:, None] + self.bias


class Generator(nn.Module):
    """Two dense layers from latents to styles, a learned 4x4 map, and a sum of images."""

    def __init__(self, maps: Sequence[int]) -> None:
        super().__init__()
        self.mapping = nn.Sequential(*(Dense(LATENT, LATENT, active=True, rate=0.01) for _ in range(2)))
        self.constant = nn.Parameter(torch.randn(1, maps[0], 4, 4))
        self.convs = nn.ModuleList([Styled(maps[0], maps[0], doubles=False)])
        for width, following in pairwise(maps):
            self.convs += [Styled(width, following, doubles=True), Styled(following, following, doubles=False)]
        self.images = nn.ModuleList(ToImage(width) for width in maps)

    def styles(self, count: int, mixing: float = 0.0) -> Tensor:
        """[count, layers, LATENT]; with that probability those of two latents, cut at one layer for all."""
        styles = self._style(count)[:, None].repeat(1, len(self.convs) + 1, 1)
        if torch.rand(()) < mixing:
            cut = int(torch.randint(1, len(self.convs) + 1, ()))
            styles[:, cut:] = self._style(count)[:, None]
        return styles

    def _style(self, count: int) -> Tensor:
        latents = torch.randn(count, LATENT)
        style: Tensor = self.mapping(latents * (latents.square().mean(1, keepdim=True) + 1e-8).rsqrt())
        return style

    def forward(self, styles: Tensor) -> Tensor:
        x = self.convs[0](self.constant.expand(len(styles), -1, -1, -1), styles[:, 0])
        image: Tensor = self.images[0](x, styles[:, 1])
        for level, to_image in enumerate(list(self.images)[1:], 1):
            for index in (2 * level - 1, 2 * level):
                x = self.convs[index](x, styles[:, index])
            image = doubled(image) + to_image(x, styles[:, 2 * level + 1])
        return image


class Critic(nn.Module):
    """Residual blocks to 4x4 maps, the minibatch deviation of groups of 4, a score."""

    def __init__(self, maps: Sequence[int]) -> None:
        super().__init__()
        self.first = Conv(1, maps[0], 1)
        half = math.sqrt(0.5)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Conv(a, a, 3), Conv(a, b, 3, half), Conv(a, b, 1, half, active=False)])
            for a, b in pairwise(maps)
        )
        self.last = Conv(maps[-1] + 1, maps[-1], 3)
        self.dense, self.score = Dense(16 * maps[-1], maps[-1], active=True), Dense(maps[-1], 1, active=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for same, halving, skip in self.blocks:
            x = halving(same(x), halves=True) + skip(x, halves=True)
        groups = x.reshape(4, -1, *x.shape[1:])
        deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat(4)
        x = torch.cat([x, deviation[:, None, None, None].expand(-1, 1, 4, 4)], 1)
        score: Tensor = self.score(self.dense(self.last(x).flatten(1)))
        return score[:, 0]


def _active(x: Tensor, bias: Tensor) -> Tensor:
    return F.leaky_relu(x + bias[:, None, None], 0.2) * SQRT2


def blurred(x: Tensor, gain: float, before: int, after: int | None = None) -> Tensor:
    """Filtered with [1, 3, 3, 1], padded so much before and after each row and column."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = (torch.outer(taps, taps) * (gain / 64.0)).expand(x.shape[1], 1, 4, 4)
    after = before if after is None else after
    return F.conv2d(F.pad(x, (before, after, before, after)), kernel, groups=x.shape[1])


def doubled(x: Tensor, margin: int = 0) -> Tensor:
    """Maps of twice the size, and so many pixels more on each side."""
    count, channels, height, width = x.shape
    spread = x.new_zeros(count, channels, height, 2, width, 2)
    spread[:, :, :, 0, :, 0] = x
    return blurred(spread.reshape(count, channels, 2 * height, 2 * width), 4.0, 2 + margin, 1 + margin)


def lazy_adam(network: nn.Module, lr: float, every: int) -> torch.optim.Adam:
    share = every / (every + 1)
    return torch.optim.Adam(network.parameters(), lr * share, betas=(0.0, 0.99**share), eps=1e-8)


def spread_of(images: Tensor) -> float:
    return float(torch.pdist(images.flatten(1)).mean())


def train(images: Tensor, maps: int, rounds: int, rates: tuple[float, float], seed: int) -> dict[int, float]:
    """The spread of samples by round; rates: (generator's, critic's)."""
    torch.manual_seed(seed)
    size = images.shape[-1]
    widths = [min(4096 // side, maps) for side in (4 * 2**i for i in range(int(math.log2(size)) - 1))]
    generator, critic = Generator(widths), Critic(widths[::-1])
    steps = lazy_adam(generator, rates[0], PATH_EVERY), lazy_adam(critic, rates[1], R1_EVERY)
    gamma, mean_length = 2e-4 * size**2 / BATCH, torch.zeros(())
    of_images, found = spread_of(images[torch.randperm(len(images))[:SAMPLES]]), {}
    for round_ in range(rounds):
        take(steps[0], F.softplus(-critic(generator(generator.styles(BATCH, 0.9)))).mean())
        if round_ % PATH_EVERY == 0:
            styles = generator.styles(BATCH // 2, 0.9)
            made = generator(styles)
            (slope,) = torch.autograd.grad((made * torch.randn_like(made) / size).sum(), styles, create_graph=True)
            lengths = slope.square().sum(2).mean(1).sqrt()
            mean = mean_length.lerp(lengths.mean(), 0.01)
            take(steps[0], 2.0 * PATH_EVERY * (lengths - mean).square().mean())
            mean_length = mean.detach()
        real = images[torch.randint(len(images), (BATCH,))]
        with torch.no_grad():
            fake = generator(generator.styles(BATCH, 0.9))
        take(steps[1], F.softplus(critic(fake)).mean() + F.softplus(-critic(real)).mean())
        if round_ % R1_EVERY == 0:
            real = real.clone().requires_grad_()
            (slope,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
            take(steps[1], gamma / 2 * R1_EVERY * slope.square().sum((1, 2, 3)).mean())
        if round_ + 1 in ROUNDS or (round_ + 1) % 300 == 0:
            with torch.no_grad():
                found[round_ + 1] = round(spread_of(generator(generator.styles(SAMPLES))) / of_images, 3)
    return found


def take(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """A step down a loss; the other player's gradients, which it leaves behind, are dropped before its own step."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, writes and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain_stylegan2")
    parser.add_argument("--data", required=True)
    for name, default in (("size", 16), ("maps", 32), ("rounds", 600)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--lr", type=float, default=0.0025)
    parser.add_argument("--generator-lr", type=float, help="if it is another one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    images, _ = real_samples(open_data(DataOptions(source=args.data, size=args.size)), "train")
    scaled = torch.as_tensor(images).float() / 127.5 - 1.0
    found = {}
    for seed in args.seeds:
        found[str(seed)] = train(scaled, args.maps, args.rounds, (args.generator_lr or args.lr, args.lr), seed)
        print(f"seed {seed}: {found[str(seed)]}", flush=True)
    write_results(RESULTS / "plain-stylegan2.json", "plain_stylegan2", arguments, spread_by_seed=found)


if __name__ == "__main__":
    main()

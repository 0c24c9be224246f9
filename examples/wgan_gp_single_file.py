"""WGAN-GP (Gulrajani et al. 2017, Algorithm 1) on handwritten digits, as a plain PyTorch training loop.

    python examples/wgan_gp_single_file.py --rounds 1500

Needs torch, scikit-learn and Pillow, and nothing of steadygan. It is the library's yardstick: a test compares
their first losses, and `python -m benchmarks.speed` times rounds of this loop and of the library side by side.
"""

import argparse

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

LATENT = 64
CRITIC_STEPS = 5
PENALTY_WEIGHT = 10.0


def make_generator(width=32):
    """z [N, 64] -> images [N, 1, 8, 8] in [-1, 1]."""
    return nn.Sequential(
        nn.Linear(LATENT, 4 * width * 2 * 2),
        nn.Unflatten(1, (4 * width, 2, 2)),
        nn.BatchNorm2d(4 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, stride=2, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )


def make_critic(width=32):
    """Images [N, 1, 8, 8] -> scores [N]. No batch norm: the penalty needs each sample's own gradient."""
    return nn.Sequential(
        nn.Conv2d(1, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(4 * width * 2 * 2, 1),
        nn.Flatten(0),
    )


def gradient_penalty(critic, real, fake, mix):
    """E (||grad D(x_hat)||_2 - 1)^2 at x_hat = mix x + (1 - mix) g; mix [N] is uniform on [0, 1), one per sample."""
    mix = mix.view(-1, *[1] * (real.dim() - 1))
    between = (mix * real + (1 - mix) * fake).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((gradient.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def critic_step(generator, critic, optimizer, real, z, mix):
    """One critic step on a real batch; returns its loss."""
    with torch.no_grad():
        fake = generator(z)
    penalty = gradient_penalty(critic, real, fake, mix)
    loss = critic(fake).mean() - critic(real).mean() + PENALTY_WEIGHT * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def generator_step(generator, critic, optimizer, z):
    """One generator step; returns its loss."""
    loss = -critic(generator(z)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def make_optimizer(network, lr=1e-4):
    return torch.optim.Adam(network.parameters(), lr=lr, betas=(0.0, 0.9))


def save_grid(images, path, columns=10, zoom=4):
    """Saves images [N, 1, H, W] in [-1, 1] as one PNG grid, with dark lines between them."""
    images = nn.functional.pad(images, (1, 1, 1, 1), value=-1.0)
    n, _, height, width = images.shape
    grid = images.reshape(n // columns, columns, height, width).transpose(1, 2).reshape(-1, columns * width)
    pixels = (grid.clamp(-1, 1) * 127.5 + 127.5).byte().numpy()
    Image.fromarray(pixels.repeat(zoom, 0).repeat(zoom, 1)).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1500, help="generator steps, each after 5 critic steps")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="digits.png")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    digits = torch.from_numpy(load_digits().images.astype(np.float32)).unsqueeze(1) / 8 - 1
    generator, critic = make_generator(), make_critic()
    generator_optimizer = make_optimizer(generator, args.lr)
    critic_optimizer = make_optimizer(critic, args.lr)

    for round_ in range(args.rounds):
        for _ in range(CRITIC_STEPS):
            real = digits[torch.randint(len(digits), (args.batch,))]
            z, mix = torch.randn(args.batch, LATENT), torch.rand(args.batch)
            critic_loss = critic_step(generator, critic, critic_optimizer, real, z, mix)
        z = torch.randn(args.batch, LATENT)
        generator_loss = generator_step(generator, critic, generator_optimizer, z)
        if (round_ + 1) % 100 == 0:
            print(f"round {round_ + 1}: critic {critic_loss:.3f}, generator {generator_loss:.3f}", flush=True)

    with torch.no_grad():
        save_grid(generator(torch.randn(100, LATENT)), args.out)
    print(f"100 samples: {args.out}")


if __name__ == "__main__":
    main()

"""steadygan's losses, penalties and monitor in your own training loop; nothing else of the library is used.

    python examples/own_training_loop.py

Two small networks learn eight Gaussians on a ring; loop, networks and optimizers are plain torch. The monitor looks at
the training now and then, and changes nothing of it.

Losses take scores and penalties take a callable critic, so they fit any loop. In super-resolution, for example:

    real, fake = photo, upscaler(thumbnail)
    score = lambda image: discriminator(torch.cat([image, enlarged_thumbnail], dim=1))
    critic_loss = losses.hinge_critic_loss(score(real), score(fake.detach()))
    critic_loss = critic_loss + penalties.r1_penalty(score, real)
    generator_loss = l1_loss(fake, real) + 5e-3 * losses.hinge_generator_loss(score(fake))
"""

import argparse
import math

import torch
from torch import nn

from steadygan import losses, penalties
from steadygan.diagnostics import Monitor

ANGLES = torch.arange(8) * (2 * math.pi / 8)
CENTRES = 2 * torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)


def draw_ring(count):
    """Points [N, 2] from eight narrow Gaussians on a circle of radius 2."""
    return CENTRES[torch.randint(8, (count,))] + 0.02 * torch.randn(count, 2)


def make_network(outputs, width=128):
    hidden = [layer for _ in range(2) for layer in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), *hidden, nn.Linear(width, outputs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000, help="generator steps, each after 5 critic steps")
    args = parser.parse_args()

    torch.manual_seed(0)
    generator, critic = make_network(outputs=2), make_network(outputs=1)
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.0, 0.9))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=5e-4, betas=(0.0, 0.9))

    def score(points):
        return critic(points).squeeze(1)

    def critic_objective(critic, real, fake):
        loss = losses.wasserstein_critic_loss(critic(real), critic(fake))
        return loss + penalties.gradient_penalty(critic, real, fake)

    monitor = Monitor(
        generator,
        critic,
        latents=lambda count: torch.randn(count, 2),
        real=draw_ring,
        held_out=draw_ring(256),
        rounds=args.rounds,
        loss=losses.Wasserstein(),
        critic_steps=5,
        batch=256,
        critic_optimizer=critic_optimizer,
        critic_objective=critic_objective,
    )

    for round_ in range(args.rounds):
        for _ in range(5):
            real = draw_ring(256)
            fake = generator(torch.randn(256, 2)).detach()
            real_scores, fake_scores = score(real), score(fake)
            loss = losses.wasserstein_critic_loss(real_scores, fake_scores)
            penalty = penalties.gradient_penalty(score, real, fake)
            critic_optimizer.zero_grad()
            (loss + 1.0 * penalty).backward()
            critic_optimizer.step()
            monitor.after_critic_step(real_scores=real_scores, fake_scores=fake_scores)

        generator_loss = losses.wasserstein_generator_loss(score(generator(torch.randn(256, 2))))
        generator_optimizer.zero_grad()
        generator_loss.backward()
        generator_optimizer.step()
        monitor.after_round(generator_loss=generator_loss)
        if (round_ + 1) % 200 == 0:
            print(f"round {round_ + 1}: distance {-loss:.3f}, penalty {penalty:.4f}", flush=True)

    print(*monitor.lines(), sep="\n")
    with torch.no_grad():
        points = generator(torch.randn(2000, 2))
    distance, mode = torch.cdist(points, CENTRES).min(dim=1)
    near = distance < 0.2
    print(f"{mode[near].unique().numel()} of 8 modes found, {near.float().mean():.0%} of the points near one")


if __name__ == "__main__":
    main()

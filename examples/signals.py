"""A GAN of one-dimensional signals from an array in memory: noisy waves of two leads, each with a rhythm of its own.

python examples/signals.py            # about five minutes on one CPU core
"""

from __future__ import annotations

import argparse

import numpy as np

import steadygan as sg


def waves(count: int, length: int = 128) -> np.ndarray:
    """Signals [count, 2, length] in millivolts: the second lead has twice the frequency of the first."""
    rng = np.random.default_rng(0)
    time = np.linspace(0, 1, length, endpoint=False)
    phase, rate = rng.uniform(0, 2 * np.pi, (count, 1)), rng.uniform(3, 5, (count, 1))
    leads = [np.sin(2 * np.pi * rate * factor * time + phase) for factor in (1, 2)]
    return (1.2 + np.stack(leads, axis=1) + 0.05 * rng.standard_normal((count, 2, length))).astype(np.float32)


def main(rounds: int) -> sg.Run:
    """Trains, saves 1,000 generated signals in millivolts, and returns the run."""
    run = sg.train(data=waves(2_000), rounds=rounds)
    samples = run.sample(1_000)  # float32 [1000, 2, 128]
    np.save(run.folder / "signals.npy", samples)
    print(f"{samples.shape} from {samples.min():.2f} to {samples.max():.2f} mV: {run.folder / 'signals.npy'}")
    return run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000)
    main(parser.parse_args().rounds)

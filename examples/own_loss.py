"""Your own loss in a recipe: a frozen dataclass with two methods, compared with the hinge loss under equal settings.

    python examples/own_loss.py --rounds 300

Nothing has to be registered. The run is saved like any other; to load its recipe, pass the class:
``sg.load(folder, kinds=[SmoothHinge])``.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

import steadygan as sg
from steadygan.losses import Hinge
from steadygan.objectives import Adversarial


@dataclass(frozen=True)
class SmoothHinge:
    """The hinge loss with softplus(s v) / s instead of relu(v): smooth at the hinge."""

    sharpness: float = 4.0
    """s; the hinge loss is its limit for large s"""

    needs_real: ClassVar[bool] = False  # True if the generator's loss needs real scores
    mixes_samples: ClassVar[bool] = False  # True if a sample's loss depends on others, beyond the mean
    has_labels: ClassVar[bool] = False  # True if the loss has labels that can be smoothed

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        """The critic's loss, a scalar, from scores [N] of real and of fake samples."""
        s = self.sharpness
        return (softplus(s * (1 - real)) / s).mean() + (softplus(s * (1 + fake)) / s).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The generator's loss, a scalar, from scores [N] of fake samples."""
        return -fake.mean()


def main() -> None:
    """Trains with both losses, everything else equal, and prints the last record of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--out", default=None, help="folder of the two runs (default: a temporary one)")
    args = parser.parse_args()
    root = Path(args.out or tempfile.mkdtemp())

    for loss in (Hinge(), SmoothHinge()):
        name = type(loss).__name__.lower()

        def recipe(sample: sg.SampleSpec, loss: object = loss, name: str = name) -> sg.Recipe:
            base = sg.recipes.wgan_gp(sample)  # the penalty, networks, rates and seed of wgan-gp
            return dataclasses.replace(base, name=name, objective=Adversarial(loss))  # type: ignore[arg-type]

        run = sg.train(recipe, data="8gaussians", out=root / name, rounds=args.rounds, observers=[])
        loaded = sg.load(run.folder, kinds=[SmoothHinge])
        last = loaded.rows[-1]
        numbers = f"real minus fake score {last['score_gap']:.3f}, gradient norm {last['gradient_norm_mean']:.2f}"
        print(f"{name}: {numbers}, {loaded.folder}")


if __name__ == "__main__":
    main()

"""A loss of your own in a recipe: a frozen class with two methods, compared with a known one on equal terms.

    python examples/own_loss.py --rounds 300

Nothing is registered. The run is saved like any other; to read its recipe back, name the class:
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
    """The hinge loss with softplus(s v) / s for relu(v): smooth at the hinge."""

    sharpness: float = 4.0
    """s; the hinge comes back as it grows"""

    needs_real: ClassVar[bool] = False  # does the generator's loss look at real scores?
    mixes_samples: ClassVar[bool] = False  # does a sample's loss depend on others, beyond the mean?
    has_labels: ClassVar[bool] = False  # is there a label that could be smoothed?

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        """Scores [N] of real and fake samples to the scalar that the critic minimises."""
        s = self.sharpness
        return (softplus(s * (1 - real)) / s).mean() + (softplus(s * (1 + fake)) / s).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Scores [N] of fakes to the scalar that the generator minimises."""
        return -fake.mean()


def main() -> None:
    """Trains both losses with the same everything else, and prints where each ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--out", default=None, help="folder of the two runs; a temporary one if left out")
    args = parser.parse_args()
    root = Path(args.out or tempfile.mkdtemp())

    for loss in (Hinge(), SmoothHinge()):
        name = type(loss).__name__.lower()

        def recipe(sample: sg.SampleSpec, loss: object = loss, name: str = name) -> sg.Recipe:
            base = sg.recipes.wgan_gp(sample)  # penalty, networks, rates and seed stay the same
            return dataclasses.replace(base, name=name, objective=Adversarial(loss))  # type: ignore[arg-type]

        run = sg.train(recipe, data="8gaussians", out=root / name, rounds=args.rounds, observers=[])
        loaded = sg.load(run.folder, kinds=[SmoothHinge])
        last = loaded.rows[-1]
        ended = f"real minus fake score {last['score_gap']:.3f}, gradient norm {last['gradient_norm_mean']:.2f}"
        print(f"{name}: {ended}, {loaded.folder}")


if __name__ == "__main__":
    main()

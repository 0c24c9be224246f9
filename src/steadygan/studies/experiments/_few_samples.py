"""A training on a random few of a data set's samples, drawn by the seed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from steadygan.data.options import DataOptions
from steadygan.studies.training import Training
from steadygan.studies.trial import Outcome

FILE = "few.npz"
_HELD_OUT = 10_000


@dataclass(frozen=True)
class FewSamples:
    """The training on ``count`` of its data's training samples; all held-out samples stay, up to 10,000."""

    training: Training
    count: int

    @property
    def rounds(self) -> int:
        """Of the training."""
        return self.training.rounds

    def fitted(self, rounds: int) -> FewSamples:
        """The same with so many rounds."""
        return dataclasses.replace(self, training=self.training.fitted(rounds))

    def seconds_per_round(self) -> float:
        """As measured with all samples: what a round takes does not depend on their number."""
        return self.training.seconds_per_round()

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Writes the samples into the folder, and trains on them there."""
        path = folder / FILE
        if not path.exists():
            _write(self.training.data, self.count, seed, path)
        return dataclasses.replace(self.training, data=str(path.resolve())).carry_out(folder, seed)


def _write(data: str | DataOptions, count: int, seed: int, path: Path) -> None:
    import numpy as np

    from steadygan.data import open_data
    from steadygan.system.files import written_aside

    dataset = open_data(data if isinstance(data, DataOptions) else DataOptions(source=data))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(dataset.train))[:count])
    train, held_out = dataset.train.rows(chosen)[0], dataset.held_out.samples[:_HELD_OUT]
    with written_aside(path) as aside:
        np.savez(aside, x_train=train, x_test=held_out)

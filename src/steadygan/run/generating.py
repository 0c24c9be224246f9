"""What is needed of a run to make samples of points that are found or moved: a protocol of ``Run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Samples
    from steadygan.recipe import Recipe
    from steadygan.run.data_facts import DataFacts
    from steadygan.run.folder import Weights
    from steadygan.types import SampleSpec


class GeneratingRun(Protocol):
    """A run with a generator, latents and labels."""

    folder: Path

    @property
    def recipe(self) -> Recipe: ...
    @property
    def data(self) -> DataFacts: ...
    @property
    def sample_spec(self) -> SampleSpec: ...
    @property
    def conditional(self) -> bool: ...
    @property
    def critic(self) -> nn.Module: ...
    def class_numbers(self, asked: Asked) -> list[int]: ...
    def latents(self, count: int, seed: int = 0) -> Tensor: ...
    def labels(self, count: int, seed: int = 0, label: Asked | None = None) -> Tensor | None: ...
    def decode(self, latents: Tensor, labels: Tensor | None = None, *, generator: nn.Module | None = None) -> Samples:
        """Samples of latents [N, size]."""

    def in_units(self, samples: Samples) -> Samples:
        """Samples in the units of the data."""

    def generator_of(self, weights: Weights, round_: int | None) -> nn.Module:
        """The generator in eval mode."""

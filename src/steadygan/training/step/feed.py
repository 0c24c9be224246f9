"""The feed: gathers, flips and encodes real samples into batches on the device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from steadygan.training.step.prefetch import Prefetcher
from steadygan.types import Batch, at_each_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from steadygan.data import TrainData
    from steadygan.recipe import Recipe
    from steadygan.training.step.draws import RealDraws
    from steadygan.training.step.prefetch import Rows

_MAX_GPU_SHARE = 0.25  # of the free GPU memory
_MAX_HOST_BYTES = 2 * 2**30  # larger data stays in its memory map


def _fits(nbytes: int, device: torch.device) -> bool:
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return nbytes < _MAX_GPU_SHARE * free
    return nbytes < _MAX_HOST_BYTES


def _repeated(recipe: Recipe) -> int:
    """Number of (micro-)batches of a step that lazy phases take once more; 0 without such phases."""
    if all(phase.every == 1 for phase in recipe.phases):
        return 0
    growing = () if recipe.growth is None else recipe.growth.batches
    largest = max(recipe.batch, recipe.fakes, *growing)
    return math.ceil(largest / (recipe.run.micro_batch or largest))


def _flipped(images: Tensor, flips: Tensor | None) -> Tensor:
    """Images [N, C, H, W], mirrored if ``flips`` [N] is True, in the channels-last layout."""
    if flips is not None:
        images = torch.where(flips[:, None, None, None], images.flip(-1), images)
    return images.contiguous(memory_format=torch.channels_last)


class Feed:
    """Turns the real draws of a step into a batch on the device.

    Data that fits is resident on the device, images as uint8 [M, H, W, C], so that a gather yields the channels-last
    layout. Other data is read on demand, or prefetched: see ``follow``.
    """

    def __init__(self, recipe: Recipe, data: TrainData, device: torch.device) -> None:
        self.recipe = recipe
        self.data = data
        self.device = device
        self.resident: Tensor | None = None
        self.labels: Tensor | None = None
        self.prefetcher: Prefetcher | None = None
        if data.endless:
            return
        array = data.resident
        if array is None or not _fits(array.nbytes, device):
            self.prefetcher = Prefetcher(data.rows, device, again=_repeated(recipe))
            return
        last = np.array(np.moveaxis(array, 1, -1) if array.ndim == 4 else array, order="C")  # maps are read-only
        self.resident = torch.from_numpy(last).to(device)
        if data.labels is not None:
            self.labels = torch.from_numpy(np.asarray(data.labels, dtype=np.int64)).to(device)

    @property
    def rows_on(self) -> torch.device:
        """The device of row indices in the draws."""
        return self.device if self.prefetcher is None else torch.device("cpu")

    @property
    def waited(self) -> float | None:
        """Seconds that steps have waited for data to be read; None if the data is resident or endless."""
        return None if self.prefetcher is None else self.prefetcher.waited

    @property
    def replaced(self) -> int:
        """Number of samples that could not be decoded and were replaced so far, in this process."""
        return self.data.replaced

    def closing(self) -> tuple[str, ...]:
        """Lines on the data to print at the end of a session."""
        return self.data.notes()

    def follow(self, batches: Iterator[Rows]) -> None:
        """Prefetches these rows in their order, unless the data is resident; call ``close`` at the end."""
        if self.prefetcher is not None:
            self.prefetcher.follow(batches)

    def close(self) -> None:
        """Ends reader threads and processes; later calls read on demand."""
        if self.prefetcher is not None:
            self.prefetcher.close()
        self.data.close()

    def __call__(self, draws: RealDraws) -> Batch:
        """The encoded batch [N, ...] of the draws."""
        labels = draws.labels
        if self.resident is not None:
            stored = self.resident.index_select(0, draws.samples)
            stored = stored.permute(0, 3, 1, 2) if stored.dim() == 4 else stored
            labels = None if self.labels is None else self.labels.index_select(0, draws.samples)
        elif self.prefetcher is not None:
            stored, labels = self.prefetcher(draws.samples.cpu().numpy())
        else:
            stored = draws.samples
        samples = self.recipe.representation.encode(stored, draws.representation)
        if stored.dim() == 4:
            samples = at_each_scale(lambda images: _flipped(images, draws.flips), samples)
        return Batch(samples, labels)

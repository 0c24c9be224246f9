"""Real samples on their way from the data to the networks: gather, flip, encode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from steadygan.data import Endless, Streamed
from steadygan.training.step.prefetch import Reader
from steadygan.types import Batch, at_each_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from steadygan.data.dataset import Train
    from steadygan.recipe import Recipe
    from steadygan.training.step.draws import RealDraws
    from steadygan.training.step.prefetch import Rows

_SHARE_OF_DEVICE = 0.25  # of the device's free memory may be taken by the data set
_FITS_HOST = 2 * 2**30  # bytes: beyond this the data stays in its memory map


def _fits(nbytes: int, device: torch.device) -> bool:
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return nbytes < _SHARE_OF_DEVICE * free
    return nbytes < _FITS_HOST


def _flipped(images: Tensor, flips: Tensor | None) -> Tensor:
    """Images [N, C, H, W], mirrored where ``flips`` [N] says so, in the layout that convolutions are fastest in."""
    if flips is not None:
        images = torch.where(flips[:, None, None, None], images.flip(-1), images)
    return images.contiguous(memory_format=torch.channels_last)


class Feed:
    """Turns the draws of a step into a batch on the device.

    Stored images lie on the device as uint8, pixels outermost to innermost [M, H, W, C], where they fit, so that a
    gather yields the channels-last layout that convolutions are fastest in; else they are read as they are asked for,
    or before that where ``follow`` said what comes next.
    """

    def __init__(self, recipe: Recipe, data: Train, device: torch.device) -> None:
        self.recipe = recipe
        self.device = device
        self.resident: Tensor | None = None
        self.reader: Reader | None = None
        self.labels: Tensor | None = None
        self._stream: Streamed | None = None
        if isinstance(data, Endless):
            return
        array = data.resident
        if array is None or not _fits(array.nbytes, device):
            self.reader = Reader(data.rows, device)
            self._stream = data if isinstance(data, Streamed) else None
            return
        last = np.array(np.moveaxis(array, 1, -1) if array.ndim == 4 else array, order="C")  # maps are read-only
        self.resident = torch.from_numpy(last).to(device)
        if data.labels is not None:
            self.labels = torch.from_numpy(np.asarray(data.labels, dtype=np.int64)).to(device)

    @property
    def rows_on(self) -> torch.device:
        """Where it wants the indices of rows."""
        return self.device if self.reader is None else torch.device("cpu")

    @property
    def waited(self) -> float | None:
        """Seconds that steps have waited for data to be read; None where none is."""
        return None if self.reader is None else self.reader.waited

    @property
    def replaced(self) -> int:
        """Samples of a stream that could not be decoded and were replaced by others, so far, by this process."""
        return 0 if self._stream is None else self._stream.replaced

    def closing(self) -> tuple[str, ...]:
        """What to say of the data at the end of a session."""
        return () if self._stream is None else self._stream.notes()

    def follow(self, batches: Iterator[Rows]) -> None:
        """Reads these rows ahead, where rows are read at all; to be closed in the end."""
        if self.reader is not None:
            self.reader.follow(batches)

    def close(self) -> None:
        """Ends the thread and the processes that read; batches are given as before."""
        if self.reader is not None:
            self.reader.close()
        if self._stream is not None:
            self._stream.close()

    def __call__(self, draws: RealDraws) -> Batch:
        """The batch [N, ...] that the draws point at, as the networks see it."""
        labels = draws.labels
        if self.resident is not None:
            stored = self.resident.index_select(0, draws.samples)
            stored = stored.permute(0, 3, 1, 2) if stored.dim() == 4 else stored
            labels = None if self.labels is None else self.labels.index_select(0, draws.samples)
        elif self.reader is not None:
            stored, labels = self.reader(draws.samples.cpu().numpy())
        else:
            stored = draws.samples
        samples = self.recipe.representation.encode(stored, draws.representation)
        if stored.dim() == 4:
            samples = at_each_scale(lambda images: _flipped(images, draws.flips), samples)
        return Batch(samples, labels)

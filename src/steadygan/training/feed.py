"""Real samples on their way from the data to the networks: gather, flip, encode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from steadygan.data import Stored
from steadygan.types import Batch, at_each_scale

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.data import Fresh
    from steadygan.recipe import Recipe
    from steadygan.training.draws import RealDraws

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
    gather yields the channels-last layout that convolutions are fastest in; else each step gathers from the map.
    """

    def __init__(self, recipe: Recipe, data: Stored | Fresh, device: torch.device) -> None:
        self.recipe = recipe
        self.device = device
        self.resident: Tensor | None = None
        self.mapped: np.ndarray | None = None
        self.labels: Tensor | None = None
        if isinstance(data, Stored):
            array = data.samples
            if _fits(array.nbytes, device):
                last = np.array(
                    np.moveaxis(array, 1, -1) if array.ndim == 4 else array, order="C"
                )  # a copy: maps are read-only
                self.resident = torch.from_numpy(last).to(device)
            else:
                self.mapped = array
            if data.labels is not None:
                self.labels = torch.from_numpy(np.asarray(data.labels, dtype=np.int64)).to(device)

    def __call__(self, draws: RealDraws) -> Batch:
        """The batch [N, ...] that the draws point at, as the networks see it."""
        if self.resident is not None:
            stored = self.resident.index_select(0, draws.samples)
            stored = stored.permute(0, 3, 1, 2) if stored.dim() == 4 else stored
        elif self.mapped is not None:
            stored = self._gather(draws.samples)
        else:
            stored = draws.samples
        samples = self.recipe.representation.encode(stored, draws.representation)
        if stored.dim() == 4:
            samples = at_each_scale(lambda images: _flipped(images, draws.flips), samples)
        if draws.labels is not None:
            labels: Tensor | None = draws.labels
        else:
            labels = None if self.labels is None else self.labels.index_select(0, draws.samples)
        return Batch(samples, labels)

    def _gather(self, indices: Tensor) -> Tensor:
        assert self.mapped is not None
        rows = indices.cpu().numpy()
        order = np.argsort(rows)  # reads of the map go forward
        gathered = np.empty((len(rows), *self.mapped.shape[1:]), dtype=self.mapped.dtype)
        gathered[order] = self.mapped[rows[order]]
        return torch.from_numpy(gathered).to(self.device, non_blocking=True)

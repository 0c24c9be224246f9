"""ADA's colour changes: brightness, contrast, luma flip, hue and saturation as one affine map of a pixel's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steadygan.device_constants import constant

if TYPE_CHECKING:
    from torch import Tensor


class Tint(NamedTuple):
    """x -> matrix x + offset, for the colours x of each pixel of N images."""

    matrix: Tensor
    """[N, C, C]"""
    offset: Tensor
    """[N, C]"""

    def then(self, matrix: Tensor) -> Tint:
        """This map, then a linear one, [N, C, C]."""
        return Tint(matrix @ self.matrix, (matrix @ self.offset[:, :, None])[:, :, 0])

    def brighter(self, by: Tensor) -> Tint:
        """This map, then the addition of ``by`` [N]."""
        return self._replace(offset=self.offset + by[:, None])

    def apply(self, images: Tensor) -> Tensor:
        """Images [N, C, H, W] of changed colours."""
        return (self.matrix @ images.flatten(2) + self.offset[:, :, None]).reshape(images.shape)


def no_tint(count: int, channels: int, like: Tensor) -> Tint:
    """The map that changes nothing."""
    import torch

    eye = torch.eye(channels, dtype=like.dtype, device=like.device)
    return Tint(eye.expand(count, -1, -1), torch.zeros(count, channels, dtype=like.dtype, device=like.device))


def contrast(factor: Tensor, channels: int) -> Tensor:
    """Matrices [N, C, C] that multiply colours by ``factor`` [N]."""
    import torch

    return factor[:, None, None] * torch.eye(channels, dtype=factor.dtype, device=factor.device)


def luma_flip(flips: Tensor, channels: int) -> Tensor:
    """I - 2 v v^T where ``flips`` [N] is 1, I where it is 0: the grey axis v reflected; -1 for one channel."""
    eye, grey = _parts(channels, flips)
    return eye - 2.0 * flips[:, None, None] * grey


def hue(angle: Tensor) -> Tensor:
    """Rotations [N, 3, 3] of three colours about the grey axis; R + G + B stays."""
    import torch

    eye, grey = _parts(3, angle)
    cross = constant(((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0)), angle)
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    turned: Tensor = grey + cosine * (eye - grey) + sine * cross / 3.0**0.5
    return turned


def saturation(factor: Tensor, channels: int) -> Tensor:
    """v v^T + (I - v v^T) factor, [N, C, C]: distances from the grey axis times ``factor`` [N]."""
    eye, grey = _parts(channels, factor)
    return grey + factor[:, None, None] * (eye - grey)


def _parts(channels: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """I and v v^T, the projection on the grey axis."""
    import torch

    eye = torch.eye(channels, dtype=like.dtype, device=like.device)
    return eye, torch.full_like(eye, 1.0 / channels)

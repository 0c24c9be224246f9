"""Multi-scale images of a loop of one's own: lists of tensors, in the order in which its networks have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from steadygan.errors import UsageError
from steadygan.types import Sample, Scales, means_like, register_scales

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Form:
    """How a loop's networks have samples: one tensor, or a list or tuple of scales."""

    container: Callable[[Any], Any] | None = None
    """list or tuple; None: one tensor"""
    fine_first: bool = False
    """MSG-GAN's code goes from coarse to fine, others the other way"""
    shapes: tuple[torch.Size, ...] = ()
    """of one sample at each scale, coarse to fine"""

    def sample(self, given: Any, what: str) -> Sample:
        """What a loop gives, as samples: a list of scales, or one tensor, which is averaged to the other scales.

        Raises:
            UsageError: one line, for samples unlike the generated ones.
        """
        if self.container is None:
            if not isinstance(given, torch.Tensor):
                raise UsageError(f"{what}: got {type(given).__name__}; needed: a tensor, as the generator gives one")
            return given
        if isinstance(given, torch.Tensor):
            if given.shape[1:] != self.shapes[-1]:
                raise UsageError(f"{what}: got {list(given.shape)}; needed: [N, {_sizes(self.shapes[-1])}]")
            parts = [torch.empty(shape, device="meta")[None] for shape in self.shapes]
            return means_like(given, Scales(tuple(parts)))
        made = ordered(given, what)
        if tuple(each.shape[1:] for each in made.images) != self.shapes:
            got = ", ".join(str(list(each.shape)) for each in made.images)
            needed = ", ".join(f"[N, {_sizes(shape)}]" for shape in self.shapes)
            raise UsageError(f"{what}: got {got}; needed: {needed}")
        return made

    def back(self, samples: Sample) -> Any:
        """Samples as the loop's networks have them."""
        if self.container is None or not isinstance(samples, Scales):
            return samples
        return self.container(samples.images[::-1] if self.fine_first else samples.images)


def form_of(made: Any, what: str = "the generator") -> Form:
    """The form of what a generator gave: a tensor, or a list or tuple of tensors of several sizes.

    Raises:
        UsageError: one line, for anything else.
    """
    if isinstance(made, torch.Tensor):
        return Form()
    if not isinstance(made, list | tuple) or not made:
        raise UsageError(f"{what} gave {type(made).__name__}; needed: a tensor [N, ...], or a list of images by scale")
    register_scales()
    scales = ordered(made, what).images
    container = list if isinstance(made, list) else tuple
    return Form(container, made[0].shape[-1] > made[-1].shape[-1], tuple(each.shape[1:] for each in scales))


def ordered(given: Any, what: str) -> Scales:
    """Images of several sizes [N, C, H, W], from coarse to fine; every size divides the finest one.

    Raises:
        UsageError: one line, for others.
    """
    images = list(given.images if isinstance(given, Scales) else given)
    if not all(isinstance(each, torch.Tensor) and each.dim() == 4 for each in images):
        kinds = ", ".join(str(list(x.shape)) if isinstance(x, torch.Tensor) else type(x).__name__ for x in images)
        raise UsageError(f"{what} gave a list of {kinds or 'nothing'}; needed: images [N, C, H, W] of several sizes")
    images.sort(key=lambda each: each.shape[-1])
    finest = images[-1].shape
    for each in images:
        factor = finest[-1] // max(1, each.shape[-1])
        fits = each.shape[:2] == finest[:2] and all(
            side * factor == fine for side, fine in zip(each.shape[2:], finest[2:], strict=True)
        )
        if not fits:
            raise UsageError(
                f"{what} gave images {list(each.shape)} beside {list(finest)}; needed: sizes that divide it"
            )
    if len({each.shape for each in images}) < len(images):
        raise UsageError(f"{what} gave two images of {list(finest)}; needed: one of each size")
    return Scales(tuple(images))


def _sizes(shape: torch.Size) -> str:
    return ", ".join(map(str, shape))

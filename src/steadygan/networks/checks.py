"""Checks of the samples that a network spec is built for; torch-free."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from steadygan.checks import one_of
from steadygan.errors import NeedsClassesError, UsageError
from steadygan.types import SampleSpec

Start: TypeAlias = Callable[[int], int]
"""from the side of square images to that of the first maps, both in pixels"""
Sides: TypeAlias = tuple[int, int]
"""height and width"""


def need_image(spec: str, sample: SampleSpec, sizes: tuple[int, ...]) -> tuple[int, int]:
    """Channels and side in pixels of square images of one of the sizes.

    Raises:
        UsageError: for points, text, other shapes and sizes; names networks and sizes that fit.
    """
    if not sample.is_image:
        raise UsageError(f"{spec} is for images, but a sample is {sample}: use {fitting_networks(sample)}")
    channels, height, width = sample.shape
    if channels < 1:
        raise UsageError(f"{spec} takes 1 channel or more, but a sample is {sample}")
    if height != width and sample.is_picture and min(height, width) in sizes:
        raise UsageError(
            f"{spec} takes square images, but a sample is {sample}: use DCGAN's or R3GAN's networks, "
            "or cut squares out with --data.fit crop"
        )
    if height != width or height not in sizes:
        if not sample.is_picture:
            raise UsageError(
                f"{spec} takes images of {', '.join(map(str, sizes))} px, but a sample is {sample}: "
                "use ConvGenerator and ConvCritic, which take any sides"
            )
        near = sorted(sorted(sizes, key=lambda size: abs(size - height))[:2])
        raise UsageError(
            f"{spec} takes images of {', '.join(map(str, sizes))} px, but a sample is {sample}: "
            f"bring them to {' or '.join(map(str, near))} px with --data.size"
        )
    return channels, height


def need_start(spec: str, sample: SampleSpec, sizes: tuple[int, ...], start: Start) -> tuple[int, int, Sides]:
    """Channels, shorter side in pixels, and sides (height, width) of the first maps, for images of any aspect ratio.

    The shorter side is one of the sizes, of which ``start`` gives the side of square first maps; the longer one has to
    be a multiple of the pixels that a pixel of these maps grows to.

    Raises:
        UsageError: for points, text, and other shapes.
    """
    if sample.is_image and sample.shape[1] != sample.shape[2]:
        channels, *sides = sample.shape
        size = min(sides)
        if size in sizes and channels:
            grown = size // start(size)
            if not any(side % grown for side in sides):
                return channels, size, (sides[0] // grown, sides[1] // grown)
            near = round(max(sides) / grown) * grown
            raise UsageError(
                f"{spec} takes images of {size} px whose longer side is a multiple of {grown}, but a sample is "
                f"{sample}: make it {near}"
            )
    channels, size = need_image(spec, sample, sizes)
    return channels, size, (start(size), start(size))


def need_cropped_start(spec: str, sample: SampleSpec, sizes: tuple[int, ...], start: Start) -> tuple[int, int, Sides]:
    """``need_start`` of networks whose 28 px are cropped from 32, from 4x4 maps: these have to be square."""
    if sample.is_image and 28 in sample.shape[1:]:
        return *need_image(spec, sample, sizes), (4, 4)
    return need_start(spec, sample, sizes, start)


def from_four(size: int) -> int:
    """The side of the first maps of networks that begin with 4x4 ones."""
    return 4


def fitting_networks(sample: SampleSpec) -> str:
    """The networks for samples that are no images, in words."""
    if sample.is_text:
        return "TextGenerator and TextCritic for text"
    return "MLPGenerator and MLPCritic for points" if sample.is_points else "ConvGenerator and ConvCritic"


def need_classes(spec: str, sample: SampleSpec, field: str = "class_logits") -> int:
    """The number of classes in the data, for a field of a spec that depends on them.

    Raises:
        UsageError: for data without labels.
    """
    if sample.classes < 2:
        raise NeedsClassesError(
            f"{spec}.{field} needs data with labels of 2 classes or more; a sample is {sample}: "
            f"take other data, a recipe that needs no labels, or {field} false"
        )
    return sample.classes


def need_labels(spec: str, sample: SampleSpec) -> int:
    """The number of classes in the data, for a network that is of classes in any case.

    Raises:
        UsageError: for data without labels.
    """
    if sample.classes < 2:
        raise NeedsClassesError(
            f"{spec} needs data with labels of 2 classes or more, but a sample is {sample}: "
            "take other data, or a recipe that needs no labels"
        )
    return sample.classes


def need_maps(spec: str, attention: int, sizes: list[int]) -> None:
    """Raises UsageError unless a network has maps of the size that attention is placed at."""
    one_of(f"{spec}.attention", attention, sizes, note="pixels of its maps for these images; null for no attention")

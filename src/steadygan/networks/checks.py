"""Checks that network specs share; torch-free."""

from __future__ import annotations

from steadygan.errors import UsageError, nearest
from steadygan.types import SampleSpec


def need_choice(spec: str, field: str, got: str, allowed: tuple[str, ...]) -> None:
    """Raises UsageError if a field holds none of the allowed words."""
    if got not in allowed:
        raise UsageError(f"{spec}.{field} is '{got}'; allowed: {', '.join(allowed)}{nearest(str(got), allowed)}")


def need_positive(spec: str, **values: int) -> None:
    """Raises UsageError if a number is below 1."""
    for field, got in values.items():
        if got < 1:
            raise UsageError(f"{spec}.{field} is {got}; it has to be 1 or more")


def need_image(spec: str, sample: SampleSpec, sizes: tuple[int, ...]) -> tuple[int, int]:
    """Channels and pixels of square images of one of the sizes.

    Raises:
        UsageError: for points, text, other shapes and other sizes; names what fits.
    """
    if not sample.is_image:
        fitting = "TextGenerator and TextCritic for text" if sample.is_text else "MLPGenerator and MLPCritic for points"
        raise UsageError(f"{spec} is for images, but a sample is {sample}: use {fitting}")
    channels, height, width = sample.shape
    if not 1 <= channels <= 4:
        raise UsageError(f"{spec} takes 1 to 4 channels, but a sample is {sample}")
    if height != width or height not in sizes:
        near = sorted(sorted(sizes, key=lambda size: abs(size - height))[:2])
        raise UsageError(
            f"{spec} takes images of {', '.join(map(str, sizes))} px, but a sample is {sample}: "
            f"bring them to {' or '.join(map(str, near))} px with --data.size"
        )
    return channels, height


def need_classes(spec: str, sample: SampleSpec, field: str = "class_logits") -> int:
    """The number of classes in the data, for the field of a spec that is about them.

    Raises:
        UsageError: if it has no labels.
    """
    if sample.classes < 2:
        raise UsageError(
            f"{spec}.{field} needs data with labels of 2 classes or more; a sample is {sample}: "
            f"take other data, a recipe that needs no labels, or {field} false"
        )
    return sample.classes


def need_maps(spec: str, attention: int, sizes: list[int]) -> None:
    """Raises UsageError if attention is to stand on maps of a size that a network does not have."""
    if attention not in sizes:
        known = ", ".join(map(str, sizes))
        raise UsageError(f"{spec}.attention is {attention}, but its maps have {known} px here: one of them, or none")

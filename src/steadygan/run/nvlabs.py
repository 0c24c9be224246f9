"""Weights of NVlabs' StyleGAN2 and StyleGAN2-ADA code (PyTorch), by the names of our networks.

Their names, as of ``state_dict`` of G, G_ema and D in stylegan2-ada-pytorch (and of StyleGAN2 in stylegan3): a block of
each size, ``b4`` to ``b1024``. Values are equal on both sides: both store weights before their equalised rate. The
filter ``resample_filter`` is fixed, and has to be [1, 3, 3, 1].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 1024
"""pixels of a side"""
_WEIGHT, _BIAS = "parametrizations.weight.original", "parametrizations.bias.original"
_BLOCK = re.compile(r"^(?:synthesis\.)?b(\d{1,5})\.")
_FILTER = "resample_filter"


@dataclass(frozen=True)
class Imported:
    """Tensors of one of their networks by our names, and its settings."""

    tensors: dict[str, Tensor]
    words: str
    """what the file holds, and the settings of ours that have its layout"""


def imported(saved: Mapping[str, Tensor]) -> Imported | None:
    """Tensors of their generator or discriminator by our names; None for tensors of another code.

    Raises:
        UsageError: one line, for a variant of theirs that ours do not have: other filters, other architectures, sizes.
    """
    if "synthesis.b4.const" in saved and "mapping.fc0.weight" in saved:
        return _generator(saved)
    if "b4.fc.weight" in saved and "b4.out.weight" in saved:
        return _critic(saved)
    return None


def _generator(saved: Mapping[str, Tensor]) -> Imported:
    sizes = _sizes(saved)
    if missing := [size for size in sizes if f"synthesis.b{size}.torgb.weight" not in saved]:
        raise UsageError(
            f"their generator has no torgb at {missing[0]} px: of its architectures ours has 'skip', StyleGAN2's own"
        )
    _check_filters(saved)
    pairs = [
        ("mapping.w_avg", "mean.mean"),
        *_of_mapping(saved, "mapping", "mapping"),
        ("synthesis.b4.const", "constant"),
    ]
    for level, size in enumerate(sizes):
        convs = [("conv1", 0)] if level == 0 else [("conv0", 2 * level - 1), ("conv1", 2 * level)]
        for theirs, number in convs:
            layer = f"synthesis.b{size}.{theirs}"
            pairs += [(f"{layer}.{name}", f"convs.{number}.{name}") for name in ("weight", "bias")]
            pairs += [(f"{layer}.noise_strength", f"convs.{number}.strength")]
            pairs += [(f"{layer}.noise_const", f"convs.{number}.noise")]
            pairs += _of_affine(layer, f"convs.{number}")
        layer = f"synthesis.b{size}.torgb"
        pairs += [(f"{layer}.{name}", f"to_image.{level}.{name}") for name in ("weight", "bias")]
        pairs += _of_affine(layer, f"to_image.{level}")
    made = _renamed(saved, pairs)
    widths = [_length(saved, f"synthesis.b{size}.torgb.weight", 1) for size in sizes]
    channels = _length(saved, f"synthesis.b{sizes[-1]}.torgb.weight", 0)
    layers = _depth(saved)
    style = _length(saved, "synthesis.b4.conv1.affine.weight", 1)
    classes = _length(saved, "mapping.embed.weight", 1) if "mapping.embed.weight" in saved else 0
    latent = _length(saved, "mapping.fc0.weight", 1) - (style if classes else 0)
    settings = f"--prior.size {latent} --generator.style {style} --generator.mapping {layers} "
    settings += _maps("generator", sizes, widths)
    settings += " --generator.conditional true" if classes else ""
    return Imported(made, _words("generator", sizes[-1], channels, classes, settings))


def _critic(saved: Mapping[str, Tensor]) -> Imported:
    sizes = _sizes(saved)
    largest = sizes[-1]
    if more := [size for size in sizes[:-1] if f"b{size}.fromrgb.weight" in saved]:
        raise UsageError(
            f"their discriminator has a fromrgb at {more[-1]} px too: of its architectures here are 'resnet' and 'orig'"
        )
    _check_filters(saved)
    residual = any(name.endswith(".skip.weight") for name in saved)
    pairs = _of_layer(f"b{largest}.fromrgb", "trunk.0")
    for number, size in enumerate(reversed(sizes[1:]), 2):
        pairs += _of_layer(f"b{size}.conv0", f"trunk.{number}.path.0")
        pairs += _of_layer(f"b{size}.conv1", f"trunk.{number}.path.2")
        if residual:
            pairs += [(f"b{size}.skip.weight", f"trunk.{number}.skip.1.{_WEIGHT}")]
    for theirs, ours in (("conv", "maps.1"), ("fc", "dense"), ("out", "score")):
        pairs += _of_layer(f"b4.{theirs}", f"head.{ours}")
    if "mapping.embed.weight" in saved:
        pairs += _of_mapping(saved, "mapping", "head.mapping")
    made = _renamed(saved, pairs)
    widths = [_length(saved, f"b{size}.conv0.weight", 0) for size in sizes[1:]]
    widths = [_length(saved, "b4.conv.weight", 0), *widths]
    channels = _length(saved, f"b{largest}.fromrgb.weight", 1)
    classes = _length(saved, "mapping.embed.weight", 1) if "mapping.embed.weight" in saved else 0
    settings = _maps("critic", sizes, widths)
    settings += "" if residual else " --critic.residual false"
    settings += f" --critic.conditional true --critic.mapping {_depth(saved)}" if classes else ""
    return Imported(made, _words("discriminator", largest, channels, classes, settings))


def _length(saved: Mapping[str, Tensor], name: str, axis: int) -> int:
    """The length of a tensor along an axis. Raises UsageError if it has fewer axes."""
    shape = _of(saved, name).shape
    if len(shape) <= axis:
        raise UsageError(f"their '{name}' has the shape {list(shape)}; more axes are needed")
    return int(shape[axis])


def _sizes(saved: Mapping[str, Tensor]) -> list[int]:
    """The sizes of a network's blocks, 4 first."""
    found = sorted({int(match[1]) for name in saved if (match := _BLOCK.match(name))})
    wanted = [4 << level for level in range(len(found))]
    if found != wanted or not 8 <= found[-1] <= LARGEST:
        raise UsageError(
            f"their network has blocks of {', '.join(map(str, found[:12]))} px; needed: 4, 8, 16 and so on, the last "
            f"one of 8 to {LARGEST}"
        )
    return found


def _check_filters(saved: Mapping[str, Tensor]) -> None:
    import torch

    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
    for name, value in saved.items():
        if name.endswith(_FILTER) and not (
            value.shape == (4, 4) and torch.allclose(value.double(), torch.outer(taps, taps), atol=1e-3)
        ):
            raise UsageError(f"their '{name}' is another filter than [1, 3, 3, 1], which ours have")


def _of_layer(theirs: str, ours: str) -> list[tuple[str, str]]:
    return [(f"{theirs}.weight", f"{ours}.{_WEIGHT}"), (f"{theirs}.bias", f"{ours}.bias")]


def _of_affine(theirs: str, ours: str) -> list[tuple[str, str]]:
    return _of_layer(f"{theirs}.affine", f"{ours}.affine")


def _of_mapping(saved: Mapping[str, Tensor], theirs: str, ours: str) -> list[tuple[str, str]]:
    pairs = _of_layer(f"{theirs}.embed", f"{ours}.classes") if f"{theirs}.embed.weight" in saved else []
    number = 0
    while f"{theirs}.fc{number}.weight" in saved:
        layer = f"{ours}.layers.{2 * number}"
        pairs += [(f"{theirs}.fc{number}.weight", f"{layer}.{_WEIGHT}")]
        pairs += [(f"{theirs}.fc{number}.bias", f"{layer}.{_BIAS}")]
        number += 1
    return pairs


def _renamed(saved: Mapping[str, Tensor], pairs: list[tuple[str, str]]) -> dict[str, Tensor]:
    """Their tensors by our names; those without a place among ours keep theirs, so that they are told as not used."""
    made = {ours: _of(saved, theirs) for theirs, ours in pairs}
    taken = {theirs for theirs, _ in pairs}
    return {
        **made,
        **{name: value for name, value in saved.items() if name not in taken and not name.endswith(_FILTER)},
    }


def _of(saved: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in saved:
        raise UsageError(f"their network has no '{name}': the file holds a part of it, or another architecture")
    return saved[name]


def _depth(saved: Mapping[str, Tensor]) -> int:
    """Layers of the mapping network."""
    return sum(name.startswith("mapping.fc") and name.endswith(".weight") for name in saved)


def _maps(player: str, sizes: list[int], widths: list[int]) -> str:
    """The options of ours that give these numbers of maps; '' where no rule of theirs does."""
    most = max(widths)
    base = next((size * width for size, width in zip(sizes, widths, strict=True) if width < most), sizes[-1] * most)
    fits = all(width == min(base // size, most) for size, width in zip(sizes, widths, strict=True))
    return f"--{player}.base {base} --{player}.most {most}" if fits else ""


def _words(what: str, size: int, channels: int, classes: int, settings: str) -> str:
    of_classes = f", {classes} classes" if classes else ""
    held = f"{size} px, {channels} channel{'s' if channels > 1 else ''}{of_classes}"
    return f"NVlabs' StyleGAN2 {what} of {held}; its layout here: {settings.strip()}"

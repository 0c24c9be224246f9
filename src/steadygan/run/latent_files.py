"""Files of latents: points of z or w, as safetensors, that samples can be made of again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from steadygan.errors import UsageError, in_one_line
from steadygan.system.files import describe, written_aside
from steadygan.system.regular import read_regular

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.data.dataset import Samples
    from steadygan.run.generating import GeneratingRun

SpaceName = Literal["z", "w"]
ENDING = ".safetensors"
_MOST_BYTES = 1 << 34
_NOISE = "noise."


@dataclass(frozen=True)
class LatentPoints:
    """N points of a generator's space, with all that its samples depend on."""

    space: SpaceName
    points: Tensor
    """[N, D]: latents, or styles that all layers have"""
    labels: Tensor | None = None
    """[N], int64"""
    noise: tuple[Tensor, ...] = ()
    """of w: [N, 1, h, w] for each convolution; (): the generator's fixed noise"""

    def __len__(self) -> int:
        return len(self.points)


def write_latents(path: Path, latents: LatentPoints, facts: Mapping[str, str] | None = None) -> Path:
    """Writes ``z`` or ``w`` [N, D], ``labels`` [N], and ``noise.0``, ``noise.1`` … [N, 1, h, w]; returns the path.

    facts: words about where they are from, kept in the file
    """
    from safetensors.torch import save

    tensors = {latents.space: latents.points, **{f"{_NOISE}{i}": each for i, each in enumerate(latents.noise)}}
    if latents.labels is not None:
        tensors["labels"] = latents.labels
    # one entry: safetensors writes several in an order that changes from process to process
    about = {"steadygan": json.dumps(dict(facts or {}), sort_keys=True)}
    content = save({name: each.contiguous() for name, each in tensors.items()}, about)
    with written_aside(path) as aside:
        aside.write_bytes(content)
    return path


def read_latents(path: Path) -> LatentPoints:
    """The latents of a file that ``write_latents`` wrote, or any safetensors with ``z`` or ``w`` [N, D].

    Raises:
        UsageError: one line, for a file that is none, is damaged, or holds something else.
    """
    tensors = _tensors(path)
    names: tuple[SpaceName, ...] = ("z", "w")
    spaces = [space for space in names if space in tensors]
    if len(spaces) != 1:
        raise UsageError(
            f"{path} is no file of latents: it needs a tensor named 'z' or 'w', and holds {_held(tensors)}"
        )
    points, labels = tensors[spaces[0]], tensors.get("labels")
    count = sum(name.startswith(_NOISE) for name in tensors)
    noise = [tensors.get(f"{_NOISE}{i}") for i in range(count)]
    _check(path, spaces[0], points, labels, noise)
    return LatentPoints(
        spaces[0],
        points.float(),
        None if labels is None else labels.long(),
        tuple(each.float() for each in noise if each is not None),
    )


def _tensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(load(read_regular(path, _MOST_BYTES)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({describe(error)})") from None
    except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
        raise UsageError(f"{path} is no whole file of safetensors ({in_one_line(error)})") from None


def _held(tensors: Mapping[str, Tensor]) -> str:
    names = sorted(tensors)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "nothing"


def _check(path: Path, space: str, points: Tensor, labels: Tensor | None, noise: list[Tensor | None]) -> None:
    count = len(points) if points.dim() else 0
    if points.dim() != 2 or not points.numel() or not points.is_floating_point():
        raise UsageError(f"{path}: '{space}' is {points.dtype} {list(points.shape)}; needed: floating-point [N, D]")
    if labels is not None and (labels.shape != (count,) or labels.is_floating_point()):
        raise UsageError(f"{path}: 'labels' is {labels.dtype} {list(labels.shape)}; needed: whole numbers [{count}]")
    for index, each in enumerate(noise):
        if each is None or each.dim() != 4 or each.shape[:2] != (count, 1) or not each.is_floating_point():
            shown = "missing" if each is None else f"{each.dtype} {list(each.shape)}"
            raise UsageError(f"{path}: '{_NOISE}{index}' is {shown}; needed: floating-point [{count}, 1, h, w]")
    named = {space: points, **{f"{_NOISE}{i}": each for i, each in enumerate(noise) if each is not None}}
    for name, each in named.items():
        if not bool(each.isfinite().all()):
            raise UsageError(f"{path}: '{name}' holds numbers that are not finite")


def check_fits(run: GeneratingRun, network: nn.Module, latents: LatentPoints) -> None:
    """Raises UsageError, one line, for latents that are not of this generator's form."""
    size = run.recipe.prior.size
    if latents.space == "w":
        from steadygan.run.styles import style_based

        generator = style_based(network, "a file of styles (w)")
        size, shapes = len(generator.mean.mean), generator.sides_of_noise
        given = [tuple(each.shape[2:]) for each in latents.noise]
        if given and given != shapes:
            raise UsageError(
                f"the noise is of {len(given)} maps up to {given[-1]}; {run.folder} has {len(shapes)}, "
                f"up to {shapes[-1]}"
            )
    if latents.points.shape[1] != size:
        raise UsageError(
            f"the latents have {latents.points.shape[1]} numbers; those of {run.folder} in {latents.space} have {size}"
        )
    classes = run.sample_spec.classes
    if run.conditional and latents.space == "z" and latents.labels is None:
        raise UsageError(f"the latents come without labels, and the generator of {run.folder} needs a class for each")
    if latents.labels is not None and run.conditional:
        low, high = int(latents.labels.min()), int(latents.labels.max())
        if low < 0 or high >= classes:
            raise UsageError(f"the labels go from {low} to {high}; {run.folder} has {classes} classes, from 0")


def samples_of(run: GeneratingRun, network: nn.Module, latents: LatentPoints) -> Samples:
    """The samples of given latents, as from ``run.sample``.

    Raises:
        UsageError: for latents of another form.
    """
    import numpy as np
    import torch

    from steadygan.inversion.spaces import style_samples
    from steadygan.run.styles import style_based

    if not hasattr(latents, "space"):
        got = type(latents).__name__
        raise UsageError(f"latents are {got}; needed: those of an inversion or of a file; a tensor is for run.decode")
    check_fits(run, network, latents)
    if latents.space == "z":
        return run.decode(latents.points, latents.labels, generator=network)
    generator, rows = style_based(network, "w"), 32
    made = []
    with torch.no_grad():
        for i in range(0, len(latents), rows):
            noise = [each[i : i + rows] for each in latents.noise]
            samples = style_samples(generator, latents.points[i : i + rows], noise)
            made.append(run.decoded(samples))
    return np.concatenate(made)

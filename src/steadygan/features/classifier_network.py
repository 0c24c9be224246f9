"""The classifier's network and its training: minutes on two cores for any data set, the same for one seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steadygan.data.dataset import Labels
from steadygan.features.neural import extract, float32
from steadygan.metrics.arrays import Images
from steadygan.metrics.pyramids import block_size
from steadygan.rng import torch_seeded

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

WIDTH = 128
"""of the last hidden layer"""
LARGEST = 32
"""pixels a side; larger images are shrunk"""
_EPOCHS, _LEAST_PASSES, _MOST_PASSES = 12, 25_000, 200_000
"""images are seen 12 times, but between 25,000 and 200,000 in all: it bounds the time"""
_BATCH, _BLOCK = 128, 100
_RATE, _DECAY = 1e-2, 0.05


class Labelled(NamedTuple):
    """Images of at most 32 pixels a side, and their classes."""

    images: Images
    labels: Labels


def labelled(images: Images, labels: Labels | None, most: int) -> Labelled:
    """A fixed random subset of at most ``most`` images, shrunk to 32 pixels; empty if there are no labels."""
    import torch

    count = 0 if labels is None else len(images)
    indices = np.arange(count)
    if count > most:
        indices = np.sort(np.random.default_rng(0).permutation(count)[:most])
    small = shrunk(torch.zeros(1, *images.shape[1:], dtype=torch.uint8)).shape[1:]
    subset = np.empty((len(indices), *small), np.uint8)
    size = block_size(images)
    for start in range(0, len(indices), size):
        block = np.array(images[indices[start : start + size]])
        subset[start : start + len(block)] = shrunk(torch.from_numpy(block)).numpy()
    return Labelled(subset, np.empty(0, np.int64) if labels is None else labels[indices])


def shrunk(images: Tensor) -> Tensor:
    """Images uint8 [N, C, H, W], brought to at most 32 pixels a side by antialiased bicubic interpolation."""
    from torch.nn.functional import interpolate

    sides = images.shape[-2:]
    if max(sides) <= LARGEST:
        return images
    small = [max(1, round(side * LARGEST / max(sides))) for side in sides]
    values = interpolate(images.float(), small, mode="bicubic", antialias=True)
    return values.round().clamp(0, 255).byte()


def normalised(images: Tensor) -> Tensor:
    """Images uint8 as float32 in [-1, 1], channels last."""
    import torch

    return (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def build_network(channels: int, classes: int) -> nn.Sequential:
    """A body, images [N, channels, H, W] of any size -> features [N, 128] after ReLU, and a linear head."""
    import torch
    from torch import nn

    def layer(inputs: int, outputs: int, halves: bool = False) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        pool = [nn.MaxPool2d(2, ceil_mode=True)] if halves else []
        return [convolution, *pool, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]

    layers = [
        *layer(channels, 32, halves=True),
        *layer(32, 64),
        *layer(64, 64, halves=True),
        *layer(64, WIDTH),
        *layer(WIDTH, WIDTH),
    ]
    body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = nn.Sequential(body, nn.Linear(WIDTH, classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def train(
    data: Labelled,
    classes: int,
    *,
    seed: int,
    device: str,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[nn.Sequential, str]:
    """A trained network, in eval mode, and the precision that it was trained in.

    AdamW, one cycle of the learning rate, cross-entropy, images shifted at random by up to an eighth of their size.
    """
    import torch

    from steadygan.system.device import has_fast_bf16

    count = len(data.images)
    passes = min(max(_EPOCHS * count, _LEAST_PASSES), _MOST_PASSES)
    batch = min(_BATCH, count)
    steps = max(1, passes // batch)
    kind = torch.device(device).type
    bf16 = kind == "cpu" and has_fast_bf16(torch.device("cpu"))
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False), torch.enable_grad(), float32(device):
        images, labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
        with torch_seeded(seed):
            network = build_network(data.images.shape[1], classes).to(device).train()
        optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
        order = torch.empty(0, dtype=torch.int64)
        for step in range(steps):
            if len(order) < batch:
                order = torch.cat([order, torch.randperm(count, generator=generator)])
            indices, order = order[:batch], order[batch:]
            inputs = normalised(_shifted(images[indices], generator).to(device))
            # without the cache of cast weights: it would outlive them
            with torch.autocast(kind, torch.bfloat16, enabled=bf16, cache_enabled=False):
                logits = network(inputs)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[indices].to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            if progress is not None:
                progress(step + 1, steps)
    return network.eval(), "bf16" if bf16 else "fp32"


def _shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image shifted at random by up to an eighth of its size, with reflection padding."""
    import torch

    count, _, height, width = images.shape
    farthest = [side // 8 for side in (height, width)]
    padded = torch.nn.functional.pad(images.float(), 2 * farthest[1:] + 2 * farthest[:1], mode="reflect")
    rows, columns = (
        torch.randint(0, 2 * far + 1, (count, 1), generator=generator) + torch.arange(side)
        for far, side in zip(farthest, (height, width), strict=True)
    )
    picked = padded[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [N, H, W, C]
    return picked.permute(0, 3, 1, 2)


def accuracy(network: nn.Sequential, data: Labelled, device: str) -> float | None:
    """Classification accuracy; None for no images."""
    if not len(data.images):
        return None

    def predict(images: Tensor) -> tuple[Tensor, None]:
        return network(normalised(images)), None

    logits = extract(predict, data.images, _BLOCK, device, "classifier").features
    return float((logits.argmax(axis=1) == data.labels).mean())

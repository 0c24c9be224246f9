"""Samples of a torch ``Dataset`` or ``DataLoader`` of a loop of one's own: some are read once, at the beginning."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from steadygan.diagnostics.own_draws import Given, parts_of, seeded
from steadygan.diagnostics.real_side import SAMPLES, most_rows
from steadygan.errors import UsageError, in_one_line

if TYPE_CHECKING:
    from torch import Tensor, nn

_LEAST = 1_024  # samples that are read, where there are so many
_CHUNK = 64


class Kept(NamedTuple):
    """Samples that were read of a dataset."""

    samples: Given
    """[N, ...] on the device of the networks, or a list of images by scale"""
    labels: Tensor | None
    """[N], if they were asked for"""
    total: int | None
    """number of the whole dataset; None where it has no length"""


def is_dataset(given: Any) -> bool:
    """True for what ``kept`` reads."""
    return isinstance(given, Dataset | DataLoader)


def kept(given: Dataset[Any] | DataLoader[Any], name: str, network: nn.Module, *, labelled: bool, few: bool) -> Kept:
    """Some samples, drawn evenly over the dataset; neither a loader's order nor random numbers of the loop move on.

    Args:
        given: a loader's dataset is read by its ``collate_fn``, in this process
        name: of the argument, for errors
        network: on whose device they are kept
        labelled: with labels, the second of each item
        few: as many as a look compares with, else as many as look for the nearest one

    Raises:
        UsageError: one line, for items that are neither samples nor begin with one.
    """
    loader = given if isinstance(given, DataLoader) else None
    dataset: Any = given if loader is None else loader.dataset
    ready = loader is not None and loader.batch_sampler is None  # the dataset gives whole batches
    collate = _only if ready else default_collate if loader is None else loader.collate_fn
    drawn = isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__")
    size = None if drawn else len(dataset)
    chunks: list[list[Tensor]] = []
    labels: list[Tensor] = []
    have, most = 0, SAMPLES
    with seeded(dataset, 0), torch.no_grad():
        items = _items(dataset, size, name)
        while have < most and (some := list(itertools.islice(items, 1 if ready else min(_CHUNK, most - have)))):
            samples, of_class = _parted(_collated(collate, some, name), name, labelled=labelled)
            chunks.append(samples)
            labels += [] if of_class is None else [of_class]
            have += len(samples[0])
            most = SAMPLES if few else max(_LEAST, most_rows(samples[-1][0].numel()))
    if not chunks:
        raise UsageError(f"{name} is {_shown(given)} without samples")
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    scales = [torch.cat(parts).to(device) for parts in zip(*chunks, strict=True)]
    return Kept(
        scales[0] if len(scales) == 1 else scales,
        torch.cat(labels).to(device=device, dtype=torch.int64) if labels else None,
        None if ready else size,
    )


def _items(dataset: Any, size: int | None, name: str) -> Iterator[Any]:
    """Items of all parts of a dataset in a seeded order; those of one that is only iterated in its own."""
    try:
        if size is None:
            yield from dataset
        else:
            for index in torch.randperm(size, generator=torch.Generator().manual_seed(0)).tolist():
                yield dataset[index]
    except Exception as error:
        raise UsageError(f"{name} is {_shown(dataset)} whose items cannot be read: {in_one_line(error)}") from error


def _collated(collate: Any, items: list[Any], name: str) -> Any:
    try:
        return collate(items)
    except Exception as error:
        raise UsageError(f"{name} has items that make no batch: {in_one_line(error)}") from error


def _only(items: list[Any]) -> Any:
    """The one item, a batch."""
    return items[0]


def _parted(batch: Any, name: str, *, labelled: bool) -> tuple[list[Tensor], Tensor | None]:
    """The samples of a batch, by scale, and its labels: of a tuple or list the first and the second."""
    several = isinstance(batch, list | tuple) and bool(batch)
    first = batch[0] if several else batch
    samples = parts_of(first)
    if not samples or not all(each.is_floating_point() and each.dim() > 1 for each in samples):
        raise UsageError(
            f"{name} has batches of {_shown(batch)}; needed: a tensor [N, ...] of floating-point numbers, or a tuple "
            "or list that begins with one: else give a function of N that draws samples"
        )
    if not labelled:
        return samples, None
    labels = batch[1] if several and len(batch) > 1 else None
    if not isinstance(labels, torch.Tensor) or labels.shape != samples[0].shape[:1]:
        raise UsageError(f"labels=True, but {name} has batches of {_shown(batch)}; needed: samples, then labels [N]")
    return samples, labels


def _shown(value: Any) -> str:
    """A batch or a dataset in a few words."""
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} {list(value.shape)}".removeprefix("torch.")
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {', '.join(_shown(each) for each in value[:4])}"
    if isinstance(value, dict):
        return f"a dict with {', '.join(map(str, list(value)[:4]))}"
    return f"a {type(value).__name__}"

"""Data that is in memory: arrays, tensors, torch's data sets and loaders, tables of pandas and the like, pictures.

torch, pandas and Pillow are never imported here: an object of theirs is known by the name of its class's module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import Pictures, PictureSource, printable
from steadygan.data.labels import NO_LABELS, Labelling, Values, read_labels
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.sources.arrays import source_of_arrays
from steadygan.data.sources.frames import is_frame, samples_of_series, source_of_frame
from steadygan.data.sources.handed import array_of, described, inherits, is_array, need_plain_loader
from steadygan.data.sources.items import ACCEPTED, items_of
from steadygan.data.stored_array import MemoryArray, StoredArray
from steadygan.errors import DataError, UsageError

if TYPE_CHECKING:
    from steadygan.data.images.decode import Payload


def is_memory(data: object) -> bool:
    """True for data that is handed over itself, not by a path, a name or options."""
    return data is not None and not isinstance(data, str | Path | DataOptions)


def source_of_memory(data: Any, options: DataOptions) -> PictureSource | NumberSource:
    """The source of data that is in memory.

    Args:
        data: samples, (samples, labels), or a mapping with names as in a .npz file, such as 'images' and 'labels'
        options: of which the ``source`` names the data

    Raises:
        DataError, UsageError: one line, for what cannot be trained on.
    """
    samples, labels, notes = _parted(data)
    name = options.source.partition(":")[2] or "memory"
    if isinstance(samples, Mapping):
        return _noted(source_of_arrays(_named(samples), "the mapping", name, options, "memory"), notes)
    samples = of_rows if (of_rows := samples_of_series(samples)) is not None else samples
    if is_frame(samples):
        labelling = None if labels is None else _labelling(labels, len(samples), options)
        return _noted(source_of_frame(samples, labelling, name, options), notes)
    if not is_array(samples):
        samples, labels, more, pictures = items_of(samples, labels)
        notes += more
        if pictures and options.form == "auto":
            options = dataclasses.replace(options, form="image")
        if isinstance(samples, list):
            return _noted(_of_payloads(samples, labels, name, options), notes)
    arrays: dict[str, StoredArray] = {"images": _stored(samples, f"the {type(data).__name__}")}
    if labels is not None:
        arrays["labels"] = _label_array(labels, arrays["images"].shape)
    return _noted(source_of_arrays(arrays, "the data", name, options, "memory"), notes)


def memory_name(data: Any) -> str:
    """What a recipe calls data that is in memory: 'memory:' and the type of its samples."""
    kind = type(data)
    if isinstance(data, tuple) and data:
        kind = type(data[0])
    name = kind.__name__
    return f"memory:{name.lower() if name.isidentifier() else 'data'}"


def _parted(data: Any) -> tuple[Any, Any, list[str]]:
    """(samples, labels or None, sentences) of what was handed over."""
    notes: list[str] = []
    if inherits(data, "torch", "DataLoader"):
        need_plain_loader(data)
        notes.append("Of the DataLoader its data set is used; batches are drawn by the recipe's batch and seed.")
        data = data.dataset
    if isinstance(data, tuple):
        if len(data) != 2:
            raise UsageError(f"data is a tuple of {len(data)}; a tuple is (samples, labels)")
        return data[0], data[1], notes
    tensors = getattr(data, "tensors", None)
    if inherits(data, "torch", "TensorDataset") and isinstance(tensors, tuple) and tensors:
        if len(tensors) > 2:
            raise UsageError(f"the TensorDataset has {len(tensors)} tensors; samples, or samples and labels, are used")
        return tensors[0], tensors[1] if len(tensors) == 2 else None, notes
    return data, None, notes


def _stored(value: Any, title: str) -> MemoryArray:
    array = array_of(value, title)
    if array.dtype.names:
        fields = ", ".join(map(printable, array.dtype.names[:6]))
        remedy = "np.lib.recfunctions.structured_to_unstructured(array) makes a table [M, D] of them"
        raise UsageError(f"{title} has fields ({fields}); numbers of one type are needed: {remedy}")
    if array.dtype.hasobject and not isinstance(value, np.ndarray | list | tuple):
        raise UsageError(f"{title} is {described(value)}; numbers are needed: hand it over by itself")
    if array.dtype.hasobject:
        raise UsageError(f"{title} holds Python objects; numbers are needed: array.astype(float), if they are numbers")
    return MemoryArray(title, array)


def _named(mapping: Mapping[Any, Any]) -> dict[str, StoredArray]:
    """The arrays of a mapping by their names in lower case."""
    named: dict[str, StoredArray] = {}
    for key, value in mapping.items():
        name = str(key).lower()
        if name in named:
            raise UsageError(f"the mapping has '{printable(name)}' twice, in upper and lower case; one of them is used")
        named[name] = _stored(value, f"'{printable(str(key))}'")
    return named


# --- pictures


def _of_payloads(samples: Sequence[Payload], labels: Any, name: str, options: DataOptions) -> PictureSource:
    """Pictures of several sizes, or encoded."""
    payloads = [_channels_first(sample) if isinstance(sample, np.ndarray) else sample for sample in samples]
    labelling = NO_LABELS if labels is None else _labelling(labels, len(payloads), options)
    pictures = Pictures(
        count=len(payloads),
        read=lambda: iter(payloads),
        name_of="picture {}".format,
        labels=labelling.labels,
        in_memory=all(isinstance(payload, np.ndarray) for payload in payloads),
    )
    return PictureSource(name, "memory", pictures, class_names=labelling.names, label_note=labelling.note)


def _channels_first(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.ndim == 2:
        return array[None]
    if array.shape[2] <= 4 < array.shape[0] or (array.shape[2] <= 4 and array.shape[0] > 4):
        return np.ascontiguousarray(array.transpose(2, 0, 1))
    if array.shape[0] > 4:
        raise DataError(f"a sample has shape {list(array.shape)}; pictures are [H, W], [H, W, C] or [C, H, W], C <= 4")
    return array


# --- labels


def _label_array(labels: Any, shape: tuple[int, ...]) -> MemoryArray:
    """Labels [M] or [M, K] that were handed over beside samples [M, ...]."""
    labels = list(labels) if isinstance(labels, Iterator) else labels
    if isinstance(labels, list | tuple) and len(set(map(_length, labels))) > 1:
        raise DataError(
            "labels are lists of several lengths, of which no class can be made: hand over the samples alone"
        )
    values = array_of(labels, "labels")
    if values.ndim == 0:
        needed = f"one for each of {shape[0]:,} samples is needed, in a list or an array"
        raise DataError(f"labels is {described(labels)}; {needed}")
    if values.dtype.hasobject:
        if any(_length(value) >= 0 for value in values.reshape(-1)):
            raise DataError("labels are lists, of which no class can be made: hand over the samples alone")
        words = ["" if _is_missing(value) else str(value) for value in values.reshape(-1)]
        values = np.array(words).reshape(values.shape)
    if len(values) != shape[0]:
        raise DataError(f"labels {list(values.shape)} do not go with {shape[0]:,} samples: one label each is needed")
    return MemoryArray("labels", values)


def _labelling(labels: Any, count: int, options: DataOptions) -> Labelling:
    array = _label_array(labels, (count,))
    return read_labels(Values("'labels'", array.load(), array.shape, count), None, options.labels)


def _length(label: Any) -> int:
    """Of a list, a set, a vector or a mapping; -1 for one label."""
    if isinstance(label, str | bytes) or getattr(label, "ndim", 1) == 0:
        return -1
    return len(label) if hasattr(label, "__len__") else -1


def _is_missing(value: Any) -> bool:
    """True for None, NaN, and pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _noted(source: PictureSource | NumberSource, notes: Sequence[str]) -> PictureSource | NumberSource:
    return dataclasses.replace(source, notes=(*source.notes, *notes)) if notes else source


__all__ = ["ACCEPTED", "is_memory", "memory_name", "source_of_memory"]

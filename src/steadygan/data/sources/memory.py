"""Data that is in memory: arrays, tensors, torch's data sets and loaders, tables of pandas, lists of pictures.

torch, pandas and Pillow are never imported here: an object of theirs is known by the name of its class's module.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import Pictures, PictureSource, printable
from steadygan.data.labels import Labelling, Values, read_labels
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.sources.arrays import source_of_arrays
from steadygan.data.sources.csv_table import source_of_table
from steadygan.data.stored_array import MemoryArray, StoredArray
from steadygan.errors import DataError, UsageError

if TYPE_CHECKING:
    from steadygan.data.images.decode import Payload

ACCEPTED = (
    "a path, a name, DataOptions, an array, a tensor, (samples, labels), a table of pandas, a torch Dataset or "
    "DataLoader, or a list of pictures"
)
MOST_ITEMS = 100_000
"""samples that are taken of an iterable without a length"""
MOST_BYTES = 2**31
"""bytes of samples that are taken of it"""
_SAMPLES = ("image", "images", "img", "pixel_values", "x", "data", "sample", "samples", "input", "inputs", "signal")
_LABELS = ("label", "labels", "y", "target", "targets", "class", "fine_label", "class_label")
_PLAIN_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


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
        named = {str(key).lower(): _stored(value, f"'{printable(str(key))}'") for key, value in samples.items()}
        return _noted(source_of_arrays(named, "the mapping", name, options, "memory"), notes)
    if _is_frame(samples):
        return _noted(_of_frame(samples, labels, name, options), notes)
    if not _is_array(samples):
        samples, labels, more, pictures = _of_items(samples, labels)
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


# --- what is what, without importing it


def _module(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def _inherits(value: object, module: str, name: str) -> bool:
    """True if a class of this name in this module is among the types of a value."""
    return any(kind.__module__.startswith(module) and kind.__name__ == name for kind in type(value).__mro__)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or _inherits(value, "torch", "Tensor")


def _is_frame(value: object) -> bool:
    return _inherits(value, "pandas", "DataFrame") or _inherits(value, "pandas", "Series")


def _is_picture(value: object) -> bool:
    return _inherits(value, "PIL", "Image")


def _parted(data: Any) -> tuple[Any, Any, list[str]]:
    """(samples, labels or None, sentences) of what was handed over."""
    notes: list[str] = []
    if _inherits(data, "torch", "DataLoader"):
        notes.append("Of the DataLoader its data set is used; batches are drawn by the recipe's batch and seed.")
        data = data.dataset
    if isinstance(data, tuple):
        if len(data) != 2:
            raise UsageError(f"data is a tuple of {len(data)}; a tuple is (samples, labels)")
        return data[0], data[1], notes
    tensors = getattr(data, "tensors", None)
    if _inherits(data, "torch", "TensorDataset") and isinstance(tensors, tuple) and tensors:
        if len(tensors) > 2:
            raise UsageError(f"the TensorDataset has {len(tensors)} tensors; samples, or samples and labels, are used")
        return tensors[0], tensors[1] if len(tensors) == 2 else None, notes
    return data, None, notes


def _array_of(value: Any, title: str) -> NDArray[Any]:
    """An array or a tensor as an array; only a tensor on another device, or in bfloat16, is copied."""
    if isinstance(value, np.ndarray):
        masked = int(np.ma.getmaskarray(value).sum()) if isinstance(value, np.ma.MaskedArray) else 0
        if masked:
            raise DataError(f"{title} has {masked:,} masked numbers: fill them, or leave out these samples")
        return np.asarray(value)
    if _inherits(value, "torch", "Tensor"):
        tensor = value.detach().cpu()
        if str(tensor.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):
            tensor = tensor.float()
        if tensor.is_sparse or str(tensor.layout) != "torch.strided":
            tensor = tensor.to_dense()
        return np.asarray(tensor.resolve_conj().resolve_neg().numpy())
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{title} cannot be read as an array: {str(error).splitlines()[0][:120]}") from None
    return array


def _stored(value: Any, title: str) -> MemoryArray:
    array = _array_of(value, title)
    if array.dtype.hasobject:
        raise UsageError(f"{title} holds Python objects; numbers are needed")
    return MemoryArray(title, array)


# --- tables


def _of_frame(frame: Any, labels: Any, name: str, options: DataOptions) -> NumberSource:
    if options.form not in ("auto", "table"):
        raise UsageError(f"data form is '{options.form}', but a {type(frame).__name__} is a table")
    frame = frame.to_frame() if _inherits(frame, "pandas", "Series") else frame
    columns = tuple(str(column) for column in frame.columns)
    for column, position in zip(columns, range(len(columns)), strict=True):
        values = frame.iloc[:, position]
        kind = getattr(values.dtype, "kind", "O")
        if kind not in "buif":
            example = next((str(value) for value in values if value is not None), "")
            raise DataError(
                f"column '{printable(column)}' of the table holds {values.dtype} ('{printable(example[:24])}'): leave "
                "it out, put numbers in its place, or hand it over as labels: data=(frame, labels)"
            )
        if values.isna().any():
            row = int(np.flatnonzero(values.isna().to_numpy())[0])
            raise DataError(
                f"column '{printable(column)}' of the table is empty in row {row} ({int(values.isna().sum()):,} such "
                "rows): fill missing values or leave out these rows or the column"
            )
    table = np.column_stack([frame.iloc[:, i].to_numpy(dtype=np.float64) for i in range(len(columns))])
    classes = None
    if labels is not None:
        classes = np.asarray(_label_array(labels, table.shape).load()).astype(str)
    return source_of_table(table, columns, name, "the table", "memory", classes)


# --- samples one by one


def _of_items(data: Any, labels: Any) -> tuple[Any, Any, list[str], bool]:
    """Samples of a sequence, a data set or an iterable.

    Returns (one array or a list of payloads, labels or None, sentences, whether they are pictures of Pillow).
    """
    items, notes = _iterated(data)
    samples: list[Any] = []
    of_items: list[Any] = []
    size = 0
    endless, pictures = not _has_length(data), True
    for number, item in enumerate(_told_of_errors(items, type(data).__name__)):
        sample, label = _split_item(item, number)
        pictures = pictures and _is_picture(sample)
        samples.append(_payload(sample, number))
        if label is not None:
            of_items.append(label)
        size += samples[-1].nbytes if isinstance(samples[-1], np.ndarray) else len(samples[-1])
        if endless and (size >= MOST_BYTES or len(samples) >= MOST_ITEMS):
            notes.append(
                f"The first {len(samples):,} samples of the {type(data).__name__} are used: it has no length, and "
                f"at most {MOST_ITEMS:,} samples or {MOST_BYTES // 2**30} GiB are taken of such data."
            )
            break
    if not samples:
        raise DataError(f"the {type(data).__name__} is empty")
    if of_items and len(of_items) != len(samples):
        raise DataError(f"the {type(data).__name__} has labels for {len(of_items):,} of {len(samples):,} samples")
    if of_items and labels is None:
        labels = np.asarray([_plain_label(label, number) for number, label in enumerate(of_items)])
    arrays = [sample for sample in samples if isinstance(sample, np.ndarray)]
    forms = {(sample.shape, sample.dtype) for sample in arrays}
    if len(arrays) == len(samples) and len(forms) == 1:
        return np.stack(samples), labels, notes, pictures
    for sample in arrays:
        if sample.dtype != np.uint8 or sample.ndim not in (2, 3):
            shapes = sorted({str(list(shape)) for shape, _ in forms})[:3]
            raise DataError(
                f"the samples have different shapes or number types ({', '.join(shapes)}): only pictures in uint8 or "
                "of Pillow may have several sizes"
            )
    return samples, labels, notes, pictures


def _told_of_errors(items: Iterator[Any], name: str) -> Iterator[Any]:
    """The items; what a data set of the user's own raises becomes one line, with the error itself as its cause."""
    number = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            text = " ".join(str(error).split())[:160]
            raise DataError(f"item {number} of the {name} cannot be read: {type(error).__name__}: {text}") from error
        yield item
        number += 1


def _has_length(data: Any) -> bool:
    try:
        return hasattr(data, "__len__") and len(data) >= 0
    except TypeError:  # torch's data sets may define it to raise
        return False


def _iterated(data: Any) -> tuple[Iterator[Any], list[str]]:
    if isinstance(data, bytes | bytearray | str | int | float | bool) or data is None or callable(data):
        raise UsageError(f"data is {_described(data)}; it has to be {ACCEPTED}")
    if _has_length(data) and hasattr(data, "__getitem__"):
        return (data[index] for index in range(len(data))), []
    if isinstance(data, Iterable):
        return iter(data), []
    raise UsageError(f"data is {_described(data)}; it has to be {ACCEPTED}")


def _described(data: Any) -> str:
    name = type(data).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _split_item(item: Any, number: int) -> tuple[Any, Any]:
    """(sample, label or None) of an item: x, (x,), (x, y), or a mapping with an image and a label."""
    if isinstance(item, Mapping):
        sample = next((item[key] for key in _SAMPLES if key in item), None)
        if sample is None:
            found = ", ".join(map(str, list(item)[:8]))
            raise UsageError(f"item {number} has no sample by a name such as 'image' or 'x'; it holds {found}")
        return sample, next((item[key] for key in _LABELS if key in item), None)
    if isinstance(item, tuple | list) and item and (_is_array(item[0]) or _is_picture(item[0])):
        if len(item) > 2:
            raise UsageError(f"item {number} has {len(item)} parts; (sample,) or (sample, label) are used")
        return item[0], item[1] if len(item) == 2 else None
    return item, None


def _payload(sample: Any, number: int) -> Payload:
    """A sample as an array as it is stored, or, of deeper pictures of Pillow, as the bytes of a file."""
    if _is_picture(sample):
        return _of_picture(sample)
    array = _array_of(sample, f"sample {number}")
    if array.dtype.hasobject or array.dtype.kind not in "buif" or not array.ndim:
        raise UsageError(f"sample {number} is {_described(sample)} of {array.dtype}; arrays, tensors and pictures are")
    return array


def _of_picture(picture: Any) -> Payload:
    """uint8 [H, W] or [H, W, C], so that pictures of one size make an array; PNG or TIFF bytes of other modes."""
    if picture.mode in _PLAIN_MODES and "transparency" not in picture.info:
        return np.asarray(picture)
    buffer = io.BytesIO()
    if picture.mode in ("I", "F"):
        picture.save(buffer, "TIFF")
    else:
        picture = picture if picture.mode in ("1", "P", "I;16", "RGBA") else picture.convert("RGB")
        picture.save(buffer, "PNG")
    return buffer.getvalue()


def _of_payloads(samples: Sequence[Payload], labels: Any, name: str, options: DataOptions) -> PictureSource:
    """Pictures of several sizes, or encoded."""
    payloads = [_channels_first(sample) if isinstance(sample, np.ndarray) else sample for sample in samples]
    labelling = Labelling()
    if labels is not None:
        array = _label_array(labels, (len(payloads),))
        labelling = read_labels(Values("'labels'", array.load(), array.shape, len(payloads)), None, options.labels)
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


def _plain_label(label: Any, number: int) -> Any:
    array = _array_of(label, f"label {number}") if not isinstance(label, str) else np.asarray(label)
    return array.item() if array.ndim == 0 else array


def _label_array(labels: Any, shape: tuple[int, ...]) -> MemoryArray:
    """Labels [M] or [M, K] that were handed over beside samples [M, ...]."""
    values = labels.to_numpy() if _is_frame(labels) else _array_of(labels, "labels")
    if values.dtype.hasobject:
        values = np.array([str(value) for value in values.reshape(-1)]) if values.ndim else values
    if values.ndim == 0 or len(values) != shape[0]:
        raise DataError(f"labels {list(values.shape)} do not go with {shape[0]:,} samples: one label each is needed")
    return MemoryArray("labels", values)


def _noted(source: PictureSource | NumberSource, notes: Sequence[str]) -> PictureSource | NumberSource:
    return dataclasses.replace(source, notes=(*source.notes, *notes)) if notes else source


__all__ = ["ACCEPTED", "is_memory", "memory_name", "source_of_memory"]

"""What an object is that was handed over as data, by the name of its class's module: nothing is imported for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import DataError, UsageError

_PLAIN_SAMPLERS = (
    "SequentialSampler",
    "RandomSampler",
    "DistributedSampler",
    "BatchSampler",
    "_InfiniteConstantSampler",
)
"""of torch, which draw every sample of a data set"""


def inherits(value: object, module: str, name: str) -> bool:
    """True if a class of this name in this module is among the types of a value."""
    return any(kind.__module__.startswith(module) and kind.__name__ == name for kind in type(value).__mro__)


def is_array(value: object) -> bool:
    """True for arrays and tensors, and for what gives itself as an array of a shape, such as xarray's and jax's."""
    if isinstance(value, np.ndarray | memoryview) or inherits(value, "torch", "Tensor"):
        return True
    return all(hasattr(value, each) for each in ("__array__", "shape", "dtype")) and not isinstance(value, type)


def is_picture(value: object) -> bool:
    return inherits(value, "PIL", "Image")


def need_plain_loader(loader: Any) -> None:
    """Refuses a DataLoader of torch that chooses samples, or makes them, by code that training does not run.

    Raises:
        UsageError: one line, with what to hand over.
    """
    for what in ("sampler", "batch_sampler"):
        found = getattr(loader, what, None)
        if found is not None and type(found).__name__ not in _PLAIN_SAMPLERS:
            raise UsageError(
                f"the DataLoader chooses samples by its {what}, {described(found)}, which training does not use: "
                "hand over torch.utils.data.Subset(dataset, indices) of these, or all samples: data=loader.dataset"
            )
    collate: Any = getattr(loader, "collate_fn", None)
    if collate is not None and not str(getattr(collate, "__module__", "")).startswith("torch."):
        raise UsageError(
            "the DataLoader makes batches by a collate_fn of its own, which training does not use: do its work in the "
            "data set's __getitem__, or hand over samples as they are there: data=loader.dataset"
        )


def array_of(value: Any, title: str) -> NDArray[Any]:
    """An array or a tensor as an array; only a tensor on another device, or in bfloat16, is copied."""
    if isinstance(value, np.ndarray):
        masked = int(np.ma.getmaskarray(value).sum()) if isinstance(value, np.ma.MaskedArray) else 0
        if masked:
            raise DataError(f"{title} has {masked:,} masked numbers: fill them, or leave out these samples")
        return np.asarray(value)
    if inherits(value, "torch", "Tensor"):
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


def described(data: Any) -> str:
    name = type(data).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"

"""Networks as feature extractors: inference over blocks of images, hashes and a cache of weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.features.base import Extracted
from steadygan.metrics.arrays import Images, blocks
from steadygan.system.cache import cache_folder, explained, locked
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Weights(NamedTuple):
    """A network's state dict, and facts for the record."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]
    """JSON-able"""


def hash_of(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and bytes, in the order of the names."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu()
        digest.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def extract(
    network: Callable[[Tensor], tuple[Tensor, Tensor | None]],
    images: Images,
    size: int,
    device: str | torch.device,
    name: str,
) -> Extracted:
    """Features and probabilities of images by a network, ``size`` at a time, in float32.

    Args:
        network: uint8 images [n, C, H, W] on the device -> features [n, width] and logits [n, classes] or None
        images: uint8 [N, C, H, W]
        size: of a block
        device: of the network
        name: of the extractor, for errors

    Raises:
        UsageError: features that are not finite.
    """
    import torch

    features: NDArray[np.float32] | None = None
    probabilities = None
    start = 0
    with torch.inference_mode(), float32(device):
        for block in blocks(images, size):
            # a copy, as torch refuses read-only memory maps
            vectors, logits = network(torch.from_numpy(np.array(block)).to(device))
            part = slice(start, start + len(block))
            if features is None:
                features = np.empty((len(images), vectors.shape[1]), np.float32)
            features[part] = vectors.float().cpu().numpy()
            if logits is not None:
                if probabilities is None:
                    probabilities = np.empty((len(images), logits.shape[1]))
                probabilities[part] = logits.double().softmax(dim=1).cpu().numpy()
            if not np.isfinite(features[part]).all():
                raise UsageError(f"features '{name}' are not finite for one of the images {start} to {part.stop - 1}")
            start = part.stop
    assert features is not None, "check_images has refused to work on no images"
    return Extracted(features, probabilities)


@contextmanager
def float32(device: str | torch.device) -> Iterator[None]:
    """Full float32 inside: no autocast, and on a GPU neither TF32 nor kernels chosen by speed."""
    import torch

    kind = torch.device(device).type
    with torch.autocast(kind, enabled=False):
        if kind != "cuda":
            yield
            return
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = False
        try:
            with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
                yield
        finally:
            torch.backends.cuda.matmul.allow_tf32 = before


def weights_file(name: str, cache: str | None) -> Path:
    """The weights' file in the cache; ``name`` is KIND-KEY with a key of 32 hexadecimal digits."""
    return cache_folder(cache) / "features" / f"{name}.safetensors"


def cached_weights(path: Path, compute: Callable[[], Weights]) -> Weights:
    """Weights from a file in the cache; computed and written if it is missing or damaged.

    Processes that want the same weights wait for the first, so that all see the same ones.

    Raises:
        RunError: the cache cannot be written.
    """
    with explained(path.parent, what="weights"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".lock").open("ab").close()
    with locked(path.with_suffix(".lock")):
        weights = read_weights(path)
        if weights is None:
            weights = compute()
            write_weights(path, weights)
    return weights


def write_weights(path: Path, weights: Weights) -> None:
    """Write a safetensors file, atomically and durably.

    Raises:
        RunError: it cannot be written.
    """
    from safetensors.torch import save

    metadata = {"identity": hash_of(weights.tensors), "facts": json.dumps(weights.facts)}
    content = save({name: value.contiguous() for name, value in weights.tensors.items()}, metadata)
    with written_aside(path, durable=True) as aside:
        aside.write_bytes(content)


def read_weights(path: Path) -> Weights | None:
    """Weights that ``write_weights`` wrote; None if the file is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(metadata["facts"])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return Weights(tensors, facts) if metadata.get("identity") == hash_of(tensors) else None

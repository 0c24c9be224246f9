"""Features of any torch module of the user's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from steadygan.errors import UsageError, nearest, unknown_name
from steadygan.features.base import Extracted
from steadygan.features.neural import extract, hash_of
from steadygan.metrics.arrays import Images
from steadygan.metrics.pyramids import block_size, check_images

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Pixels = Literal["[-1,1]", "[0,1]", "uint8"]

_BLOCK = 100


@dataclass(eq=False)
class ModuleFeatures:
    """Outputs of a torch module as features; made by ``module_features``, which explains the options."""

    module: nn.Module
    name: str
    size: int | None
    pixels: Pixels
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    output: str | None
    _width: int | None = None

    @property
    def identity(self) -> str:
        """Hash of the weights as they are now, of the class's name and of the options; not of the module's code."""
        import torch

        kind = type(self.module)
        options = (self.size, self.pixels, self.mean, self.std, self.output)
        state = self.module.state_dict().items()
        weights = hash_of({name: value for name, value in state if isinstance(value, torch.Tensor)})
        return hashlib.sha256(f"{kind.__module__}.{kind.__qualname__} {options} {weights}".encode()).hexdigest()

    @property
    def width(self) -> int:
        """Features an image.

        Raises:
            UsageError: before the first images, where ``module_features`` was not told their shape.
        """
        if self._width is None:
            raise UsageError(f"the width of '{self.name}' is not known before its first images: give it their shape")
        return self._width

    @property
    def facts(self) -> dict[str, Any]:
        kind = type(self.module)
        return {
            "module": f"{kind.__module__}.{kind.__qualname__}",
            "resize": "none" if self.size is None else f"antialiased bicubic to {self.size}",
            "pixels": self.pixels,
            "mean": self.mean,
            "std": self.std,
            "output": self.output,
            "precision": "fp32",
        }

    def __call__(self, images: Images) -> Extracted:
        """Features [N, width], and probabilities [N, classes] where the module gives logits, of images uint8.

        Raises:
            UsageError: images that the module does not take, or an answer that is not one finite row an image.
        """
        check_images(images)
        channels = images.shape[1]
        if self.mean is not None and len(self.mean) not in (1, channels):
            raise UsageError(f"'{self.name}' has a mean of {len(self.mean)} channels; the images have {channels}")
        with _in_eval_mode(self.module):
            extracted = extract(self._forward, images, min(_BLOCK, block_size(images)), _device(self.module), self.name)
        self._width = extracted.features.shape[1]
        return extracted

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        inputs = self._preprocessed(images)
        try:
            with _output_of(self.module, self.output) as outputs:
                output = self.module(inputs)
        except Exception as error:  # whatever a user's code raises
            shape = list(inputs.shape[1:])
            raise UsageError(f"'{self.name}' fails on images {shape}: {one_line(error)}") from error
        if self.output is not None:
            if not outputs:
                raise UsageError(f"'{self.name}' has not used its part '{self.output}'")
            output = outputs[-1]
        features, *logits = (_rows(part, len(images), self.name) for part in _parts(output, self.name))
        return features, logits[0] if logits else None

    def _preprocessed(self, images: Tensor) -> Tensor:
        from torch.nn.functional import interpolate

        values = images
        if self.size is not None and images.shape[-2:] != (self.size, self.size):
            small = interpolate(images.float(), (self.size, self.size), mode="bicubic", antialias=True)
            values = small.round().clamp(0, 255).byte()
        if self.pixels == "uint8":
            return values
        values = values.float() / 255
        if self.pixels == "[-1,1]":
            return values * 2 - 1
        if self.mean is not None and self.std is not None:
            mean, std = (values.new_tensor(numbers)[:, None, None] for numbers in (self.mean, self.std))
            values = (values - mean) / std
        return values


def module_features(
    module: nn.Module,
    name: str,
    *,
    shape: tuple[int, ...] | None = None,
    size: int | None = None,
    pixels: Pixels | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    output: str | None = None,
) -> ModuleFeatures:
    """Features of any torch module: its output for images, in eval mode and float32, on the module's device.

    A module gives [N, width], or a pair of such and of class logits [N, classes]. Feature maps [N, C, H, W] are
    averaged over positions, other shapes flattened.

    Args:
        module: takes images [N, C, H, W]
        name: for the record
        shape: (C, H, W) of the images: the module is tried on two at once, and its width is known
        size: images are brought to size x size by antialiased bicubic interpolation; None: left as they are
        pixels: '[-1,1]' (the default), '[0,1]' (the default with a mean), or 'uint8' from 0 to 255
        mean: of channels, subtracted from pixels in [0, 1]; with ``std``
        std: of channels, divided by
        output: a submodule whose output is taken, as ``module.named_modules()`` calls it; None: the module's own

    Raises:
        UsageError: options that contradict each other, an unknown submodule, or a module that fails on ``shape``.
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise UsageError(f"features '{name}' are a {type(module).__name__}; a torch.nn.Module is needed")
    if (mean is None) != (std is None):
        raise UsageError(f"features '{name}': mean and std go together")
    if pixels is None:
        pixels = "[-1,1]" if mean is None else "[0,1]"
    if pixels not in get_args(Pixels):
        raise unknown_name("range of pixels", str(pixels), get_args(Pixels))
    if mean is not None and pixels != "[0,1]":
        raise UsageError(f"features '{name}': a mean is of pixels in [0,1]; got pixels '{pixels}'")
    means, stds = (None if numbers is None else tuple(float(each) for each in numbers) for numbers in (mean, std))
    if means and stds and (len(means) != len(stds) or min(stds) <= 0):
        raise UsageError(f"features '{name}': std is {list(stds)}; it needs a number above 0 for each of the mean's")
    if size is not None and size < 1:
        raise UsageError(f"features '{name}': size is {size}; it has to be 1 or more")
    if output is not None:
        submodules = [submodule for submodule, _ in module.named_modules() if submodule]
        if output not in submodules:
            raise UsageError(f"'{name}' has no part '{output}'{nearest(output, submodules)}")
    features = ModuleFeatures(module, name, size, pixels, means, stds, output)
    if shape is not None:
        features(np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8))
    return features


@contextmanager
def _in_eval_mode(module: nn.Module) -> Iterator[None]:
    """All submodules in eval mode, and each as it was afterwards."""
    before = [(submodule, submodule.training) for submodule in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for submodule, training in before:
            submodule.training = training


@contextmanager
def _output_of(module: nn.Module, submodule: str | None) -> Iterator[list[Any]]:
    """A list that fills with the outputs of a submodule."""
    outputs: list[Any] = []
    if submodule is None:
        yield outputs
        return

    def keep(_: nn.Module, __: Any, result: Any) -> None:
        # a copy, as the next layer may work in place
        outputs.append(result.clone() if hasattr(result, "clone") else result)

    handle = module.get_submodule(submodule).register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


def _device(module: nn.Module) -> torch.device:
    import torch

    tensor = next(chain(module.parameters(), module.buffers()), None)
    return torch.device("cpu") if tensor is None else tensor.device


def _parts(output: Any, name: str) -> tuple[Tensor, ...]:
    """Features, and logits if there are some."""
    import torch

    parts = tuple(output) if isinstance(output, tuple | list) else (output,)
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, torch.Tensor) for part in parts):
        kinds = ", ".join(type(part).__name__ for part in parts)
        raise UsageError(f"'{name}' gives ({kinds}); features are a tensor, or a pair with logits")
    return parts


def _rows(tensor: Tensor, count: int, name: str) -> Tensor:
    if tensor.ndim == 0 or len(tensor) != count:
        raise UsageError(f"'{name}' gives {list(tensor.shape)} for {count} images; it has to be one row an image")
    if tensor.ndim == 4:
        return tensor.float().mean(dim=(2, 3))
    return tensor.float().reshape(count, -1)


def one_line(error: Exception) -> str:
    """An exception of a user's code, for a message."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"

"""Whether an exported generator makes the samples that PyTorch makes, on fixed latents."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from steadygan.errors import UsageError
from steadygan.export.generator import ExportedGenerator, Inputs, fixed_inputs
from steadygan.export.values import Characters, Levels, Numbers
from steadygan.types import has_alpha

if TYPE_CHECKING:
    from steadygan.run import Run

LIMIT = 1e-4
"""largest difference that is allowed, as a share of the samples' range"""
COUNTS = ((8, 1.0), (3, 0.7))
"""latents of a batch, and the truncation: two sizes, since the batch is dynamic"""


def parity(run: Run, module: ExportedGenerator, exported: Callable[[Inputs], Tensor], what: str) -> float:
    """The largest difference of an export from PyTorch, as a share of the samples' range.

    Args:
        run: whose latents of seed 0 are taken
        module: PyTorch's
        exported: inputs by name -> samples, by the export
        what: the export, for the error

    Raises:
        UsageError: one line, for a difference beyond ``LIMIT``.
    """
    largest = 0.0
    for count, truncation in COUNTS:
        inputs = fixed_inputs(run, module, count, truncation)
        largest = max(largest, difference(module, inputs, exported(inputs)))
    if not largest <= LIMIT:
        raise UsageError(
            f"{what} differs from PyTorch by {largest:.2g} of the samples' range, and {LIMIT:g} is allowed: it was not "
            "written; an operation of this generator is translated wrongly"
        )
    return largest


def difference(module: ExportedGenerator, inputs: Inputs, made: Tensor) -> float:
    """The largest difference of samples from PyTorch's, as a share of the range: 255 levels, or that of the data.

    Of text: how much less likely a character is, to PyTorch, than the likeliest one. Where the level of alpha is
    rounded to different sides, colours below it are not compared. Infinite for numbers that are not finite.
    """
    with torch.no_grad():
        expected = module(**inputs)
        if made.shape != expected.shape or made.dtype != expected.dtype:
            return math.inf
        if isinstance(module.values, Characters):
            likely = module.samples(**inputs)
            gaps = likely.amax(1) - likely.gather(1, made[:, None])[:, 0]
        else:
            gaps = (made.double() - expected.double()).abs() / _range(module.values, expected)
            if isinstance(module.values, Levels):
                gaps = gaps * _comparable(module.values, made, expected)
            if isinstance(module.values, Numbers) and module.values.scaled:  # a step of float32 may exceed 1e-4 of it
                step = torch.finfo(torch.float32).eps * expected.double().abs() / _range(module.values, expected)
                gaps = (gaps - step).clamp(min=0.0)
    return float(gaps.max()) if torch.isfinite(gaps).all() else math.inf


def _range(values: torch.nn.Module, expected: Tensor) -> Tensor:
    if isinstance(values, Levels):
        return torch.tensor(255.0, dtype=torch.float64)
    if isinstance(values, Numbers) and values.scaled:
        return torch.where(values.scales == 0, 1.0, 2.0 * values.scales.abs())
    wide = expected.double()
    size = torch.maximum(wide.max() - wide.min(), wide.abs().max())
    return torch.where(size == 0, 1.0, size)


def _comparable(values: Levels, made: Tensor, expected: Tensor) -> Tensor:
    """1 for numbers that are compared: all, but for colours over an alpha that is rounded to different sides."""
    compared = torch.ones_like(expected)
    if values.over_white and has_alpha(expected.shape[1]):
        compared[:, :-1] = (made[:, -1:].round() == expected[:, -1:].round()).to(compared.dtype)
    return compared

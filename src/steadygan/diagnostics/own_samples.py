"""Latents and samples of a loop of one's own: tensors, functions that draw them, datasets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from steadygan.diagnostics.own_datasets import Kept, is_dataset, kept
from steadygan.diagnostics.own_draws import Given, drawn, is_stored, parts_of
from steadygan.diagnostics.own_scales import Form
from steadygan.diagnostics.real_side import SAMPLES
from steadygan.errors import UsageError
from steadygan.types import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn

LEAST = 16
"""samples, latents"""


@dataclass(frozen=True, eq=False)
class OwnSamples:
    """Latents and samples of a loop of one's own, by tensors or by functions that draw them."""

    latents: Tensor | Callable[[int], Tensor]
    """[N, ...], or a function of their number"""
    real: Given
    """training samples [M, ...], or a function of their number; a list of images by scale where the generator gives
    one, or the finest alone"""
    held_out: Given = None
    labels: Tensor | None = None
    held_out_labels: Tensor | None = None
    form: Form = Form()
    """of samples, as the generator gives them"""
    fixed: Tensor | None = None
    """the latents that are followed, where a function draws them"""
    dataset: Kept | None = None
    """that ``real`` is of, if some samples of one were read"""

    def __post_init__(self) -> None:
        if isinstance(self.latents, list | tuple):
            raise UsageError("latents is a list; allowed: a tensor [N, ...], or a function of N")
        for name in ("latents", "real"):
            given = getattr(self, name)
            if not is_stored(given) and not callable(given):
                raise UsageError(
                    f"{name} is {type(given).__name__}; allowed: a tensor [N, ...], {_also(name)}a function of N"
                )
        for name in ("latents", "real", "held_out"):
            for scale in parts_of(getattr(self, name)):
                if scale.dim() < 2 or len(scale) < LEAST:
                    raise UsageError(f"{name} has shape {list(scale.shape)}; needed: [N, ...], N from {LEAST}")
        if self.held_out is not None and not is_stored(self.held_out):
            raise UsageError(
                f"held_out is {type(self.held_out).__name__}; allowed: a tensor [N, ...], a Dataset or DataLoader"
            )
        for name, samples in (("labels", self.real), ("held_out_labels", self.held_out)):
            given = getattr(self, name)
            if given is None:
                continue
            if not isinstance(given, torch.Tensor):
                raise UsageError(f"{name} is {type(given).__name__}; needed: a tensor [N] of int64")
            if not is_stored(samples) or given.shape != parts_of(samples)[0].shape[:1]:
                got = list(parts_of(samples)[0].shape) if is_stored(samples) else type(samples).__name__
                raise UsageError(f"{name} has shape {list(given.shape)} for samples {got}; needed: one for each")
        if self.labels is not None and self.held_out is not None and self.held_out_labels is None:
            raise UsageError("held_out_labels is missing; needed: a label for each held-out sample, as for real ones")

    @property
    def total(self) -> int | None:
        """Training samples in all; None if they are drawn."""
        return self.count if self.dataset is None else self.dataset.total

    @property
    def count(self) -> int | None:
        """Training samples at hand; None if they are drawn."""
        return len(parts_of(self.real)[0]) if is_stored(self.real) else None

    def draw_latents(self, round_: int, count: int) -> Tensor:
        """Latents [count, ...]; of round 0 fixed ones, the first of a tensor, whose others are taken in turn."""
        given = self.latents if round_ or self.fixed is None else self.fixed
        if not isinstance(given, torch.Tensor):
            found = drawn(given, count, 2 * round_)
            if not isinstance(found, torch.Tensor):
                raise UsageError(f"the function that draws latents gave {type(found).__name__}; needed: a tensor")
            return found
        if round_ == 0:
            return given[torch.arange(count, device=given.device) % len(given)].detach()
        return given[_rows(len(given), count, round_).to(given.device)].detach()

    def draw(self, round_: int, count: int) -> Batch:
        """Training samples [count, ...] with their labels; fewer where there are no more."""
        if self.count is None:
            return Batch(self.form.sample(drawn(self.real, count, 2 * round_ + 1), "real"))
        return self._of_rows(self.real, self.labels, _rows(self.count, min(count, self.count), round_), "real")

    def held_out_samples(self) -> Batch | None:
        """Held-out samples, chosen once."""
        if self.held_out is None:
            return None
        available = len(parts_of(self.held_out)[0])
        rows = _rows(available, min(SAMPLES, available), 0)
        return self._of_rows(self.held_out, self.held_out_labels, rows, "held_out")

    def _of_rows(self, given: Given, labels: Tensor | None, rows: Tensor, what: str) -> Batch:
        parts = [scale[rows.to(scale.device)].detach() for scale in parts_of(given)]
        samples = self.form.sample(parts[0] if isinstance(given, torch.Tensor) else parts, what)
        return Batch(samples, None if labels is None else labels[rows.to(labels.device)])


def own_samples(
    latents: Tensor | Callable[[int], Tensor],
    real: Given,
    held_out: Given,
    labels: Tensor | bool | None,
    held_out_labels: Tensor | None,
    network: nn.Module,
) -> OwnSamples:
    """Latents and samples as ``Monitor`` takes them; some of a dataset or loader are read.

    Raises:
        UsageError: one line, for what cannot be used.
    """
    dataset, labelled = None, labels is True
    of_real = None if isinstance(labels, bool) else labels
    if is_dataset(real):
        if of_real is not None:
            raise UsageError(
                f"labels is {type(of_real).__name__} beside a dataset, of which some are read; needed: True"
            )
        dataset = kept(real, "real", network, labelled=labelled, few=False)
        real, of_real = dataset.samples, dataset.labels
    elif labelled:
        raise UsageError(f"labels is True, and real is {type(real).__name__}; allowed: for a Dataset or DataLoader")
    if is_dataset(held_out):
        others = kept(held_out, "held_out", network, labelled=labelled, few=True)
        held_out, held_out_labels = others.samples, others.labels
    return OwnSamples(latents, real, held_out, of_real, held_out_labels, dataset=dataset)


def _also(name: str) -> str:
    return "a Dataset or DataLoader, or " if name == "real" else "or "


def _rows(available: int, count: int, seed: int) -> Tensor:
    """``count`` rows of so many, each at most once more often than another."""
    order = torch.randperm(available, generator=torch.Generator().manual_seed(seed))
    return order.repeat(-(-count // available))[:count]

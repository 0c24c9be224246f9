"""What a page knows of its generator: prior, directions, classes, and samples of fixed latents to compare with."""

from __future__ import annotations

import base64
import gzip
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError
from steadygan.export.page.directions import principal_directions
from steadygan.priors import Normal, PriorLike, TruncatedNormal, Uniform
from steadygan.system.words import byte_size, counted

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.export.generator import ExportedGenerator
    from steadygan.run import Run

CHECKED = 4
"""latents whose samples the page compares with Python's"""
BANK = 1024
"""latents that a page holds of a prior of the user's own, which it cannot draw from"""
EXTENT = 2000
"""points by which the axes are chosen"""
LARGEST = 200 * 2**20
"""bytes of a model that a browser still opens from a page"""


def kind_of(run: Run) -> str:
    """What a page shows of a run: image, points or text.

    Raises:
        UsageError: for samples that a page has no way to show.
    """
    spec = run.sample_spec
    if spec.is_picture or spec.is_text or (spec.is_points and spec.shape == (2,)):
        return spec.kind
    made = f"points of {counted(spec.shape[0], 'number')}" if spec.is_points else spec.plural
    raise UsageError(
        f"a page shows pictures, points of 2 numbers and text, but {run.folder} makes {made}: export it --to onnx"
    )


def contents(run: Run, module: ExportedGenerator, model: bytes, facts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The object that the page's code calls GENERATOR.

    Args:
        run: whose generator it is
        module: the generator that the model was made of
        model: the ONNX file
        facts: lines for people, by name

    Raises:
        UsageError: for samples that a page cannot show, and for a model that is too large for one.
    """
    kind = kind_of(run)
    if len(model) > LARGEST:
        sizes = f"{byte_size(len(model))}, and a page holds up to {byte_size(LARGEST)}"
        raise UsageError(f"the model takes {sizes}: export it --to onnx")
    directions = principal_directions(run, module)
    shape = run.sample_spec.shape
    return {
        "name": slug_of(run),
        "kind": kind,
        "shape": [shape[1]] if kind == "text" else list(shape),
        "classes": class_names(run, module),
        "truncation": truncation_of(run, module),
        "prior": prior_facts(run),
        "directions": {"values": packed_floats(directions.vectors), "shares": list(directions.shares)},
        "check": _checked(run, module),
        "alphabet": _alphabet(run),
        "extent": _extent(run, module) if kind == "points" else None,
        "facts": [list(line) for line in facts],
        "onnx": base64.b64encode(gzip.compress(model, 9, mtime=0)).decode(),
    }


def packed_floats(numbers: Tensor) -> str:
    """float32 numbers, little-endian, as base64."""
    return base64.b64encode(numbers.detach().float().contiguous().numpy().astype("<f4").tobytes()).decode()


def data_name(run: Run) -> str:
    """The last part of the data's path or name."""
    return Path(str(run.recipe.data.source)).name or str(run.recipe.data.source)


def slug_of(run: Run) -> str:
    """A name for files that the page saves."""
    words = re.findall(r"[a-z0-9]+", f"{data_name(run)} {run.recipe.name}".lower())
    return "-".join(words)[:60] or "samples"


def class_names(run: Run, module: ExportedGenerator) -> list[str]:
    """The names of the classes that the generator can be asked for; [] if it takes none."""
    if not module.conditional:
        return []
    return list(run.class_names) or [str(number) for number in range(run.sample_spec.classes)]


def truncation_of(run: Run, module: ExportedGenerator) -> str | None:
    """What the page truncates: styles, inside of the model, or latents of a normal prior, or nothing."""
    if module.truncates:
        return "styles"
    return "latents" if isinstance(run.recipe.prior, Normal | TruncatedNormal) else None


def prior_facts(run: Run) -> dict[str, Any]:
    """The prior as the page draws from it: its kind, size, threshold, and standard deviation of a coordinate."""
    prior: PriorLike = run.recipe.prior
    if isinstance(prior, Normal):
        return {"kind": "normal", "size": prior.size, "deviation": 1.0}
    if isinstance(prior, TruncatedNormal):
        deviation = truncated_deviation(prior.threshold)
        return {"kind": "normal", "size": prior.size, "threshold": prior.threshold, "deviation": deviation}
    if isinstance(prior, Uniform):
        return {"kind": "uniform", "size": prior.size, "deviation": math.sqrt(1 / 3)}
    bank = run.latents(BANK, seed=0)
    return {"kind": "drawn", "size": prior.size, "bank": packed_floats(bank), "deviation": float(bank.std())}


def truncated_deviation(threshold: float) -> float:
    """The standard deviation of N(0, 1) within a threshold t: sqrt(1 - 2 t φ(t) / (2 Φ(t) - 1))."""
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(max(0.0, 1 - 2 * threshold * density / math.erf(threshold / math.sqrt(2))))


def _checked(run: Run, module: ExportedGenerator) -> dict[str, Any]:
    latents, labels = run.latents(CHECKED, seed=1), run.labels(CHECKED, seed=1)
    samples = made_by(module, latents, labels)
    numbers = [0] * CHECKED if labels is None else labels.tolist()
    return {"latents": packed_floats(latents), "labels": numbers, "samples": packed_floats(samples)}


def made_by(module: ExportedGenerator, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Samples of latents [N, size], without truncation."""
    import torch

    with torch.no_grad():
        made: Tensor = module(latents, labels if module.conditional else None)
    return made


def _alphabet(run: Run) -> dict[str, Any] | None:
    alphabet = run.alphabet
    return None if alphabet is None else {"characters": list(alphabet.characters), "padding": alphabet.padding}


def _extent(run: Run, module: ExportedGenerator) -> list[list[float]]:
    """The least and the largest number of each axis: those of samples, less the outermost, with a margin."""
    import numpy as np

    points = made_by(module, run.latents(EXTENT), run.labels(EXTENT)).numpy()
    low, high = np.quantile(points, (0.002, 0.998), axis=0)
    middle, reach = (low + high) / 2, max(float((high - low).max()) * 0.6, 1e-6)
    return [[float(x - reach) for x in middle], [float(x + reach) for x in middle]]

"""The scores in a critic's output: which part is the score, and what patch maps and scales of it mean.

A critic's output for N samples, as losses and penalties take it:

- a tensor: one score a sample [N], [N, 1] or [N, 1, 1, 1], or a map of patch scores [N, 1, h, w] (any number of
  dimensions); losses take flat patch scores [N, P] too
- a list: scales, each any of these; of a list of lists the last of each is the score (pix2pixHD's features before it)
- a tuple: the score, then anything that is no score (features, class logits); patch maps alone are scales
- a dict with ``score``, or an object with that attribute, such as ``CriticOutput``

Where more than one part could be the score, at any depth (a tuple of two critics' outputs, of two lists of scales), the
output is refused: a critic that is left out of a loss in silence learns nothing.

A scale's value is the mean over its patches, and that of several scales their mean. Scores are reduced in float32, or
float64 if they are; gradients go back in their own dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.checks import finite
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

Scores: TypeAlias = "Tensor | list[Any] | tuple[Any, ...] | Mapping[str, Any]"
"""A critic's output, or an object with an attribute ``score``."""

_ALLOWED = "one score a sample [N] or [N, 1], a patch map [N, 1, h, w], or a list of these (scales)"


def widened(tensor: Tensor) -> Tensor:
    """The tensor in float32, or in float64 if it is."""
    import torch

    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def score_maps(output: Any, what: str = "scores", count: int | None = None) -> tuple[Tensor, ...]:
    """The scores of each scale, [N] or [N, *map] without dimensions of 1, in float32 or float64.

    Args:
        output: of a critic
        what: the name of the scores in errors
        count: N, where it is known: then flat patch scores [N, P], which may be class logits, are refused

    Raises:
        UsageError: one line, for another form, shape or dtype.
    """
    score = score_in(output, what)
    if isinstance(score, list | tuple):
        if not score:
            raise UsageError(f"{what} are an empty {type(score).__name__}; allowed: {_ALLOWED}")
        entries = [_last(entry, what) for entry in score]
        flat = [entry.dim() == 2 and entry.shape[1] != 1 for entry in entries]
        if any(flat) and not all(flat):
            shapes = ", ".join(str(list(entry.shape)) for entry in entries)
            raise UsageError(f"{what} of shapes {shapes} in one list; allowed: scales alone, without features")
        return tuple(_map(entry, what, count, in_list=True) for entry in entries)
    return (_map(score, what, count),)


def score_in(output: Any, what: str = "scores") -> Any:
    """The score in a critic's output: a tensor, or a list or tuple of scales."""
    import torch

    if isinstance(output, torch.Tensor | list):
        return output
    if isinstance(output, Mapping):
        if "score" not in output:
            raise UsageError(f"{what} are a dict with {_names(output)}; needed: 'score', or pass the tensor itself")
        return score_in(output["score"], what)
    if hasattr(output, "score"):
        return score_in(output.score, what)
    if isinstance(output, tuple) and output:
        return _of_tuple(output, what)
    return output


def scale_mean(function: Callable[..., Tensor], *maps: tuple[Tensor, ...]) -> Tensor:
    """The mean over scales of a function of each scale's maps."""
    values = [function(*of_scale) for of_scale in zip(*maps, strict=True)]
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total if len(values) == 1 else total / len(values)


def both_score_maps(real: Any, fake: Any) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The scores of each scale on real samples, and on fakes; their numbers of samples may differ.

    Raises:
        UsageError: if they have different numbers of scales.
    """
    reals, fakes = score_maps(real, "real scores"), score_maps(fake, "fake scores")
    if len(reals) != len(fakes):
        raise UsageError(f"real scores have {len(reals)} scales, fake scores {len(fakes)}; needed: as many of both")
    return reals, fakes


def paired_score_maps(real: Any, fake: Any) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """As ``both_score_maps``, for losses that compare real with fake scores one by one.

    Raises:
        UsageError: if shapes differ; they are never broadcast.
    """
    reals, fakes = both_score_maps(real, fake)
    for x, g in zip(reals, fakes, strict=True):
        if x.shape != g.shape:
            raise UsageError(
                f"real scores have shape {list(x.shape)}, fake scores {list(g.shape)}; "
                "a loss of pairs needs equal ones: as many fakes as real samples"
            )
    return reals, fakes


def finite_number(value: Any, what: str) -> bool:
    """True for a finite number, False for a tensor of no dimensions; refuses others, which would be broadcast."""
    if hasattr(value, "dim"):
        single_number(value, what)
        return False
    finite(what, value)
    return True


def single_number(value: Tensor | float, what: str) -> Tensor | float:
    """The value; raises UsageError unless it is a number or a tensor with no dimensions."""
    shape = list(getattr(value, "shape", ()))
    if shape:
        raise UsageError(f"{what} has shape {shape}; allowed: a number, or a tensor of shape []")
    return value


_BOUNDED = {
    "SigmoidBackward": "sigmoid",
    "HardsigmoidBackward": "hard sigmoid",
    "LogSigmoidBackward": "log sigmoid",
    "TanhBackward": "tanh",
    "HardtanhBackward": "hard tanh",
    "SoftmaxBackward": "softmax",
    "LogSoftmaxBackward": "log softmax",
    "ClampBackward": "clamp",
}
"""functions with a bound, by the name of their backward"""
_PASSED = (
    *("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Select", "Slice", "Unbind", "Split", "Alias"),
    *("Permute", "Transpose", "T", "Expand", "Cat", "Stack", "Clone", "ToCopy", "Mean", "Sum", "Amax"),
)
"""what may follow them: other shapes and types, and the joining of patches"""


def bounded_by(score: Tensor) -> str | None:
    """The function that bounds a critic's scores, such as 'sigmoid', by the graph of a score; None for raw scores.

    Losses of this package take raw scores: what a sigmoid before them makes is a second one, and a critic that cannot
    give high scores has no Wasserstein distance. Sums of patches, views and types after the function are looked
    through. A graph of a compiled network is not seen.

    Args:
        score: of any shape, with a graph
    """
    node = score.grad_fn
    while node is not None:
        name = node.name().rstrip("0123456789")
        if name in _BOUNDED:
            return _BOUNDED[name]
        if name.removesuffix("Backward") not in _PASSED or not node.next_functions:
            return None
        node = node.next_functions[0][0]
    return None


def _of_tuple(output: tuple[Any, ...], what: str) -> Any:
    first, *others = output
    if not any(_holds_scores(other) or _of_patches(first, other) for other in others):
        return score_in(first, what)
    maps = [each for each in output if _is_score(each) and each.dim() > 2]
    sizes = [each.numel() // max(1, len(each)) for each in maps]
    if len(maps) < len(output) or any(after > before for before, after in pairwise(sizes)):
        raise UsageError(
            f"{what} are a tuple of {', '.join(map(_form, output))}, of which several may be scores; "
            "return a list if they are scales, else a dict with 'score', or pass the score alone"
        )
    return list(output)


def _holds_scores(value: Any) -> bool:
    """True if a value alone would be taken for scores: also an output of one critic, or a list of nothing but scales.

    Lists of features are none, whose last entry may be a score (HiFi-GAN's maps).
    """
    if isinstance(value, list):
        return bool(value) and all(map(_holds_scores, value))
    if isinstance(value, Mapping):
        return "score" in value
    if isinstance(value, tuple) and not hasattr(value, "score"):
        return bool(value) and _holds_scores(value[0])
    return _is_score(value) or hasattr(value, "score")


def _is_score(value: Any) -> bool:
    """True for tensors [N], [N, 1] and [N, 1, ...] of real numbers."""
    import torch

    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return False
    return value.dim() == 1 or (value.dim() > 1 and value.shape[1] == 1)


def _of_patches(first: Any, other: Any) -> bool:
    """True if both are [N, P], or lists of these, of which losses take each for patch scores (HiFi-GAN's critics)."""
    return _is_flat(first) and _is_flat(other)


def _is_flat(value: Any) -> bool:
    import torch

    if isinstance(value, list):
        return bool(value) and all(map(_is_flat, value))
    is_tensor = isinstance(value, torch.Tensor) and value.is_floating_point()
    return is_tensor and value.dim() == 2 and value.shape[1] != 1


def _last(entry: Any, what: str) -> Tensor:
    """The score of an entry of a list: of a list the last, of other forms as of a critic's output."""
    if isinstance(entry, list) and entry:
        *before, score = entry
        if any(_holds_scores(each) or _of_patches(score, each) for each in before):
            raise UsageError(
                f"{what} are a list with a list of {', '.join(map(_form, entry))}, of which several may be scores; "
                "of features with their score the score is the last: else make one list of all scales"
            )
        entry = score
    return _checked_tensor(score_in(entry, what), what)


def _form(value: Any) -> str:
    """The shape of a tensor, else the type."""
    return str(list(value.shape)) if hasattr(value, "shape") else f"a {type(value).__name__}"


def _checked_tensor(score: Any, what: str) -> Tensor:
    import torch

    if not isinstance(score, torch.Tensor):
        raise UsageError(f"{what} are of type {type(score).__name__}; allowed: {_ALLOWED}")
    return score


def _map(score: Any, what: str, count: int | None, *, in_list: bool = False) -> Tensor:
    score = _checked_tensor(score, what)
    shape = list(score.shape)
    of_samples = "" if count is None else f" for {count} samples"
    if not score.is_floating_point():
        raise UsageError(f"{what} have dtype {str(score.dtype).removeprefix('torch.')}; allowed: real floating point")
    if score.dim() == 0 or score.numel() == 0 or (count is not None and shape[0] != count):
        raise UsageError(f"{what} have shape {shape}{of_samples}; allowed: {_ALLOWED}")
    if score.dim() == 2 and shape[1] != 1 and count is not None:
        raise UsageError(
            f"{what} have shape {shape}{of_samples}; allowed: {_ALLOWED}; "
            f"of {shape[1]} patches in a row [N, 1, {shape[1]}]"
        )
    channels_matter = count is not None or in_list or score.dim() > 3
    if score.dim() > 2 and shape[1] != 1 and channels_matter:
        raise UsageError(f"{what} have shape {shape}{of_samples}, {shape[1]} channels; allowed: {_ALLOWED}")
    if score.dim() > 1 and 1 in shape[1:]:
        score = score.reshape(shape[0], *(size for size in shape[1:] if size != 1))
    return widened(score)


def _names(output: Mapping[str, Any]) -> str:
    return ", ".join(repr(name) for name in list(output)[:5]) or "nothing"

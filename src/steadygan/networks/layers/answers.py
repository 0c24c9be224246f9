"""Answers of a critic in any form as a CriticOutput: scores, patch maps, scales, further outputs (``own.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from steadygan.errors import UsageError, nearest
from steadygan.types import CriticOutput

_FIELDS = ("score", "class_logits", "features", "code")


def critic_output(answer: Any, count: int, *, each_patch: bool = False, classes: int = 0) -> CriticOutput:
    """The output of a critic from an answer of any of the forms above.

    Args:
        answer: of a module, for ``count`` samples
        count: N
        each_patch: keep the scores of patches beside their mean, for the loss
        classes: of the data, to check class logits

    Raises:
        UsageError: for another form.
    """
    fields = _fields(answer)
    maps = [_map(value, count) for value in _scales(fields.pop("score"))]
    if not maps:
        raise UsageError("returned an empty list; needed: one score a sample, [N]")
    means = [scores.mean(1) if scores.shape[1] > 1 else scores.squeeze(1) for scores in maps]
    score = means[0] if len(means) == 1 else torch.stack(means).mean(0)
    several = each_patch and (len(maps) > 1 or maps[0].shape[1] > 1)
    further: dict[str, Any] = {name: _field(name, value, count, classes) for name, value in fields.items()}
    return CriticOutput(score, patches=tuple(maps) if several else None)._replace(**further)


def _fields(answer: Any) -> dict[str, Any]:
    """The answer's fields by name; ``score`` is a tensor, or a list of them."""
    if isinstance(answer, CriticOutput):
        return {name: value for name in _FIELDS if (value := getattr(answer, name)) is not None}
    if isinstance(answer, Mapping):
        unknown = [str(name) for name in answer if name not in _FIELDS]
        if unknown or "score" not in answer:
            got = f"'{unknown[0]}'{nearest(unknown[0], _FIELDS)}" if unknown else "no 'score'"
            raise UsageError(f"returned a dict with {got} (known: {', '.join(_FIELDS)})")
        return {str(name): value for name, value in answer.items() if value is not None}
    if isinstance(answer, tuple) and len(answer) == 2 and not _is_score(answer[1]):
        return {"score": answer[0], "features": answer[1]}
    return {"score": answer}


def _scales(score: Any) -> list[Any]:
    if not isinstance(score, list | tuple):
        return [score]
    return [each[-1] if isinstance(each, list | tuple) and each else each for each in score]


def _is_score(value: Any) -> bool:
    """True for [N], [N, 1] and [N, 1, ...]."""
    return not isinstance(value, Tensor) or value.dim() == 1 or (value.dim() > 1 and value.shape[1] == 1)


def _map(value: Any, count: int) -> Tensor:
    """Scores [N, P] of P patches, float32 or wider."""
    if not isinstance(value, Tensor):
        raise UsageError(f"returned {form_of(value)}; needed: scores [N], [N, 1] or [N, 1, height, width]")
    fits = value.dim() >= 1 and value.shape[0] == count and _is_score(value) and value.numel() > 0
    if not fits:
        why = " (one number for the whole batch)" if value.dim() == 0 else ""
        raise UsageError(
            f"returned {list(value.shape)}{why} for {count} samples; "
            "needed: scores [N], [N, 1], a patch map [N, 1, height, width], or a list of them"
        )
    if not value.is_floating_point():
        raise UsageError(f"returned scores of {_dtype(value)}; needed: floating-point numbers")
    return wide(value.reshape(count, -1))


def _field(name: str, value: Any, count: int, classes: int) -> Tensor:
    if not isinstance(value, Tensor) or value.dim() < 2 or value.shape[0] != count:
        raise UsageError(f"returned {name} of {form_of(value)} for {count} samples; needed: [N, width]")
    if name == "class_logits" and classes and value.shape[1:] != (classes,):
        raise UsageError(f"returned class_logits {list(value.shape)}, but the data has {classes} classes")
    return wide(value.flatten(1))


def wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def form_of(value: Any) -> str:
    """What a value is, in few words."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return f"a {type(value).__name__} of {form_of(value[0])}"
    return f"a {type(value).__name__}"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

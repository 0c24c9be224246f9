"""Answers of a critic in any form as a CriticOutput: scores, patch maps, scales, further outputs (``own.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from steadygan.errors import UsageError, nearest
from steadygan.scores import score_in, score_maps, widened
from steadygan.types import CriticOutput

_FIELDS = ("score", "class_logits", "features", "code")


def critic_output(answer: Any, count: int, *, each_patch: bool = False, classes: int = 0) -> CriticOutput:
    """The output of a critic from an answer of any form: the mean over patches, and of several scales their mean.

    Args:
        answer: of a module, for ``count`` samples; ``scores.py`` has the forms of scores
        count: N
        each_patch: keep the scores of patches beside their mean, for the loss
        classes: of the data, to check class logits

    Raises:
        UsageError: for another form.
    """
    fields = _fields(answer)
    maps = tuple(scores.reshape(count, -1) for scores in score_maps(fields.pop("score"), count=count))
    means = [scores.mean(1) if scores.shape[1] > 1 else scores.squeeze(1) for scores in maps]
    score = means[0] if len(means) == 1 else torch.stack(means).mean(0)
    several = each_patch and (len(maps) > 1 or maps[0].shape[1] > 1)
    further: dict[str, Any] = {name: _field(name, value, count, classes) for name, value in fields.items()}
    return CriticOutput(score, patches=maps if several else None)._replace(**further)


def _fields(answer: Any) -> dict[str, Any]:
    """The answer's fields by name; ``score`` is a tensor, or a list of them."""
    if isinstance(answer, CriticOutput):
        return {name: value for name in _FIELDS if (value := getattr(answer, name)) is not None}
    if isinstance(answer, Mapping):
        unknown = [str(name) for name in answer if name not in _FIELDS]
        if unknown:
            hint = nearest(unknown[0], _FIELDS)
            raise UsageError(f"the answer is a dict with '{unknown[0]}'{hint} (known: {', '.join(_FIELDS)})")
        score_in(answer)  # refuses one without score
        return {str(name): value for name, value in answer.items() if value is not None}
    if isinstance(answer, tuple):
        score = score_in(answer)
        features = {"features": answer[1]} if len(answer) == 2 and score is answer[0] else {}
        return {"score": score, **features}
    return {"score": answer}


def _field(name: str, value: Any, count: int, classes: int) -> Tensor:
    if not isinstance(value, Tensor) or value.dim() < 2 or value.shape[0] != count:
        raise UsageError(f"{name} are {form_of(value)} for {count} samples; needed: [N, width]")
    if name == "class_logits" and classes and value.shape[1:] != (classes,):
        raise UsageError(f"class_logits are {list(value.shape)}, but the data has {classes} classes")
    return widened(value.flatten(1))


def form_of(value: Any) -> str:
    """What a value is, in few words."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return f"a {type(value).__name__} of {form_of(value[0])}"
    return f"a {type(value).__name__}"

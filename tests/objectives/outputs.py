"""Outputs of a critic that the tests of objectives share: random numbers in float64, every field filled."""

from __future__ import annotations

import torch

from steadygan.types import CriticOutput

CLASSES, WIDTH = 4, 5


def output(count: int = 6, *, grad: bool = False, positive: bool = False) -> CriticOutput:
    """Of ``count`` samples; ``positive`` for scores that are energies."""

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=grad)

    score = drawn(count)
    return CriticOutput(
        score=score.abs() if positive else score,
        class_logits=drawn(count, CLASSES),
        features=drawn(count, WIDTH),
        code=drawn(count, WIDTH),
        labels=torch.randint(CLASSES, (count,)),
    )


def pair(count: int = 6, *, grad: bool = False, positive: bool = False) -> tuple[CriticOutput, CriticOutput]:
    """Of real and of fake samples."""
    return output(count, grad=grad, positive=positive), output(count, grad=grad, positive=positive)

"""Loss terms of a phase as a bundle of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor


class Terms(NamedTuple):
    """Loss terms of one phase; scalars except what is marked [N]."""

    loss: Tensor
    """the objective's loss plus the penalties; what is differentiated"""
    penalty: Tensor | None = None
    """weighted sum of the penalties, with the phase's gain"""
    gradient_norm: Tensor | None = None
    """[N]: norms of the critic's input gradients at the sampling location of the first penalty that has one"""
    real: CriticOutput | None = None
    """critic's outputs on N real samples, if the phase scores them"""
    fake: CriticOutput | None = None
    """critic's outputs on N fakes, if the phase scores them"""
    measured: tuple[Tensor | None, ...] = ()
    """[N] each: measurements of the penalties of a generator's phase, but those of weights alone"""


def accumulate(total: Terms | None, terms: Terms) -> Terms:
    """The terms of all rows so far (None: none) and of these: scalars are summed, [N] are concatenated."""
    if total is None:
        return terms
    first, second = total, terms
    pairs = zip(first.measured, second.measured, strict=True)
    return Terms(
        loss=first.loss + second.loss,
        penalty=None if first.penalty is None or second.penalty is None else first.penalty + second.penalty,
        gradient_norm=_joined(first.gradient_norm, second.gradient_norm),
        real=_joined_output(first.real, second.real),
        fake=_joined_output(first.fake, second.fake),
        measured=tuple(_joined(a, b) for a, b in pairs),
    )


def _joined(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    return None if first is None or second is None else torch.cat([first, second])


def _joined_output(first: CriticOutput | None, second: CriticOutput | None) -> CriticOutput | None:
    if first is None or second is None:
        return None
    return CriticOutput(*(_joined(a, b) for a, b in zip(first, second, strict=True)))  # type: ignore[arg-type]


def named_tensors(terms: Terms) -> dict[str, Tensor]:
    """The tensors of the terms by name, detached: {'loss': …, 'real.score': …}."""
    named: dict[str, Tensor | None] = {
        "loss": terms.loss,
        "penalty": terms.penalty,
        "gradient_norm": terms.gradient_norm,
    }
    for side, output in (("real", terms.real), ("fake", terms.fake)):
        if output is not None:
            named |= {f"{side}.{name}": field for name, field in output._asdict().items()}
    named |= {f"measured.{i}": value for i, value in enumerate(terms.measured)}
    return {name: tensor.detach() for name, tensor in named.items() if tensor is not None}


def from_named(named: dict[str, Tensor]) -> Terms:
    """The inverse of ``named_tensors``."""

    def output(side: str) -> CriticOutput | None:
        fields = [named.get(f"{side}.{name}") for name in CriticOutput._fields]
        return None if fields[0] is None else CriticOutput(*fields)  # type: ignore[arg-type]

    measured = tuple(tensor for name, tensor in named.items() if name.startswith("measured."))
    return Terms(
        named["loss"], named.get("penalty"), named.get("gradient_norm"), output("real"), output("fake"), measured
    )

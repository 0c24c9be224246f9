"""How samples of a run are drawn: the keywords that every method of a run takes which draws some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from steadygan.run.folder import Weights

if TYPE_CHECKING:
    from steadygan.data.classes import Asked


class Options(TypedDict, total=False):
    """The fields of ``Sampling``, as keywords."""

    label: Asked | None
    weights: Weights
    round_: int | None
    truncation: float | None


@dataclass(frozen=True)
class Sampling:
    """Which generator draws, and of which classes."""

    label: Asked | None = None
    """the class, by number or name, or several in turn; None: drawn for each sample"""
    weights: Weights = "average"
    """the average of the generator's weights, or the raw ones"""
    round_: int | None = None
    """of the checkpoint; None: the last"""
    truncation: float | None = None
    """psi of style-based generators: styles at mean + psi (style - mean), for less varied, cleaner samples; None: as
    they are"""

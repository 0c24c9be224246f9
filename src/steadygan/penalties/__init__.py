"""Penalties: terms of a player's loss beside its objective, such as gradient penalties.

Each function works on tensors and any callable critic; the spec for recipes stands beside it. The norm is taken per
sample over all other dimensions, and of multi-scale images (``Scales``) over all scales together; the mean over samples
comes last. x are real and g fake samples, D is the critic. ``critic_gradients`` serves loops of the user's own,
``gradient_norms`` the library's training too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from steadygan.penalties.base import CriticPenalty, GeneratorPenalty, PenaltyLike, WeightPenalty
from steadygan.penalties.critic_gradients import Patches, gradient_norm_at
from steadygan.penalties.drift import Drift, drift_penalty
from steadygan.penalties.gradient import GradientPenalty, gradient_penalty
from steadygan.penalties.gradient_norms import ScoreFunction, input_gradient_norm, norm_of_gradient
from steadygan.penalties.locations import (
    Between,
    Location,
    LocationFunction,
    LocationLike,
    NearReal,
    OnFake,
    OnReal,
    between,
    near_real,
    on_fake,
    on_real,
)
from steadygan.penalties.orthogonal import Orthogonal, correlation_of_rows, orthogonal_penalty
from steadygan.penalties.path_length import PathLength, path_lengths
from steadygan.penalties.zero_centered import R1, R2, r1_penalty, r2_penalty

if TYPE_CHECKING:
    Penalty: TypeAlias = PenaltyLike
else:  # the kinds that YAML and the command line accept
    Penalty = GradientPenalty | R1 | R2 | Drift | PathLength | Orthogonal

__all__ = [
    "R1",
    "R2",
    "Between",
    "CriticPenalty",
    "Drift",
    "GeneratorPenalty",
    "GradientPenalty",
    "Location",
    "LocationFunction",
    "LocationLike",
    "NearReal",
    "OnFake",
    "OnReal",
    "Orthogonal",
    "Patches",
    "PathLength",
    "Penalty",
    "PenaltyLike",
    "ScoreFunction",
    "WeightPenalty",
    "between",
    "correlation_of_rows",
    "drift_penalty",
    "gradient_norm_at",
    "gradient_penalty",
    "input_gradient_norm",
    "near_real",
    "norm_of_gradient",
    "on_fake",
    "on_real",
    "orthogonal_penalty",
    "path_lengths",
    "r1_penalty",
    "r2_penalty",
]

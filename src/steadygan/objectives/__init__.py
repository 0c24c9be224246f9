"""Objectives: the losses of critic and generator on the critic's outputs, with the state that some methods carry.

An objective is pure: state goes in and comes out; the trainer carries and saves it without knowing what it is.
Objectives that add a term to another one hold it as ``base``, in one order: LeCam of FeatureMatching of
AuxiliaryClassifier of Adversarial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from steadygan.objectives.adversarial import Adversarial
from steadygan.objectives.auxiliary import AuxiliaryClassifier
from steadygan.objectives.base import ObjectiveLike, State
from steadygan.objectives.energy import EnergyBased, MarginState, energy_critic_loss, pulling_away_term
from steadygan.objectives.equilibrium import BoundaryEquilibrium, EquilibriumState
from steadygan.objectives.lecam import LeCam, lecam_regulariser
from steadygan.objectives.matching import FeatureMatching, feature_matching_loss
from steadygan.objectives.stacked import Stacked, StackState, conditional_loss, entropy_loss

if TYPE_CHECKING:
    Objective: TypeAlias = ObjectiveLike
else:  # the closed set that files and the command line know
    Objective = (
        Adversarial | EnergyBased | BoundaryEquilibrium | AuxiliaryClassifier | FeatureMatching | LeCam | Stacked
    )

__all__ = [
    "Adversarial",
    "AuxiliaryClassifier",
    "BoundaryEquilibrium",
    "EnergyBased",
    "EquilibriumState",
    "FeatureMatching",
    "LeCam",
    "MarginState",
    "Objective",
    "ObjectiveLike",
    "StackState",
    "Stacked",
    "State",
    "conditional_loss",
    "energy_critic_loss",
    "entropy_loss",
    "feature_matching_loss",
    "lecam_regulariser",
    "pulling_away_term",
]

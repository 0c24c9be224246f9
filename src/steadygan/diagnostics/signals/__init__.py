"""Signals of a training's health: pure functions of tensors, each usable alone in any loop of PyTorch.

    from steadygan.diagnostics.signals import diversity

    diversity(generator(latents), real).distance_ratio

Samples are tensors or arrays [N, ...] on any device. Where they are compared with each other they are copied to the
host once, at most ``limit`` of them, in float64; what is taken of a network is read from the device once, and the
network is left as it was. Signals are read on a schedule, not every round. docs/signals.md has them in a table.
"""

from steadygan.diagnostics.signals.augmentation import AugmentationStrength, augmentation_strength
from steadygan.diagnostics.signals.bins import BinDifference, Bins, bin_difference, bins_of
from steadygan.diagnostics.signals.checkerboard import Checkerboard, checkerboard
from steadygan.diagnostics.signals.class_entropy import ClassEntropy, class_entropy
from steadygan.diagnostics.signals.clipping import ClippedShare, clipped_share
from steadygan.diagnostics.signals.colour_agreement import ColourAgreement, colour_agreement
from steadygan.diagnostics.signals.critic_optimality import CriticOptimality, critic_optimality
from steadygan.diagnostics.signals.critic_slope import CriticSlope, Slopes, critic_slope, slopes_at
from steadygan.diagnostics.signals.curves import (
    Divergence,
    Oscillation,
    Trend,
    divergence,
    median_filter,
    oscillation,
    trend,
    wasserstein_curve,
)
from steadygan.diagnostics.signals.diversity import Diversity, diversity, effective_rank, mean_pairwise_distance
from steadygan.diagnostics.signals.energy import energy_coefficient
from steadygan.diagnostics.signals.equilibrium import Convergence, Rails, convergence, convergence_measure, rails
from steadygan.diagnostics.signals.held_out_gap import HeldOutGap, gap_of_scores, held_out_gap, real_sign
from steadygan.diagnostics.signals.layer_gradients import LayerGradients, layer_gradients
from steadygan.diagnostics.signals.lipschitz import LipschitzEstimate, lipschitz_estimate
from steadygan.diagnostics.signals.memorisation import (
    Copying,
    copying,
    copying_by_cells,
    copying_by_distances,
    training_distances,
)
from steadygan.diagnostics.signals.movement import Movement, data_deviation, displacement, movement
from steadygan.diagnostics.signals.near_duplicates import (
    NearDuplicates,
    birthday_support,
    duplicate_threshold,
    near_duplicates,
    share_within,
)
from steadygan.diagnostics.signals.non_finite import NonFinite, NonFiniteTrace, non_finite_names
from steadygan.diagnostics.signals.sensitivity import Sensitivity, sensitivity
from steadygan.diagnostics.signals.separation import Saturation, Separation, saturation, separation
from steadygan.diagnostics.signals.spectral import SpectralNorms, spectral_norms
from steadygan.diagnostics.signals.throughput import Throughput, throughput
from steadygan.diagnostics.signals.tokens import TokenDiversity, token_diversity
from steadygan.diagnostics.signals.two_sample import neighbour_accuracy
from steadygan.diagnostics.signals.update_ratio import UpdateRatios, parameters_before, update_ratios

__all__ = [
    "AugmentationStrength",
    "BinDifference",
    "Bins",
    "Checkerboard",
    "ClassEntropy",
    "ClippedShare",
    "ColourAgreement",
    "Convergence",
    "Copying",
    "CriticOptimality",
    "CriticSlope",
    "Divergence",
    "Diversity",
    "HeldOutGap",
    "LayerGradients",
    "LipschitzEstimate",
    "Movement",
    "NearDuplicates",
    "NonFinite",
    "NonFiniteTrace",
    "Oscillation",
    "Rails",
    "Saturation",
    "Sensitivity",
    "Separation",
    "Slopes",
    "SpectralNorms",
    "Throughput",
    "TokenDiversity",
    "Trend",
    "UpdateRatios",
    "augmentation_strength",
    "bin_difference",
    "bins_of",
    "birthday_support",
    "checkerboard",
    "class_entropy",
    "clipped_share",
    "colour_agreement",
    "convergence",
    "convergence_measure",
    "copying",
    "copying_by_cells",
    "copying_by_distances",
    "critic_optimality",
    "critic_slope",
    "data_deviation",
    "displacement",
    "divergence",
    "diversity",
    "duplicate_threshold",
    "effective_rank",
    "energy_coefficient",
    "gap_of_scores",
    "held_out_gap",
    "layer_gradients",
    "lipschitz_estimate",
    "mean_pairwise_distance",
    "median_filter",
    "movement",
    "near_duplicates",
    "neighbour_accuracy",
    "non_finite_names",
    "oscillation",
    "parameters_before",
    "rails",
    "real_sign",
    "saturation",
    "sensitivity",
    "separation",
    "share_within",
    "slopes_at",
    "spectral_norms",
    "throughput",
    "token_diversity",
    "training_distances",
    "trend",
    "update_ratios",
    "wasserstein_curve",
]

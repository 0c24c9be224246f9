"""Signals of a training's health: pure functions of tensors, each usable alone in any loop of PyTorch."""

from steadygan.diagnostics.signals.augmentation import AugmentationStrength, augmentation_strength
from steadygan.diagnostics.signals.clipping import ClippedShare, clipped_share
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
from steadygan.diagnostics.signals.equilibrium import Convergence, Rails, convergence, convergence_measure, rails
from steadygan.diagnostics.signals.held_out_gap import HeldOutGap, gap_of_scores, held_out_gap, real_sign
from steadygan.diagnostics.signals.layer_gradients import LayerGradients, layer_gradients
from steadygan.diagnostics.signals.lipschitz import LipschitzEstimate, lipschitz_estimate
from steadygan.diagnostics.signals.non_finite import NonFinite, NonFiniteTrace, non_finite_names
from steadygan.diagnostics.signals.separation import Saturation, Separation, saturation, separation
from steadygan.diagnostics.signals.spectral import SpectralNorms, spectral_norms
from steadygan.diagnostics.signals.update_ratio import UpdateRatios, parameters_before, update_ratios

__all__ = [
    "AugmentationStrength",
    "ClippedShare",
    "Convergence",
    "CriticOptimality",
    "CriticSlope",
    "Divergence",
    "HeldOutGap",
    "LayerGradients",
    "LipschitzEstimate",
    "NonFinite",
    "NonFiniteTrace",
    "Oscillation",
    "Rails",
    "Saturation",
    "Separation",
    "Slopes",
    "SpectralNorms",
    "Trend",
    "UpdateRatios",
    "augmentation_strength",
    "clipped_share",
    "convergence",
    "convergence_measure",
    "critic_optimality",
    "critic_slope",
    "divergence",
    "gap_of_scores",
    "held_out_gap",
    "layer_gradients",
    "lipschitz_estimate",
    "median_filter",
    "non_finite_names",
    "oscillation",
    "parameters_before",
    "rails",
    "real_sign",
    "saturation",
    "separation",
    "slopes_at",
    "spectral_norms",
    "trend",
    "update_ratios",
    "wasserstein_curve",
]

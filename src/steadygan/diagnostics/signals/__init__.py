"""Signals of a training's health: pure functions of tensors, each usable alone in any loop of PyTorch.

    from steadygan.diagnostics.signals import diversity

    diversity(generator(latents), real).distance_ratio

Samples are tensors or arrays [N, ...] on any device. They are copied to the host once, at most ``limit`` of them, and
compared there in float64: signals are read on a schedule, not every round. docs/signals.md has them in a table.
"""

from steadygan.diagnostics.signals.bins import BinDifference, Bins, bin_difference, bins_of
from steadygan.diagnostics.signals.class_entropy import ClassEntropy, class_entropy
from steadygan.diagnostics.signals.colour_agreement import ColourAgreement, colour_agreement
from steadygan.diagnostics.signals.diversity import Diversity, diversity, effective_rank, mean_pairwise_distance
from steadygan.diagnostics.signals.memorisation import (
    Copying,
    copying,
    copying_by_cells,
    copying_by_distances,
    training_distances,
)
from steadygan.diagnostics.signals.movement import Movement, data_deviation, displacement, movement
from steadygan.diagnostics.signals.near_duplicates import NearDuplicates, birthday_support, near_duplicates
from steadygan.diagnostics.signals.sensitivity import Sensitivity, sensitivity
from steadygan.diagnostics.signals.throughput import Throughput, throughput
from steadygan.diagnostics.signals.tokens import TokenDiversity, token_diversity

__all__ = [
    "BinDifference",
    "Bins",
    "ClassEntropy",
    "ColourAgreement",
    "Copying",
    "Diversity",
    "Movement",
    "NearDuplicates",
    "Sensitivity",
    "Throughput",
    "TokenDiversity",
    "bin_difference",
    "bins_of",
    "birthday_support",
    "class_entropy",
    "colour_agreement",
    "copying",
    "copying_by_cells",
    "copying_by_distances",
    "data_deviation",
    "displacement",
    "diversity",
    "effective_rank",
    "mean_pairwise_distance",
    "movement",
    "near_duplicates",
    "sensitivity",
    "throughput",
    "token_diversity",
    "training_distances",
]

"""Verdicts: each a pure function of a log, in a file of its own, with its thresholds and where they come from."""

from __future__ import annotations

from steadygan.diagnostics.findings import Rule, VerdictName
from steadygan.diagnostics.verdicts.augmentation_exhausted import augmentation_exhausted
from steadygan.diagnostics.verdicts.checkerboard import checkerboard
from steadygan.diagnostics.verdicts.clipping import clipping
from steadygan.diagnostics.verdicts.critic_overfitting import critic_overfitting
from steadygan.diagnostics.verdicts.critic_too_strong import critic_too_strong
from steadygan.diagnostics.verdicts.critic_too_weak import critic_too_weak
from steadygan.diagnostics.verdicts.data_fault import data_fault
from steadygan.diagnostics.verdicts.diverged import diverged
from steadygan.diagnostics.verdicts.exploding_gradient import exploding_gradient
from steadygan.diagnostics.verdicts.full_collapse import full_collapse
from steadygan.diagnostics.verdicts.generator_stalled import generator_stalled
from steadygan.diagnostics.verdicts.healthy import healthy
from steadygan.diagnostics.verdicts.lipschitz_not_held import lipschitz_not_held
from steadygan.diagnostics.verdicts.memorisation import memorisation
from steadygan.diagnostics.verdicts.oscillation import oscillation
from steadygan.diagnostics.verdicts.partial_collapse import partial_collapse
from steadygan.diagnostics.verdicts.too_early import too_early
from steadygan.diagnostics.verdicts.too_little_data import too_little_data
from steadygan.diagnostics.verdicts.vanishing_gradient import vanishing_gradient

RULES: dict[VerdictName, Rule] = {
    "diverged": diverged,
    "data_fault": data_fault,
    "exploding_gradient": exploding_gradient,
    "clipping": clipping,
    "vanishing_gradient": vanishing_gradient,
    "critic_too_strong": critic_too_strong,
    "critic_too_weak": critic_too_weak,
    "generator_stalled": generator_stalled,
    "memorisation": memorisation,
    "critic_overfitting": critic_overfitting,
    "augmentation_exhausted": augmentation_exhausted,
    "too_little_data": too_little_data,
    "full_collapse": full_collapse,
    "oscillation": oscillation,
    "lipschitz_not_held": lipschitz_not_held,
    "partial_collapse": partial_collapse,
    "checkerboard": checkerboard,
    "healthy": healthy,
    "too_early": too_early,
}
"""All verdicts; see ``judge.ORDER`` for which of several comes first."""

__all__ = ["RULES", *RULES]

"""Fields that each verdict needs: which verdicts a log allows."""

from __future__ import annotations

from steadygan.diagnostics.findings import VerdictName

NEEDS: dict[VerdictName, tuple[str, ...]] = {
    "diverged": ("critic_loss", "generator_loss", "gap", "wasserstein", "distance_ratio", "non_finite"),
    "data_fault": ("data_duplicates", "data_blank", "data_constant", "data_spread_ratio"),
    "exploding_gradient": ("slope_between", "slope_real", "slope_fake", "critic_gradient"),
    "clipping": ("clipped_share slope_between", "clipped_share slope_high", "clipped_share distance_ratio"),
    "vanishing_gradient": ("slope_between", "slope_real", "slope_fake"),
    "critic_too_strong": (
        "accuracy generator_gradient",
        "accuracy derivative",
        "accuracy saturated distance_ratio",
        "critic_loss generator_loss",
    ),
    "critic_too_weak": ("accuracy distance_ratio", "gap distance_ratio", "accuracy rise bins_different"),
    "generator_stalled": ("move accuracy", "move distance_ratio"),
    "memorisation": ("copy_ratio", "copy_z"),
    "critic_overfitting": ("r_v", "r_t"),
    "augmentation_exhausted": ("augmentation",),
    "too_little_data": ("training_samples r_v", "training_samples augmentation", "training_samples copy_ratio"),
    "full_collapse": ("distance_ratio", "class_entropy_ratio"),
    "oscillation": ("move",),
    "lipschitz_not_held": ("slope_high wasserstein",),
    "partial_collapse": ("bins_missing", "classes", "distance_ratio"),
    "checkerboard": ("grid",),
    "healthy": ("distance_ratio", "bins_missing", "classes"),
    "too_early": ("",),
}
"""sets of fields with a blank between, of which a verdict needs one whole"""

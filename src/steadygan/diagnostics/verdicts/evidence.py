"""Clauses of evidence: a number of the log at its last look, in words with what is healthy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from steadygan.diagnostics.findings import Evidence
from steadygan.diagnostics.verdicts.levels import Column, Levels
from steadygan.system.words import number

CLAUSES = {
    "distance_ratio": "samples differ {} times as much as the data does (healthy: 0.8 to 1)",
    "feature_distance_ratio": "in the critic's features they differ {} times as much (healthy: 0.8 to 1)",
    "rank_ratio": "they vary along {} times as many directions as the data (healthy: 0.4 to 1)",
    "duplicates": "{%} of the samples have a near copy among them (as in the data: {duplicates_expected%})",
    "bins_missing": "{%} of the data's bins have no sample (healthy: none to 10%)",
    "bins_different": "{%} of the data's bins have another share of the samples than of the data (by chance: 5%)",
    "bins_divergence": "shares of the data's bins differ by {} bits (healthy: below 0.2)",
    "energy": "samples and data differ by an energy coefficient of {} (the same distribution: 0; one sample: 0.29)",
    "bins_effective": "they fill {} times as many bins as the data, counted by entropy (healthy: 0.8 to 1)",
    "bins_moved": "{%} of the samples are in another bin than a look before (by chance: 17%)",
    "neighbour_accuracy": "{%} of real and generated samples lie nearest to one of their own kind (the data: 50%)",
    "classes": "samples are of {%} of the classes (healthy: 80 to 100%)",
    "class_entropy_ratio": "their classes have {} times the entropy of the data's (healthy: 0.9 to 1)",
    "copy_ratio": "samples are {} times as far from training samples as held-out data is (healthy: 1.05 to 1.65)",
    "copy_z": "C_T is {} (copies: below -4)",
    "move": "samples of fixed latents move {} deviations of the data from look to look (healthy: 0.05 to 0.9)",
    "directness": "they end {} of their way from where they began (back and forth: near 0)",
    "grid": "lines 2, 4 or 8 pixels apart have {} times the power of what is around them (healthy: up to 1.5)",
    "accuracy": "the critic tells {%} of real and generated samples apart (healthy: 65 to 98%)",
    "saturated": "{%} of its scores are at an end of the sigmoid",
    "derivative": "the generator's loss changes by {} with the score (healthy: 0.1 to 1)",
    "generator_gradient": "the gradient on the generator's weights has norm {} (healthy: 0.3 to 5)",
    "generator_update": "a step moves the generator's weights by {} of their norm (usual: 1e-4 to 1e-2)",
    "critic_gradient": "the gradient on the critic's weights has norm {}",
    "gap": "real samples score {} above generated ones, on fresh samples (healthy: above 0)",
    "wasserstein": "the Wasserstein estimate on fresh samples is {}",
    "rise": "more steps of the critic alone raise the gap by {%} of what it then is (a critic at its best: 0)",
    "slope_between": "the critic's gradient has norm {} between real and generated samples",
    "slope_real": "the critic's gradient has norm {} at real samples",
    "slope_fake": "the critic's gradient has norm {} at generated samples",
    "slope_high": "one in twenty slopes of the critic is above {} (a Wasserstein critic: 1)",
    "depth_slope": "its gradient changes by {} decades a layer (healthy: -0.4 to 0.2)",
    "clipped_share": "{%} of the critic's weights are at the bound of clipping (healthy: below 5%)",
    "r_v": "of the critic's gap {%} is lost on held-out samples (healthy: up to 3%; none left: 100%)",
    "r_t": "{} is the mean sign of real scores (target of adaptive augmentation: 0.6)",
    "augmentation": "the adaptive augmentation stands at {} (healthy: 0 to 0.8)",
    "training_samples": "there are {,} training samples",
    "data_duplicates": "{%} of the training samples have an equal one",
    "data_blank": "{%} of the training samples are blank",
    "data_constant": "{%} of the values are the same in all training samples",
    "data_spread_ratio": "held-out samples are spread {} times as wide as training samples (healthy: 1)",
    "critic_loss": "the critic's loss is {}",
    "generator_loss": "the generator's loss is {}",
    "score": "the distance of samples from the data is {}",
}
"""{} a number, {%} a share, {,} a count, {name%} another field's share"""


def said(levels: Levels, *fields: str, most: int | None = None) -> Iterator[Evidence]:
    """Evidence of the fields that the log has, as levels at its last look, in this order; worded as it is asked for.

    Args:
        levels: of the log
        fields: their names
        most: the first so many; None: all
    """
    return itertools.islice(_evidence(levels, fields), most)


def _evidence(levels: Levels, fields: Sequence[str]) -> Iterator[Evidence]:
    for field in fields:
        value = _newest(levels.level(field))
        value = _newest(levels.latest(field)) if math.isnan(value) else value
        if not math.isnan(value):
            yield Evidence(field, value, clause(levels, field, value))


def clause(levels: Levels, field: str, value: float) -> str:
    """The words of a field's number."""
    text = CLAUSES[field]
    expected = _newest(levels.level("duplicates_expected"))
    if math.isnan(expected):  # logs of other programs have no such number
        text = text.replace(" (as in the data: {duplicates_expected%})", "")
    text = text.replace("{duplicates_expected%}", share(expected))
    return text.replace("{%}", share(value)).replace("{,}", f"{value:,.0f}").replace("{}", short(value))


def short(value: float) -> str:
    """A number as evidence shows it: two digits are enough."""
    if not math.isfinite(value) or value == 0 or not 1e-3 <= abs(value) < 1e6:
        return number(value)
    return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"


def share(value: float) -> str:
    """A share in percent; '?' where it is not known."""
    if not math.isfinite(value):
        return "?" if math.isnan(value) else number(value)
    percent = 100 * value
    return "under 1%" if 0 < percent < 0.95 else f"{percent:,.0f}%"


def _newest(column: Column) -> float:
    return float(column[-1]) if len(column) else math.nan

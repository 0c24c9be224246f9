"""Intervals for the evidence of claims: paired differences over data sets, and their words."""

from __future__ import annotations

import numpy as np

from steadygan.studies import intervals
from steadygan.studies.claims import Decision, by_sign
from steadygan.studies.intervals import Interval
from steadygan.studies.results import Results
from steadygan.studies.trial import Setting
from steadygan.studies.words import estimate


def told(label: str, interval: Interval) -> str:
    """'LABEL 0.84 (0.71 to 0.97, 5 seeds)'; without bounds where there are none, 'LABEL: no trials' without values."""
    return f"{label}{' ' if interval.runs else ': '}{estimate(interval)}"


def told_share(share: Interval) -> str:
    """' (share 0.03 to 0.19)': the bounds of a share, behind its counts; '' without trials."""
    return f" (share {share.low:.2f} to {share.high:.2f})" if share.runs else ""


def paired(results: Results, value: str, setting: str, first: Setting, second: Setting, data: Setting) -> Interval:
    """Of the mean difference of a value on a data set, first - second of a setting, paired by seed."""
    one, two = (results.by_seed(value, data=data, **{setting: each}) for each in (first, second))
    return intervals.difference(one, two)


def pooled(results: Results, value: str, setting: str, first: Setting, second: Setting) -> Decision:
    """By the sign of the same over all data sets: of each seed the mean over those that it finished on both sides."""
    found: dict[int, list[float]] = {}
    data_sets = results.settings("data")
    for data in data_sets:
        one, two = (results.by_seed(value, data=data, **{setting: each}) for each in (first, second))
        for seed in one.keys() & two.keys():
            found.setdefault(seed, []).append(one[seed] - two[seed])
    interval = intervals.mean([float(np.mean(each)) for _, each in sorted(found.items())])
    of_each = [told(str(data), paired(results, value, setting, first, second, data)) for data in data_sets]
    return by_sign(interval, "; ".join([told(f"all, {first} - {second}", interval), *of_each]))

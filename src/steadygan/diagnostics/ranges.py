"""Healthy ranges of fields as numbers, for drawings: those that the clauses of evidence name in words."""

from __future__ import annotations

import math
import re

from steadygan.diagnostics.verdicts.evidence import CLAUSES

_NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"
_FORMS = (
    (re.compile(rf"(?:healthy|usual|target[^:]*): {_NUMBER} to {_NUMBER}(%?)"), lambda low, high: (low, high)),
    (re.compile(rf"healthy: (?:none|0) to {_NUMBER}()(%?)"), lambda high, _: (0.0, high)),
    (re.compile(rf"healthy: (?:below|up to) {_NUMBER}()(%?)"), lambda high, _: (-math.inf, high)),
    (re.compile(rf"healthy: above {_NUMBER}()(%?)"), lambda low, _: (low, math.inf)),
)


def healthy_range(field: str) -> tuple[float, float] | None:
    """The lowest and the highest healthy value, infinite where there is no bound; None if it is not known."""
    clause = CLAUSES.get(field, "")
    for form, ends in _FORMS:
        if found := form.search(clause):
            first, second, percent = found.groups()
            low, high = ends(float(first), float(second) if second else math.nan)
            scale = 100.0 if percent else 1.0
            return low / scale, high / scale
    return None

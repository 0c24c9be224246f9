"""Metrics of multi-scale images: how far an image agrees with its smaller ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from steadygan.evaluation.material import Material
from steadygan.evaluation.measures.subject import Measure, of_several_sizes
from steadygan.evaluation.record import Number, Settings

_SCALES_COUNT = 2_000


def _scales(material: Material) -> Iterable[Number]:
    from steadygan.metrics.scales import means, scale_agreement

    assert material.make_scales is not None
    scales = material.make_scales(_SCALES_COUNT)
    count = len(scales[-1])
    agreements = scale_agreement(scales)
    real = material.real.held_out[0][:count].astype(np.uint8, copy=False)
    floor = None
    if len(real) >= 2:
        coarser = [means(real, side).round().astype(np.uint8) for side in agreements]
        floor = float(np.mean([each.difference.value for each in scale_agreement([*coarser, real]).values()]))
    settings: Settings = {"count": count}
    difference = float(np.mean([each.difference.value for each in agreements.values()]))
    yield Number("scale_difference", difference, None, floor, len(real), settings=settings)
    correlation = float(np.mean([each.correlation for each in agreements.values()]))
    yield Number("scale_correlation", correlation, None, 1.0, len(real), "higher", settings)
    for side, each in agreements.items():
        yield Number(f"scale_difference_{side}", *each.difference, settings=settings)
        yield Number(f"scale_correlation_{side}", each.correlation, better="higher", settings=settings)


MEASURES = (Measure("scales", "agreement of the sizes of multi-scale images", "samples", of_several_sizes, _scales),)

"""Metrics of points: covered modes of a mixture, and the exact Wasserstein distance."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from steadygan.evaluation.material import Material
from steadygan.evaluation.measures.subject import Measure, mixtures, of_modes, of_points
from steadygan.evaluation.record import Number


def _modes(material: Material) -> Iterable[Number]:
    from steadygan.metrics.modes import mode_coverage

    mixture = mixtures()[material.real.dataset.name]
    result = mode_coverage(material.samples, mixture.centres, mixture.deviation)
    settings = {"radius": 4.0, "modes": result.modes}
    quality = result.high_quality
    yield Number("high_quality", quality.value, quality.error, better="higher", settings=settings)
    yield Number("modes", float(result.covered), floor=float(result.modes), better="higher", settings=settings)
    yield Number("modes_kl", result.kl, settings=settings)


def _transport(material: Material) -> Iterable[Number]:
    from steadygan.metrics.transport import wasserstein1

    (train, _), (held_out, _), real = material.real.train, material.real.held_out, material.real
    distance = partial(wasserstein1, limit=material.matched, seed=material.seed)
    floor = real.floor(lambda: distance(train, held_out), "wasserstein1", material.matched, material.seed)
    yield Number(
        "wasserstein1", distance(material.samples, held_out), floor=floor, settings={"limit": material.matched}
    )


MEASURES = (
    Measure("modes", "modes of points that have known ones", "samples", of_modes, _modes, least=100),
    Measure("wasserstein1", "exact distance of points", "samples", of_points, _transport, least=100),
)

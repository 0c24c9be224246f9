"""Values that are not finite, found before anything else of a look and traced to where they begin."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from steadygan.diagnostics.signals.non_finite import NonFiniteTrace, non_finite_names
from steadygan.types import Batch, scales_of

if TYPE_CHECKING:
    from steadygan.diagnostics.subject import Subject
    from steadygan.types import Sample


def first_fault(subject: Subject, losses: Mapping[str, Any], fake: Sample | None, train: Batch | None) -> str | None:
    """The first module or parameter with a value that is not finite, else the first such loss; None for none.

    Args:
        subject: its networks are run again, with hooks, if anything is not finite
        losses: named numbers or tensors 0-d
        fake: samples generated for this look; None if that failed
        train: training samples of this look
    """
    parameters = {
        f"{name}.{parameter}": value
        for name, network in (("generator", subject.generator), ("critic", subject.critic))
        for parameter, value in network.named_parameters()
    }
    samples = {} if fake is None else {f"samples {i}": scale for i, scale in enumerate(scales_of(fake))}
    names = non_finite_names({**losses, **parameters, **samples})
    if not names:
        return None
    with contextlib.suppress(Exception):  # of networks that refuse such values
        if fake is not None and train is not None:
            return _traced(subject, fake, train) or names[0]
    return names[0]


def _traced(subject: Subject, fake: Sample, train: Batch) -> str | None:
    import torch

    latents = subject.latents(0, len(scales_of(fake)[0]))
    with torch.no_grad(), NonFiniteTrace(generator=subject.generator, critic=subject.critic) as trace:
        made = subject.generate(latents, train.labels)
        subject.score(subject.critic, train.samples, train.labels)
        subject.score(subject.critic, made, train.labels)
    found = trace.first()
    return None if found is None else str(found)

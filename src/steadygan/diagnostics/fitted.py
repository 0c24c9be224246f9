"""Looks fitted to the length of a training: at fewer samples, where it has no time for enough looks at all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from steadygan.diagnostics.looks import Looker
from steadygan.diagnostics.real_side import FEWER, SAMPLES
from steadygan.diagnostics.schedule import FEW
from steadygan.diagnostics.work import passes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steadygan.diagnostics.subject import Subject
    from steadygan.diagnostics.work import Passes, Work


def fitted_looker(
    subject: Subject,
    rounds: int,
    work_of: Callable[[Looker, Passes | None], Work],
    saved: Mapping[str, NDArray[np.generic]] | None = None,
) -> Looker:
    """A looker at 256, 128 or 64 samples: the most that leave time for eight looks, or else for most looks.

    Args:
        subject: the training
        rounds: of the training
        work_of: the work of rounds and looks by a looker, given what forward passes cost
        saved: what a looker's ``state`` gave, to go on from there
    """
    known = passes(subject)
    lookers = [Looker(subject, saved, samples) for samples in (SAMPLES, *FEWER)]
    looks = [len(work_of(looker, known).schedule(rounds).rounds) for looker in lookers]
    return lookers[next((i for i, count in enumerate(looks) if count >= FEW), looks.index(max(looks)))]

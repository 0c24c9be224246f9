"""The held-out split, chosen by content, so that no copy of a training picture is held out."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_HELD_OUT = 10_000


def choose_held_out(digests: Sequence[bytes], share: float, skip: Container[int] = ()) -> NDArray[np.bool_]:
    """A mask [M] of the held-out samples: ``share`` of those not in ``skip``, at least 1, at most 10,000.

    Samples go in the order of their hashes: the choice depends on neither seed, names nor order, and hardly
    changes when a few samples are added. Samples with equal hashes stay together: in training, if there are many.
    """
    usable = [index for index in range(len(digests)) if index not in skip]
    wanted = min(MOST_HELD_OUT, max(1, round(share * len(usable))))
    usable.sort(key=digests.__getitem__)
    mask = np.zeros(len(digests), dtype=bool)
    taken, start = 0, 0
    while start < len(usable) and taken < wanted:
        end = start + 1
        while end < len(usable) and digests[usable[end]] == digests[usable[start]]:
            end += 1
        if end - start <= wanted - taken:
            mask[usable[start:end]] = True
            taken += end - start
        start = end
    if not taken:  # all are copies of a few pictures
        mask[usable[:wanted]] = True
    return mask

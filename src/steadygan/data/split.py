"""The held-out split, chosen by content, so that no copy of a training picture is held out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_HELD_OUT = 10_000


def choose_held_out(
    digests: Sequence[bytes],
    share: float,
    skip: Container[int] = (),
    *,
    samples: Sequence[bytes] | None = None,
) -> NDArray[np.bool_]:
    """A mask [M] of the held-out samples: ``share`` of those not in ``skip``, at least 1, at most 10,000.

    Samples go in the order of their hashes: the choice depends on neither seed, names nor order, and hardly
    changes when a few samples are added. Samples with equal hashes stay together: in training, if there are many.

    Args:
        digests: of the stored samples
        share: to hold out
        skip: samples that are on neither side
        samples: hashes of the samples as training sees them. Those that are equal stay together too, even where they
            are stored differently; if every group is larger than what is wanted, the smallest is held out, and nothing
            if there is only one. Without them a few samples are then held out that training has too.
    """
    usable = [index for index in range(len(digests)) if index not in skip]
    wanted = min(MOST_HELD_OUT, max(1, round(share * len(usable))))
    usable.sort(key=digests.__getitem__)
    groups = _groups(usable, digests)
    if samples is not None:
        groups = _joined(groups, samples)
    mask = np.zeros(len(digests), dtype=bool)
    taken = 0
    for group in groups:
        if taken < wanted and len(group) <= wanted - taken:
            mask[group] = True
            taken += len(group)
    if not taken and samples is None:  # all are copies of a few pictures
        mask[usable[:wanted]] = True
    elif not taken and len(groups) > 1:
        mask[min(groups, key=len)] = True
    return mask


def _groups(indices: Sequence[int], digests: Sequence[bytes]) -> list[list[int]]:
    """Samples with equal hashes, in the order of the first of each group."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index in indices:
        groups[digests[index]].append(index)
    return list(groups.values())


def _joined(groups: list[list[int]], samples: Sequence[bytes]) -> list[list[int]]:
    """Groups that have a sample in common, joined; in the order of the first of each."""
    parent = list(range(len(groups)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first: dict[bytes, int] = {}
    for number, group in enumerate(groups):
        for index in group:
            before = root(first.setdefault(samples[index], number))
            parent[max(before, root(number))] = min(before, root(number))
    joined: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        joined[root(number)].extend(group)
    return list(joined.values())

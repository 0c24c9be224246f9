"""Where inversion begins: of many drawn points the nearest to each target, and others as they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.inversion.distances import Distance
    from steadygan.inversion.spaces import Space

PASS = 32


class Starts(NamedTuple):
    """S starts for each of N targets."""

    points: Tensor
    """[S, N, D]"""
    labels: Tensor | None
    """[S, N]"""


def chosen_starts(
    space: Space, distance: Distance, targets: Tensor, pool: Tensor, labels: Tensor | None, tries: int
) -> Starts:
    """Of drawn points, for each target half of the starts its nearest, the others as they come.

    The nearest ones save most of the way; the others keep a basin that they all lie in from being the only one.

    Args:
        space: of the points
        distance: which is nearest
        targets: encoded samples [N, ...]
        pool: drawn points [P, D], P at least ``tries``
        labels: [P], of the pool, which starts take along; None: unconditional
        tries: S
    """
    import torch

    near = -(-tries // 2)
    wanted = distance.describe(targets)
    columns = []
    with torch.no_grad():
        for i in range(0, len(pool), PASS):
            block = slice(i, i + PASS)
            made = space.samples(
                pool[block], None if labels is None else labels[block], space.further(len(pool[block]))
            )
            described = distance.describe(made)
            each = [distance.between(described, tuple(w[n : n + 1] for w in wanted)) for n in range(len(targets))]
            columns.append(torch.stack(each))
    order = torch.cat(columns, 1).argsort(dim=1, stable=True)
    rows = []
    for ranked in order.tolist():
        first = ranked[:near]
        taken = set(first)
        rows.append(first + [index for index in range(len(pool)) if index not in taken][: tries - near])
    chosen = torch.tensor(rows).t()
    return Starts(pool[chosen], None if labels is None else labels[chosen])

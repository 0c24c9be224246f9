"""The critic's loss beside the distance of samples to held-out data, at the checkpoints that a run kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.studies.experiments._distance_left import yardstick
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run


def measure(run: Run, ready: Prepared, samples: int) -> Outcome:
    """Negative critic loss and distance to held-out data at each kept checkpoint, and their rank correlation."""
    measured = yardstick(ready.dataset, samples)
    rounds = [int(path.name) for path in run.checkpoints if int(path.name)]
    distances = [measured.distance(run.sample(samples, weights="raw", round_=each)) for each in rounds]
    losses = losses_before(run.rows, rounds)
    return {
        "rounds": np.array(rounds),
        "distances": np.array(distances),
        "losses": losses,
        "floor": measured.floor,
        "what": measured.what,
        **correlation(losses, distances),
        "curve_rounds": np.array([row["round"] for row in run.rows]),
        "curve": np.array([_negative_loss(row) for row in run.rows]),
    }


def correlation(losses: Any, distances: Any) -> dict[str, float]:
    """Spearman's, left out where one of both never changes or is not finite."""
    from scipy.stats import spearmanr

    if len(losses) < 3 or not np.isfinite([*losses, *distances]).all() or np.ptp(losses) == 0 or np.ptp(distances) == 0:
        return {}
    return {"rank_correlation": float(spearmanr(losses, distances).statistic)}


def _negative_loss(row: Any) -> float:
    """What the critic maximises, without penalty: an estimate of a distance, of W or (up to constants) of JS."""
    return float(row.get("penalty") or 0.0) - float(row["critic_loss"])


def losses_before(rows: Sequence[Any], rounds: Sequence[int]) -> Any:
    """The median negative critic loss of the rows between each round and the one before (the paper filters too)."""
    starts = [0, *rounds[:-1]]
    between = [
        [_negative_loss(row) for row in rows if start < row["round"] <= end]
        for start, end in zip(starts, rounds, strict=True)
    ]
    return np.array([float(np.median(each)) if each else np.nan for each in between])

"""What the last critic of a training can still tell, found independently of the doctor.

Scores of reference samples, which neither training nor doctor saw, of training samples and of fresh fakes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    import steadygan as sg
    from benchmarks.doctor.outcomes import Judge

FEW = 256
"""samples of each kind"""


@dataclass(frozen=True)
class CriticProbe:
    """Numbers of a critic at the end of a training; NaN where it has no finite scores."""

    separates: float
    """area under the ROC curve of its scores, reference samples against fakes: 0.5 blind, 1 all"""
    separable: float
    """the same area of an independent classifier (random forest) on half of the samples it did not learn from"""
    knows_training: float
    """area of its scores, training samples against reference samples: 0.5 if it knows the distribution only"""
    slope: float
    """median norm of its input gradient at fakes, times the data's deviation"""
    pull: float
    """median norm of the gradient of the generator's loss by each fake, times the data's deviation"""

    def to_json(self) -> dict[str, float | None]:
        """For files; None for NaN."""
        return {
            key: None if value != value else float(f"{value:.4g}") for key, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> CriticProbe:
        """What ``to_json`` wrote."""
        return cls(**{key: float("nan") if value is None else value for key, value in plain.items()})


def probe_critic(run: sg.Run, judge: Judge, fakes: NDArray[Any]) -> CriticProbe:
    """Probes the last critic of a run.

    Args:
        run: with a checkpoint
        judge: of its material
        fakes: of the last generator, decoded [N, ...]
    """
    material = judge.material
    train = np.asarray(material.dataset.train.some()[0])
    picked = train[np.random.default_rng(3).permutation(len(train))[:FEW]]
    deviation = float(np.asarray(material.clean, np.float64).std())
    if material.source.kind == "images":
        deviation /= 127.5
    real, known, fake = (_scores(run, each[:FEW]) for each in (material.reference, picked, fakes))
    slope, pull = _gradients(run, material.reference[:FEW], fakes[:FEW])
    return CriticProbe(
        separates=area(real, fake),
        separable=separable(judge.rows(material.reference[:1_000]), judge.rows(fakes[:1_000])),
        knows_training=area(known, real),
        slope=slope * deviation,
        pull=pull * deviation,
    )


def area(high: NDArray[Any], low: NDArray[Any]) -> float:
    """Chance that one of ``high`` is above one of ``low``, ties counted half; NaN if a value is not finite."""
    if not (np.isfinite(high).all() and np.isfinite(low).all()):
        return float("nan")
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, "left") + np.searchsorted(ordered, high, "right")
    return float(below.mean() / (2 * len(low)))


def separable(real: NDArray[Any], fake: NDArray[Any]) -> float:
    """Area under the ROC curve of a random forest that learns real against fake on half of both."""
    from sklearn.ensemble import RandomForestClassifier

    if not np.isfinite(fake).all():
        return 1.0
    half = slice(None, None, 2), slice(1, None, 2)
    learnt, judged = (np.concatenate([real[part], fake[part]]) for part in half)
    labels = np.repeat([1, 0], [len(real[half[0]]), len(fake[half[0]])])
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=0).fit(learnt, labels)
    scores = forest.predict_proba(judged)[:, 1]
    count = len(real[half[1]])
    return area(scores[:count], scores[count:])


def _encoded(run: sg.Run, samples: NDArray[Any]) -> torch.Tensor:
    """Samples as the critic sees them, without noise of dequantisation."""
    import torch

    tensor = torch.as_tensor(np.asarray(samples))
    if run.sample_spec.is_text:
        characters = run.sample_spec.shape[0]
        return torch.nn.functional.one_hot(tensor.long(), characters).permute(0, 2, 1).float()
    return tensor.float() / 127.5 - 1 if tensor.dtype == torch.uint8 else tensor.float()


def _scores(run: sg.Run, samples: NDArray[Any]) -> NDArray[Any]:
    """Scores [N], high for real."""
    import torch

    with torch.no_grad():
        score = run.critic(_input(run, samples)).score
    sign = 1.0 if run.recipe.objective.real_is_high else -1.0
    high: NDArray[Any] = sign * score.double().numpy()
    return high


def _input(run: sg.Run, samples: NDArray[Any]) -> Any:
    """Samples as the critic takes them: images of all scales where it looks at several."""
    from steadygan.representations import Pyramid
    from steadygan.types import Scales

    encoded = _encoded(run, samples)
    if isinstance(run.recipe.representation, Pyramid):
        import torch

        sizes = [encoded]
        while sizes[0].shape[-1] > 4:
            sizes.insert(0, torch.nn.functional.avg_pool2d(sizes[0], 2))
        return Scales(tuple(sizes))
    return encoded


def _gradients(run: sg.Run, real: NDArray[Any], fakes: NDArray[Any]) -> tuple[float, float]:
    """Median norms of the gradients of the score, and of the generator's loss, by each fake."""
    import torch

    from steadygan.types import scales_of

    inputs = _input(run, fakes)
    leaves = [each.requires_grad_(True) for each in scales_of(inputs)]
    output = run.critic(inputs)
    slopes = torch.autograd.grad(output.score.sum(), leaves, retain_graph=True)
    objective = run.recipe.objective
    with torch.no_grad():
        known = run.critic(_input(run, real))
    loss = objective.generator_loss(known, output, objective.initial_state())
    pulls = torch.autograd.grad(loss * len(fakes), leaves, allow_unused=True)
    return _median_norm(slopes), _median_norm([each for each in pulls if each is not None])


def _median_norm(gradients: Any) -> float:
    squares = sum(each.double().flatten(1).square().sum(1) for each in gradients)
    return float(squares.sqrt().nanmedian()) if not isinstance(squares, int) else 0.0

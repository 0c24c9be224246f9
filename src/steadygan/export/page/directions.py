"""Principal directions of a generator: the latent directions to which its samples respond most.

The eigenvectors of E[Jᵀ J], where J is the Jacobian of the generator at a latent of its prior: v with a large
vᵀ E[Jᵀ J] v changes samples most per unit of length (the active subspace of Constantine 2015). For r from N(0, I),
E[(Jᵀ r)(Jᵀ r)ᵀ] = Jᵀ J, so one backward pass gives one term for each sample of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.rng import Stream, stream_generator
from steadygan.system import progress

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.export.generator import ExportedGenerator
    from steadygan.run import Run

MOST = 8
"""directions that are given"""
TERMS, BATCH = 1024, 32
"""gradients that the mean is taken of, and how many of them are made in one pass"""


@dataclass(frozen=True)
class Directions:
    """Directions of the latent space, strongest first."""

    vectors: Tensor
    """[K, size] orthonormal, float32; of each the largest number is positive"""
    shares: tuple[float, ...]
    """the part of the whole response, trace E[Jᵀ J], that each has"""


def principal_directions(run: Run, module: ExportedGenerator, *, most: int = MOST, terms: int = TERMS) -> Directions:
    """The directions along which the samples of a generator change most.

    Samples are what the network makes (multi-scale images at their finest size), before text becomes characters.

    Args:
        run: whose prior and classes are drawn from
        module: the generator, in eval mode
        most: directions, if the latent has as many numbers
        terms: gradients that the mean is taken of
    """
    import torch

    size = run.recipe.prior.size
    rng = stream_generator(0, Stream.SAMPLES, substream=1)
    latents, labels = run.latents(terms), run.labels(terms) if module.conditional else None
    second = torch.zeros(size, size, dtype=torch.float64)
    for first in progress.steps("finding directions", range(0, terms, BATCH), terms, lambda _: BATCH):
        inputs = latents[first : first + BATCH].clone().requires_grad_()
        samples = module.samples(inputs, None if labels is None else labels[first : first + BATCH])
        noise = torch.from_numpy(rng.standard_normal(tuple(samples.shape), dtype="float32"))
        (gradients,) = torch.autograd.grad((samples * noise).sum(), inputs)
        second += gradients.double().T @ gradients.double()
    return directions_of(second, most)


def directions_of(second: Tensor, most: int = MOST) -> Directions:
    """The eigenvectors of a mean of outer products [size, size], by falling eigenvalue."""
    import torch

    values, vectors = torch.linalg.eigh(second)
    strongest = vectors.flip(1)[:, :most].T
    largest = strongest.gather(1, strongest.abs().argmax(1, keepdim=True))
    whole = float(values.sum())
    shares = [float(value) / whole if whole > 0 else 0.0 for value in values.flip(0)[:most]]
    return Directions((strongest * largest.sign()).float(), tuple(max(0.0, share) for share in shares))

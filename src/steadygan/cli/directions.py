"""``steadygan sample --directions``: principal directions of a generator, as a list and as strips (GANSpace)."""

from __future__ import annotations

from pathlib import Path

from steadygan.cli.drawing import Drawing
from steadygan.errors import UsageError
from steadygan.run.sampling import Sampling

COLUMNS = 7
"""samples in a strip"""


def write_directions(drawing: Drawing, count: int, out: Path) -> None:
    """Writes a strip for each direction, and the steps beside it; prints the list.

    Args:
        drawing: whose generator, with the seed of latents, class, weights and round
        count: directions
        out: the picture

    Raises:
        UsageError: for runs that make no pictures and no points in the plane, and for too many directions.
    """
    from safetensors.torch import save

    from steadygan.report.samples import save_classes
    from steadygan.run.directions import REACH, directions, strips
    from steadygan.run.latent_files import ENDING
    from steadygan.system.files import written_aside

    run, seed = drawing.run, drawing.seed
    spec = run.sample_spec
    if not spec.is_picture and spec.shape != (2,):
        raise UsageError(f"{run.folder} makes {spec.plural}; directions are shown of pictures and points in the plane")
    sampling = Sampling(**drawing.options)
    label, weights, round_ = sampling.label, sampling.weights, sampling.round_
    found = directions(run, count, seed, label=label, weights=weights, round_=round_)
    made = strips(run, found, COLUMNS, seed, label=label, weights=weights, round_=round_)
    activations = f"of the activations of '{found.layer}', as steps in {found.space}"
    print(f"principal directions of {drawing.source}, {activations}:")
    total = 0.0
    for index, share in enumerate(found.shares, 1):
        total += share
        print(f"  {index:>3}  {100 * share:5.1f}% of the variance, {100 * total:5.1f}% so far")
    names = [f"{index}: {100 * share:.0f}%" for index, share in enumerate(found.shares, 1)]
    save_classes(made, list(range(count)), names, out)
    steps = out.with_suffix(ENDING)
    with written_aside(steps) as aside:
        aside.write_bytes(save({f"steps.{found.space}": found.steps.contiguous()}))
    print(f"sample {seed} from -{REACH:g} to {REACH:g} standard deviations along each: {out}")
    print(f"steps of one standard deviation, [{count}, {found.steps.shape[1]}]: {steps}")

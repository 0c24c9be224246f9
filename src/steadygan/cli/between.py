"""``steadygan sample --between``: interpolation between real pictures, by GAN inversion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.cli.drawing import Drawing
from steadygan.cli.inverting import read_file
from steadygan.errors import UsageError
from steadygan.run import Run
from steadygan.run.sampling import Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURES = 6
"""held-out pictures that are used if no files are named"""


def write_between(drawing: Drawing, files: Sequence[str], out: Path, steps: int) -> None:
    """Writes rows of a real picture, ``steps`` generated ones between, and the other real picture.

    A conditional generator is given the classes of the options in turn; None: drawn classes.

    Raises:
        UsageError: for files that are no pictures, and for runs on other data.
    """
    import numpy as np

    from steadygan.report.pictures import image_grid, save_picture
    from steadygan.report.samples import GRIDS

    if out.suffix.lower() not in GRIDS:
        raise UsageError(f"--between writes one picture, so --out has to end in .png or the like, got '{out}'")
    if steps < 2:
        raise UsageError(f"--count is {steps}; a strip between two pictures needs 2 or more")
    run, seed = drawing.run, drawing.seed
    first, second = _ends(run, files, seed)
    count = len(first)
    both = np.concatenate([first, second])
    chosen = Sampling(**drawing.options)
    weights, round_ = chosen.weights, chosen.round_
    labels = run.labels(count, seed, chosen.label)
    twice = None if labels is None else labels.repeat(2)
    latents = run.find_latents(both, seed=seed, labels=twice, weights=weights, round_=round_)
    strips = run.mix(latents[:count], latents[count:], steps, labels=labels, weights=weights, round_=round_)
    error = np.abs(np.concatenate([strips[0], strips[-1]]).astype(float) - both).mean()
    rows = np.stack([first, *strips, second], axis=1)
    text = f"Real pictures at both ends of each row, {steps} samples between their inverted latents"
    save_picture(image_grid(rows.reshape(-1, *first.shape[1:]), columns=steps + 2), out, text)
    print(f"mean error of the inversion: {error:.1f} of 255 levels")
    print(f"between real pictures, by {drawing.source}: {out}")


def _ends(run: Run, files: Sequence[str], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Real pictures [N, C, H, W] at both ends of N interpolations."""
    if not run.sample_spec.is_picture:
        raise UsageError(f"{run.folder} makes no pictures; --between is for pictures")
    if len(files) > 2:
        raise UsageError(f"--between takes 2 files at most, got {len(files)}")
    ends = [read_file(run, file)[0] for file in files] or [_held_out(run, seed)]
    if len(ends) == 1:
        return ends[0], ends[0][..., ::-1]
    first, second = ends
    if len(first) != len(second):
        raise UsageError(
            f"'{files[0]}' and '{files[1]}' hold {len(first)} and {len(second)} pictures; as many are needed"
        )
    return first, second


def _held_out(run: Run, seed: int) -> NDArray[np.uint8]:
    """Some of the held-out pictures, chosen by the seed."""
    import numpy as np

    from steadygan.data import open_data

    held_out = open_data(run.recipe.data).held_out.samples
    if not len(held_out):
        raise UsageError(f"{run.recipe.data.source} has no held-out pictures: name files after --between")
    rows = np.random.default_rng(seed).permutation(len(held_out))[:PICTURES]
    return np.array(held_out[np.sort(rows)], dtype=np.uint8)

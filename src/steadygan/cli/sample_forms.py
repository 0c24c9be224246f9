"""Forms of samples that ``steadygan sample`` writes, a function for each; each prints where it wrote."""

from __future__ import annotations

import argparse
from pathlib import Path

from steadygan.cli.drawing import Drawing
from steadygan.cli.inverting import read_targets, write_inversion
from steadygan.errors import UsageError
from steadygan.run.latent_files import read_latents
from steadygan.system.words import counted

GRID, STRIP, ANIMATED, OF_CLASS, MIXED, SHOWN = 64, 10, 16, 10, 6, 12
"""default numbers of samples"""
FRAMES = 48
STEPS, STARTS = 300, 8
"""of an inversion"""


def write_samples(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """A grid, lines, a table, an array or a folder."""
    import numpy as np

    from steadygan.report.samples import is_grid, save_blocks, save_grid

    run, count = drawing.run, values.count or GRID
    blocks, units = run.blocks(count, drawing.seed, **drawing.options), run.data.units
    if not run.conditional:  # labels of a generator that is not told them say nothing
        blocks = ((samples, None) for samples, _ in blocks)
    if run.alphabet is None and is_grid(out):
        save_grid(np.concatenate([samples for samples, _ in blocks]), out, units=units)
    else:
        dimensions = 1 + len(run.sample_spec.shape)
        save_blocks(blocks, out, count, run.alphabet, units, run.class_names, dimensions=dimensions)
    print(f"{counted(count, 'sample')} of {drawing.source}, seed {drawing.seed}: {out}")


def write_nearest(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """Samples beside the training images that are nearest to them."""
    from steadygan.evaluation.neighbours import nearest_of_run

    samples = drawing.run.sample(values.count or SHOWN, drawing.seed, **drawing.options)
    found = nearest_of_run(drawing.run, samples, values.nearest, data=values.data)
    found.save(out)
    said = f"{counted(len(samples), 'sample')} of {drawing.source} beside their nearest training images"
    print(f"{said}, seed {drawing.seed}: {out}")
    print(found.line)


def write_inverted(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """Latents of files, and their reconstructions."""
    run, options = drawing.run, drawing.options
    samples, names = read_targets(run, values.invert)
    found = run.invert(
        samples,
        steps=values.steps or STEPS,
        starts=values.starts or STARTS,
        seed=drawing.seed,
        label=options["label"],
        weights=options["weights"],
        round_=options["round_"],
    )
    write_inversion(run, samples, names, found, out, drawing.round)


def write_latents(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """The samples of a file of latents."""
    from steadygan.report.samples import save_samples

    run, latents = drawing.run, read_latents(Path(values.from_latent))
    samples = run.decode_latents(latents, weights=drawing.options["weights"], round_=drawing.options["round_"])
    labels = None if latents.labels is None or not run.conditional else latents.labels.numpy()
    save_samples(samples, out, labels, run.alphabet, run.data.units, run.class_names)
    print(f"{counted(len(samples), 'sample')} of {drawing.source}, of the latents in {values.from_latent}: {out}")


def write_mixing(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """A grid of mixed styles."""
    from steadygan.report.pictures import image_grid, save_picture
    from steadygan.report.samples import GRIDS

    if out.suffix.lower() not in GRIDS:
        raise UsageError(f"--mix-styles writes one picture, so --out has to end in .png or the like, got '{out}'")
    drawing.run.need_pictures("laid out in a grid")
    count = values.count or MIXED
    grid = drawing.run.style_mixing(count, count, values.mix_styles, drawing.seed, **drawing.options)
    picture = image_grid(grid.reshape(-1, *grid.shape[2:]), columns=count + 1)
    save_picture(picture, out, f"styles of rows in the first {values.mix_styles} layers, of columns in the others")
    print(f"mixed styles of {drawing.source}, seed {drawing.seed}: {out}")


def write_classes(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """A row of samples for each class."""
    from steadygan.report.samples import save_classes

    run, columns = drawing.run, values.count or OF_CLASS
    samples, classes = run.class_grid(columns, drawing.seed, **drawing.options)
    names = run.class_names
    save_classes(samples, classes, [names[number] if names else str(number) for number in classes], out, run.data.units)
    said = f"{counted(columns, 'sample')} of each of {len(classes)} classes of {drawing.source}"
    print(f"{said}, seed {drawing.seed}: {out}")


def write_path(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    """An interpolation, as a strip or an animation."""
    from steadygan.report.pictures import image_grid, interpolation_strip, save_picture, write_gif
    from steadygan.report.samples import GRIDS

    run, suffix = drawing.run, out.suffix.lower()
    if values.gif:
        if suffix != ".gif":
            raise UsageError(f"--gif writes an animation, so the ending of --out has to be .gif, got '{out}'")
        count = values.count or ANIMATED
        frames = run.interpolate(count, FRAMES, drawing.seed, loop=True, **drawing.options)
        write_gif([image_grid(samples) for samples in frames], out)
    else:
        if suffix not in GRIDS:
            raise UsageError(f"--interpolate writes one picture, so --out has to end in .png or the like, got '{out}'")
        run.need_pictures("interpolated")
        steps = values.count or STRIP
        between = run.interpolate_styles if values.styles else run.interpolate
        frames = between(1, steps, drawing.seed, **drawing.options)
        save_picture(interpolation_strip(frames[:, 0]), out, f"{steps} samples that interpolate between two latents")
    print(f"interpolation of {drawing.source}, seed {drawing.seed}: {out}")

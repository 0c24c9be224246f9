"""``steadygan sample``: samples as a grid, lines, a folder, an array file, an interpolation or an animation."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.between import PICTURES, write_between
from steadygan.cli.directions import write_directions
from steadygan.cli.drawing import Drawing, add_drawing, add_run, chosen, need_styles
from steadygan.cli.inverting import check_picture_path, named_after, read_targets, write_inversion
from steadygan.cli.outputs import add_overwrite, check_new_file, check_new_folder
from steadygan.cli.parser import Parser, at_least
from steadygan.errors import UsageError
from steadygan.run import Run
from steadygan.run.latent_files import ENDING, read_latents
from steadygan.run.layout import GENERATED
from steadygan.system.cache import free_bytes
from steadygan.system.words import byte_size

GRID, STRIP, ANIMATED, OF_CLASS, MIXED, SHOWN = 64, 10, 16, 10, 6, 12
"""default numbers of samples"""
FRAMES, NEAREST = 48, 5
STEPS, STARTS = 300, 8
"""of an inversion"""
MOST_POINTS = 1_000_000
"""in a picture of points"""
BLOCK_OF_DISK = 4096
"""bytes that a small file takes"""


def run(arguments: Sequence[str]) -> int:
    """Generates samples, writes them, and prints where."""
    parser = _parser()
    values = parser.parse(arguments)
    if values.interpolate + values.gif + (values.between is not None) > 1:
        raise UsageError("--interpolate, --gif and --between exclude each other; give one of them")
    if values.by_class and (values.interpolate or values.gif or values.between is not None):
        raise UsageError("--by-class makes a grid; --interpolate, --gif and --between take --class")
    _check_styles(values)
    if _check_exploring(values) and values.seed is None:
        values.seed = 0
    drawing = chosen(values, of_styles=bool(values.mix_styles or values.styles))
    out = Path(values.out) if values.out is not None else _default_path(drawing, values)
    _check_out(drawing.run, values, out, of_user=values.out is not None or drawing.drawn)
    named = {
        "--truncation": drawing.options["truncation"] is not None,
        "--mix-styles": values.mix_styles,
        "--styles": values.styles,
    }
    if of_styles := next((name for name, given in named.items() if given), None):
        need_styles(drawing, of_styles)
    if values.between is not None:
        if drawing.options["truncation"] is not None:
            raise UsageError("--truncation of styles is for random latents, and --between takes those of pictures")
        write_between(drawing.run, values.between, out, values.count or STRIP, drawing.seed, drawing.options)
    elif values.interpolate or values.gif:
        _write_path(drawing, values, out)
    elif values.by_class:
        _write_classes(drawing, values, out)
    elif values.mix_styles:
        _write_mixing(drawing, values, out)
    elif values.nearest:
        _write_nearest(drawing, values, out)
    elif values.invert is not None:
        _write_inverted(drawing, values, out)
    elif values.directions is not None:
        write_directions(drawing.run, values.directions, out, drawing.seed, drawing.options)
    elif values.from_latent is not None:
        _write_latents(drawing, values, out)
    else:
        _write_samples(drawing, values, out)
    return 0


def _parser() -> Parser:
    parser = Parser("sample", "Generates samples from a run's averaged generator.")
    add_run(parser)
    parser.add_argument("--count", type=at_least(1), metavar="N", help=f"how many (default: {GRID})")
    parser.add_argument(
        "--out",
        metavar="PATH",
        help=".png for a grid, .npz or .npy for arrays, .csv for tables, no ending for a folder of PNGs; .txt or .npz "
        "for text (default: in the run's folder)",
    )
    add_overwrite(parser)
    add_drawing(parser)
    parser.add_argument(
        "--by-class",
        action="store_true",
        help=f"one row per class of {OF_CLASS} (or --count) samples; a column shares its latent",
    )
    parser.add_argument(
        "--mix-styles",
        type=at_least(1),
        metavar="K",
        help="a grid of style-based generators: each row's styles in the first K layers, each column's in the others",
    )
    parser.add_argument(
        "--styles", action="store_true", help="with --interpolate: on a straight line in w, the space of styles"
    )
    parser.add_argument(
        "--nearest",
        type=at_least(1),
        nargs="?",
        const=NEAREST,
        metavar="K",
        help=f"each of {SHOWN} samples beside the K training images that are nearest to it by their pixels (default: "
        f"{NEAREST})",
    )
    parser.add_argument("--data", metavar="SOURCE", help="with --nearest: where the run's data is now, if it has moved")
    parser.add_argument(
        "--interpolate", action="store_true", help=f"a strip of {STRIP} samples that interpolate between two latents"
    )
    parser.add_argument("--gif", action="store_true", help=f"a looping interpolation of {ANIMATED} samples, as a .gif")
    parser.add_argument(
        "--between",
        nargs="*",
        metavar="FILE",
        help="interpolates between real pictures, by the latents of their nearest samples: from one file to another, "
        f"from one file to its mirror image, or without files from {PICTURES} held-out pictures to theirs",
    )
    parser.add_argument(
        "--invert",
        nargs="+",
        metavar="FILE",
        help="finds the latents (z) of pictures, of points in .csv, .npy or .npz, and shows reconstructions and errors",
    )
    parser.add_argument("--steps", type=at_least(1), metavar="N", help=f"of --invert (default: {STEPS})")
    parser.add_argument(
        "--starts", type=at_least(1), metavar="N", help=f"of --invert for each file (default: {STARTS})"
    )
    parser.add_argument(
        "--from-latent", metavar="FILE", help="the samples of latents that --invert or 'steadygan project' wrote"
    )
    parser.add_argument(
        "--directions",
        type=at_least(1),
        metavar="N",
        help="the N directions in which most changes, by principal components (GANSpace), with strips of one sample",
    )
    return parser


def _check_out(run: Run, values: argparse.Namespace, out: Path, *, of_user: bool) -> None:
    """Raises UsageError, before anything is drawn, unless the samples fit ``out`` in form, place and size.

    of_user: False for a name that tells all of what decides the samples, whose file may be replaced
    """
    from steadygan.report.sample_files import check_folder
    from steadygan.report.samples import check_form, is_grid

    overwrite = values.overwrite or not of_user
    explored = values.invert is not None or values.directions is not None
    one_picture = explored or values.interpolate or values.gif or values.between is not None
    one_picture = one_picture or values.mix_styles or values.nearest
    if explored:
        check_picture_path(out, "--invert" if values.invert is not None else "--directions")
        check_new_file(out.with_suffix(ENDING), overwrite=overwrite)
    if values.nearest:
        _check_nearest(run, out)
    if not one_picture:
        check_form(out, text=run.sample_spec.is_text, table=run.sample_spec.is_points)
    if out.is_dir() or not (one_picture or out.suffix):
        if out.is_dir() and values.overwrite:
            check_folder(out)
        check_new_folder(out, overwrite=overwrite)
    else:
        check_new_file(out, overwrite=overwrite)
    if one_picture or values.by_class or is_grid(out):
        _check_picture(run, values)
    else:
        _check_space(run, values.count or GRID, out)


def _check_picture(run: Run, values: argparse.Namespace) -> None:
    """Raises UsageError for more samples than one picture holds."""
    from steadygan.report.samples import most_in_grid

    if values.count is None:
        return
    spec = run.sample_spec
    most = most_in_grid(*spec.shape[-2:]) if spec.is_image else MOST_POINTS
    if values.gif:
        most //= FRAMES
    elif values.between is not None:
        most = most // max(1, PICTURES) - 2
    elif values.by_class:
        most //= min(20, max(1, spec.classes))
    if values.count > most:
        raise UsageError(
            f"--count is {values.count:,}, but one picture holds {max(0, most):,} of them: --out NAME "
            "without an ending makes a folder, --out NAME.npz an array"
        )


def _check_nearest(run: Run, out: Path) -> None:
    from steadygan.report.samples import GRIDS

    if not run.sample_spec.is_picture:
        raise UsageError(f"--nearest is of pictures, and {run.folder} makes {run.sample_spec.plural}")
    if out.suffix.lower() not in GRIDS:
        raise UsageError(f"--nearest writes one picture, so --out has to end in .png or the like, got '{out}'")


def _check_space(run: Run, count: int, out: Path) -> None:
    """Raises UsageError if the disk has less room than the samples take."""
    spec = run.sample_spec
    size = math.prod(spec.shape) * (1 if spec.is_picture or spec.is_text else 4)
    if not out.suffix or out.is_dir():
        size = max(size, BLOCK_OF_DISK)
    free = free_bytes(out.absolute().parent)
    if count * size > free:
        raise UsageError(
            f"--count is {count:,}, which takes {byte_size(count * size)} at '{out}', and {byte_size(free)} are free"
        )


def _default_path(drawing: Drawing, values: argparse.Namespace) -> Path:
    forms = (
        ("between", values.between is not None),
        ("interpolation", values.interpolate),
        ("mixing", values.mix_styles is not None),
        ("classes", values.by_class),
        ("nearest", values.nearest),
        ("inversion", values.invert is not None),
        ("directions", values.directions is not None),
        ("latents", values.from_latent is not None),
    )
    what = next((name for name, given in forms if given), "samples")
    marks = drawing.marks + (f"-layers-{values.mix_styles}" if values.mix_styles else "")
    marks += "-styles" if values.styles else ""
    marks += f"-{values.directions}" if values.directions else ""
    files = [values.from_latent] if values.from_latent else values.invert or []
    marks += f"-of-{named_after(files)}" if files else ""
    picture = what in ("between", "interpolation", "mixing", "nearest", "inversion", "directions")
    suffix = "gif" if values.gif else "png" if picture else file_ending(drawing.run)
    return drawing.run.folder / GENERATED / f"{what}-{marks}.{suffix}"


def file_ending(run: Run) -> str:
    """The ending of a file of samples, if none is named."""
    if run.sample_spec.is_text:
        return "txt"
    if run.data.units is None:
        return "png"
    return "csv" if run.sample_spec.is_points else "npy"


def _write_samples(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
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
    print(f"{count:,} samples of {run.folder}, seed {drawing.seed}: {out}")


def _write_nearest(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    from steadygan.evaluation.neighbours import nearest_of_run

    samples = drawing.run.sample(values.count or SHOWN, drawing.seed, **drawing.options)
    found = nearest_of_run(drawing.run, samples, values.nearest, data=values.data)
    found.save(out)
    said = f"{len(samples):,} samples of {drawing.run.folder} beside their nearest training images"
    print(f"{said}, seed {drawing.seed}: {out}")
    print(found.line)


def _check_styles(values: argparse.Namespace) -> None:
    """Raises UsageError for options of styles that do not go together."""
    if values.styles and not values.interpolate:
        raise UsageError("--styles goes with --interpolate: sample RUN --interpolate --styles")
    others = values.interpolate or values.gif or values.between is not None or values.by_class
    if values.nearest and (others or values.mix_styles):
        raise UsageError("--nearest makes a picture of its own, without --interpolate, --gif, --between and the like")
    if values.data is not None and not values.nearest:
        raise UsageError("--data says where the training images are, for --nearest")
    if values.mix_styles and others:
        raise UsageError("--mix-styles makes a grid of its own, without --interpolate, --gif, --between and --by-class")


def _check_exploring(values: argparse.Namespace) -> bool:
    """Whether latents or directions are sought or given; UsageError for options that do not go with that."""
    kinds = {"--invert": values.invert, "--from-latent": values.from_latent, "--directions": values.directions}
    given = [name for name, value in kinds.items() if value is not None]
    for name in ("steps", "starts"):
        if getattr(values, name) is not None and "--invert" not in given:
            raise UsageError(f"--{name} goes with --invert: sample RUN --invert FILE --{name} {getattr(values, name)}")
    others = {
        "--count": values.count is not None,
        "--by-class": values.by_class,
        "--truncation": values.truncation is not None,
        "--mix-styles": values.mix_styles is not None,
        "--styles": values.styles,
        "--nearest": values.nearest is not None,
        "--interpolate": values.interpolate,
        "--gif": values.gif,
        "--between": values.between is not None,
        "--class": "--from-latent" in given and values.classes is not None,
        "--seed": "--from-latent" in given and values.seed is not None,
    }
    both = [*given, *(name for name, is_given in others.items() if is_given)]
    if given and len(both) > 1:
        raise UsageError(f"{both[0]} and {both[1]} exclude each other; give one of them")
    return bool(given)


def _write_inverted(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
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
    write_inversion(run, samples, names, found, out)


def _write_latents(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.samples import save_samples

    run, latents = drawing.run, read_latents(Path(values.from_latent))
    samples = run.decode_latents(latents, weights=drawing.options["weights"], round_=drawing.options["round_"])
    labels = None if latents.labels is None or not run.conditional else latents.labels.numpy()
    save_samples(samples, out, labels, run.alphabet, run.data.units, run.class_names)
    print(f"{len(samples):,} samples of {run.folder}, of the latents in {values.from_latent}: {out}")


def _write_mixing(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.pictures import image_grid, save_picture
    from steadygan.report.samples import GRIDS

    if out.suffix.lower() not in GRIDS:
        raise UsageError(f"--mix-styles writes one picture, so --out has to end in .png or the like, got '{out}'")
    count = values.count or MIXED
    grid = drawing.run.style_mixing(count, count, values.mix_styles, drawing.seed, **drawing.options)
    picture = image_grid(grid.reshape(-1, *grid.shape[2:]), columns=count + 1)
    save_picture(picture, out, f"styles of rows in the first {values.mix_styles} layers, of columns in the others")
    print(f"mixed styles of {drawing.run.folder}, seed {drawing.seed}: {out}")


def _write_classes(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.samples import save_classes

    run, columns = drawing.run, values.count or OF_CLASS
    samples, classes = run.class_grid(columns, drawing.seed, **drawing.options)
    names = run.class_names
    save_classes(samples, classes, [names[number] if names else str(number) for number in classes], out, run.data.units)
    print(f"{columns:,} samples of each of {len(classes)} classes of {run.folder}, seed {drawing.seed}: {out}")


def _write_path(drawing: Drawing, values: argparse.Namespace, out: Path) -> None:
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
        steps = values.count or STRIP
        between = run.interpolate_styles if values.styles else run.interpolate
        frames = between(1, steps, drawing.seed, **drawing.options)
        save_picture(interpolation_strip(frames[:, 0]), out, f"{steps} samples that interpolate between two latents")
    print(f"interpolation of {run.folder}, seed {drawing.seed}: {out}")

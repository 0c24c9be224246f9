"""What options of ``steadygan sample`` have to be, before anything is drawn: which go together, and whether it fits."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from steadygan.cli.between import PICTURES
from steadygan.cli.inverting import check_picture_path
from steadygan.cli.outputs import check_new_file, check_new_folder
from steadygan.cli.sample_forms import FRAMES, GRID
from steadygan.errors import UsageError
from steadygan.run import Run
from steadygan.run.latent_files import ENDING
from steadygan.system.cache import free_bytes
from steadygan.system.words import byte_size

MOST_POINTS = 1_000_000
"""in a picture of points"""
BLOCK_OF_DISK = 4096
"""bytes that a small file takes"""


def check_styles(values: argparse.Namespace) -> None:
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


def check_exploring(values: argparse.Namespace) -> bool:
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


def check_out(run: Run, values: argparse.Namespace, out: Path, *, of_user: bool) -> None:
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

"""``steadygan sample``: samples as a grid, lines, a folder, an array file, an interpolation or an animation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from steadygan.cli import sample_forms as forms
from steadygan.cli.between import PICTURES, write_between
from steadygan.cli.directions import write_directions
from steadygan.cli.drawing import Drawing, add_drawing, add_run, chosen, need_styles
from steadygan.cli.inverting import marks_of_descent, named_after
from steadygan.cli.outputs import add_overwrite
from steadygan.cli.parser import Parser, at_least
from steadygan.cli.sample_checks import check_exploring, check_out, check_styles
from steadygan.cli.sample_forms import ANIMATED, GRID, OF_CLASS, SHOWN, STARTS, STEPS, STRIP
from steadygan.errors import UsageError
from steadygan.run import Run
from steadygan.run.layout import GENERATED

NEAREST = 5
"""training images beside a sample"""


def run(arguments: Sequence[str]) -> int:
    """Generates samples, writes them, and prints where."""
    parser = _parser()
    values = parser.parse(arguments)
    if values.interpolate + values.gif + (values.between is not None) > 1:
        raise UsageError("--interpolate, --gif and --between exclude each other; give one of them")
    if values.by_class and (values.interpolate or values.gif or values.between is not None):
        raise UsageError("--by-class makes a grid; --interpolate, --gif and --between take --class")
    check_styles(values)
    if check_exploring(values) and values.seed is None:
        values.seed = 0
    drawing = chosen(values, of_styles=bool(values.mix_styles or values.styles))
    out = Path(values.out) if values.out is not None else _default_path(drawing, values)
    check_out(drawing.run, values, out, of_user=values.out is not None or drawing.drawn)
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
        write_between(drawing, values.between, out, values.count or STRIP)
    elif values.interpolate or values.gif:
        forms.write_path(drawing, values, out)
    elif values.by_class:
        forms.write_classes(drawing, values, out)
    elif values.mix_styles:
        forms.write_mixing(drawing, values, out)
    elif values.nearest:
        forms.write_nearest(drawing, values, out)
    elif values.invert is not None:
        forms.write_inverted(drawing, values, out)
    elif values.directions is not None:
        write_directions(drawing, values.directions, out)
    elif values.from_latent is not None:
        forms.write_latents(drawing, values, out)
    else:
        forms.write_samples(drawing, values, out)
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
        help="finds the latents (z) of pictures, also in .npy or .npz, or of points (.csv too), and shows "
        "reconstructions and errors",
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
    files = [values.from_latent] if values.from_latent else values.invert or values.between or []
    marks += f"-of-{named_after(files)}" if files else ""
    marks += marks_of_descent(values.steps, values.starts)
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

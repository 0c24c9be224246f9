"""``steadygan project``: projection of pictures into w, the space of styles of StyleGAN2."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import api
from steadygan.cli.drawing import marks_of_weights
from steadygan.cli.inverting import (
    check_picture_path,
    marks_of_descent,
    named_after,
    read_targets,
    write_inversion,
)
from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import ROUND, Parser, add_kinds, at_least, chosen_round, round_or_best
from steadygan.errors import UsageError
from steadygan.kinds import check_used, import_kinds
from steadygan.run import Run
from steadygan.run.latent_files import ENDING
from steadygan.run.layout import GENERATED
from steadygan.run.styles import has_styles

if TYPE_CHECKING:
    from steadygan.data.dataset import Samples
    from steadygan.run.inversions import Inversion

STEPS = 500


def run(arguments: Sequence[str]) -> int:
    """Projects pictures, writes reconstructions, latents and the way, and prints the errors."""
    parser = _parser()
    values = parser.parse(arguments)
    loaded = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(loaded.kinds, loaded.recipe)
    if not has_styles(loaded.recipe):
        raise UsageError(
            f"projection into w is for generators that map latents to styles (recipe stylegan2 and its kin), but "
            f"{loaded.folder} is of '{loaded.recipe.name}': 'steadygan sample {loaded.folder} --invert FILE' searches z"
        )
    round_ = chosen_round(loaded, values.round)
    label = None if values.classes is None else loaded.class_numbers(values.classes)
    out = Path(values.out) if values.out is not None else _default_path(loaded, values, round_, label)
    overwrite = values.overwrite or values.out is None
    check_picture_path(out, "project")
    paths = [out, out.with_suffix(ENDING), _film(out)]
    if len({path.name for path in paths}) < len(paths):
        raise UsageError(f"--out is '{out}', the name of the film of the way: name a .png")
    for path in paths:
        check_new_file(path, overwrite=overwrite)
    samples, names = read_targets(loaded, values.images)
    found = loaded.project(
        samples,
        steps=values.steps,
        starts=values.starts,
        seed=values.seed,
        label=label,
        weights="raw" if values.raw else "average",
        round_=round_,
    )
    write_inversion(loaded, samples, names, found, out, round_)
    if loaded.sample_spec.is_picture:
        _write_way(found, samples, _film(out))
        print(f"the way from the mean style: {_film(out)}")
    return 0


def _parser() -> Parser:
    parser = Parser("project", "Finds the style and noise of a StyleGAN2 run that make a picture (projection into w).")
    parser.add_argument("run", metavar="RUN", help="a name below runs/ or a folder")
    parser.add_argument(
        "images", nargs="+", metavar="IMAGE", help="picture files, brought to the run's size; .npy, .npz"
    )
    parser.add_argument(
        "--steps", type=at_least(1), default=STEPS, metavar="N", help=f"of Adam (default: {STEPS}; 1,000 in the paper)"
    )
    parser.add_argument(
        "--starts", type=at_least(1), default=1, metavar="N", help="the mean style (1, the default), and others near by"
    )
    parser.add_argument(
        "--seed", type=at_least(0), default=0, metavar="S", help="of the noise and the mean style (default: 0)"
    )
    parser.add_argument(
        "--out",
        metavar="PATH",
        help="a .png; the latents (.safetensors) and the way (.gif) go beside it (default: in the run's folder)",
    )
    add_overwrite(parser)
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        metavar="C",
        help="the class of the pictures, by number or name: conditional recipes (repeatable, in turn)",
    )
    parser.add_argument("--raw", action="store_true", help="the trained weights, not their running average")
    parser.add_argument("--round", type=round_or_best, metavar="R", help=ROUND)
    add_kinds(parser)
    return parser


def _default_path(run: Run, values: argparse.Namespace, round_: int, classes: Sequence[int] | None) -> Path:
    """A name that tells all of what decides the result, whose file may be replaced."""
    steps, starts = (None if given == usual else given for given, usual in ((values.steps, STEPS), (values.starts, 1)))
    marks = f"round-{round_}-seed-{values.seed}"
    marks += marks_of_weights(classes, values.raw) + marks_of_descent(steps, starts)
    return run.folder / GENERATED / f"projection-of-{named_after(values.images)}-{marks}.png"


def _film(out: Path) -> Path:
    return out.with_suffix(".gif")


def _write_way(found: Inversion, samples: Samples, path: Path) -> None:
    """An animation: each target beside the sample at that step."""
    import numpy as np

    from steadygan.report.pictures import image_grid, write_gif

    pairs = [np.stack([samples, frame], 1).reshape(-1, *frame.shape[1:]) for frame in found.frames]
    columns = 2 * max(1, round(len(found.latents) ** 0.5 / 2**0.5))
    frames = [image_grid(pair, columns=columns) for pair in pairs]
    write_gif([*frames, *[frames[-1]] * 10], path)

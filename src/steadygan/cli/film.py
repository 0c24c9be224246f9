"""``steadygan film``: an interpolation, a walk through latent space, or the training of a run as a film."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import api
from steadygan.cli.drawing import add_drawing, add_run, chosen
from steadygan.cli.outputs import add_overwrite, check_new_file
from steadygan.cli.parser import Parser, at_least, positive
from steadygan.errors import UsageError
from steadygan.kinds import import_kinds
from steadygan.run import Run
from steadygan.run.layout import GENERATED
from steadygan.system.words import duration

if TYPE_CHECKING:
    from PIL import Image

SUBJECTS = ("interpolation", "walk", "training")
COUNT, STOPS, MOST = 16, 5, 1_000_000_000
"""samples and stops by default; pixels of all frames together"""
INTERPOLATION, LEG = 4.0, 1.5
"""seconds of an interpolation, and of a walk from one stop to the next"""
RATES = {".mp4": 24, ".webp": 20, ".gif": 12.5}
"""frames a second by default"""
TRAINING = 10.0
"""pictures of a training a second"""
LONGEST = 12.0
"""seconds of a training's film, unless another time is named"""


def run(arguments: Sequence[str]) -> int:
    """Draws the frames, writes the film, and prints where."""
    values = _parser().parse(arguments)
    if values.of == "training":
        return _of_training(values)
    if values.stops is not None and values.of != "walk":
        raise UsageError("--stops are of a walk: --of walk")
    drawing = chosen(values)
    run = drawing.run
    if not run.sample_spec.is_picture:
        raise UsageError(f"{run.folder} makes {run.sample_spec.plural}; films are of pictures, or --of training")
    out = _out(values, run, f"{values.of}-{drawing.marks}", of_user=drawing.drawn)
    stops = values.stops or STOPS
    seconds = values.seconds or (INTERPOLATION if values.of == "interpolation" else LEG * stops)
    legs = stops if values.of == "walk" else 1
    steps = max(2, round(RATES[out.suffix.lower()] * seconds / legs))
    count = values.count or COUNT
    _check_size(run, count * steps * legs)
    _check_speed(steps * legs, seconds)
    if values.of == "walk":
        frames = run.walk(count, stops, steps, drawing.seed, **drawing.options)
    else:
        frames = run.interpolate(count, steps, drawing.seed, loop=True, **drawing.options)
    from steadygan.report.films import write_film
    from steadygan.report.pictures import image_grid

    write_film(map(image_grid, frames), out, seconds / len(frames))
    print(f"{values.of} of {drawing.source}, {duration(seconds)}, seed {drawing.seed}: {out}")
    return 0


def _parser() -> Parser:
    parser = Parser("film", "Makes a film of a run: of samples that change into each other, or of its training.")
    add = parser.add_argument
    add_run(parser)
    add(
        "--of",
        choices=SUBJECTS,
        default=SUBJECTS[0],
        help="interpolation (default): once around in latent space; walk: past several random latents and back; "
        "training: the pictures of fixed latents that the run keeps",
    )
    add("--count", type=at_least(1), metavar="N", help=f"samples in a frame (default: {COUNT})")
    add("--stops", type=at_least(2), metavar="N", help=f"random latents that a walk passes (default: {STOPS})")
    add("--seconds", type=positive, metavar="S", help="of the film (default: by what it shows)")
    add(
        "--out",
        metavar="FILE",
        help=".mp4 (the extra video), .webp or .gif (default: in the run's folder, .mp4 if it can be)",
    )
    add_overwrite(parser)
    add_drawing(parser)
    return parser


def _out(values: argparse.Namespace, run: Run, name: str, *, of_user: bool) -> Path:
    """The path of the film, at which a new file can be written."""
    from steadygan.report.films import check_film, has_video

    ending = "mp4" if has_video() else "gif"
    out = Path(values.out) if values.out is not None else run.folder / GENERATED / f"{name}.{ending}"
    check_film(out)
    check_new_file(out, overwrite=values.overwrite or not (of_user or values.out is not None))
    return out


def _of_training(values: argparse.Namespace) -> int:
    """The film of the pictures that a run keeps."""
    of_drawing = {
        "--count": values.count,
        "--stops": values.stops,
        "--seed": values.seed,
        "--class": values.classes,
        "--truncation": values.truncation,
        "--raw": values.raw or None,
        "--round": values.round,
    }
    given = next((name for name, value in of_drawing.items() if value is not None), None)
    if given is not None:
        raise UsageError(f"{given} is of samples that are drawn; the film of a training shows those that the run keeps")
    from steadygan.report.films import HELD, training_frames, training_pictures, write_film

    run = api.load(values.run, kinds=import_kinds(values.kinds))
    pictures = training_pictures(run.folder)
    out = _out(values, run, f"training-round-{run.rounds_done}", of_user=False)
    seconds = values.seconds or min(LONGEST, HELD + len(pictures) / TRAINING)
    moving = max(seconds - HELD, seconds / 2)
    each = moving / len(pictures)
    held = round((seconds - moving) / each)
    _check_speed(len(pictures) + held, seconds)
    write_film(_held(training_frames(pictures, run.recipe.rounds), held), out, each)
    print(f"training of {run.folder}, {len(pictures)} pictures, {duration(seconds)}: {out}")
    return 0


def _held(frames: Iterator[Image.Image], times: int) -> Iterator[Image.Image]:
    """The frames, the last one as often again."""
    frame = None
    for frame in frames:
        yield frame
    if frame is not None:
        yield from itertools.repeat(frame, times)


def _check_size(run: Run, count: int) -> None:
    """Raises UsageError for more samples than memory is meant for."""
    from math import prod

    pixels = count * prod(run.sample_spec.shape)
    if pixels > MOST:
        raise UsageError(
            f"the film has {pixels:,} values in its frames, {MOST:,} are allowed: less --count, --stops or --seconds"
        )


def _check_speed(frames: int, seconds: float) -> None:
    from steadygan.report.films import LONGEST as LONGEST_FRAME
    from steadygan.report.films import SHORTEST

    if not frames * SHORTEST <= seconds <= frames * LONGEST_FRAME:
        least, most = frames * SHORTEST, frames * LONGEST_FRAME
        raise UsageError(f"--seconds is {seconds:g}; {frames} frames take {least:.2g} to {most:,.0f} s")

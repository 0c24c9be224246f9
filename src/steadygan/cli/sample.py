"""``steadygan sample``: samples as a grid, lines, a folder, an array file, an interpolation or an animation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from steadygan import api
from steadygan.cli.between import PICTURES, write_between
from steadygan.cli.parser import ROUND, Parser, add_kinds, at_least, chosen_round, round_or_best
from steadygan.errors import UsageError
from steadygan.kinds import check_used, import_kinds
from steadygan.run import Run, Weights
from steadygan.run.layout import GENERATED

GRID, STRIP, ANIMATED, OF_CLASS = 64, 10, 16, 10
"""default numbers of samples"""
FRAMES = 48


def run(arguments: Sequence[str]) -> int:
    """Generates samples, writes them, and prints where."""
    parser = Parser("sample", "Generates samples from a run's averaged generator.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    parser.add_argument("--count", type=at_least(1), metavar="N", help=f"how many (default: {GRID})")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="S", help="of the latents (default: 0)")
    parser.add_argument(
        "--out",
        metavar="PATH",
        help=".png for a grid, .npz or .npy for arrays, .csv for tables, no ending for a folder of PNGs; .txt or .npz "
        "for text (default: in the run's folder)",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        metavar="C",
        help="a class, by number or name, or several with commas between them (repeatable): conditional recipes",
    )
    parser.add_argument(
        "--by-class",
        action="store_true",
        help=f"one row per class of {OF_CLASS} (or --count) samples; a column shares its latent",
    )
    parser.add_argument("--raw", action="store_true", help="the trained weights, not their running average")
    parser.add_argument("--round", type=round_or_best, metavar="R", help=ROUND)
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
    add_kinds(parser)
    values = parser.parse(arguments)
    if values.interpolate + values.gif + (values.between is not None) > 1:
        raise UsageError("--interpolate, --gif and --between exclude each other; give one of them")
    if values.by_class and (values.interpolate or values.gif or values.between is not None):
        raise UsageError("--by-class makes a grid; --interpolate, --gif and --between take --class")
    loaded = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(loaded.kinds, loaded.recipe)
    values.round = chosen_round(loaded, values.round)
    if values.classes is not None:
        values.classes = loaded.class_numbers(values.classes)
    out = Path(values.out) if values.out else _default_path(loaded, values)
    loaded.checkpoint(values.round)
    if values.between is not None:
        steps = values.count or STRIP
        write_between(
            loaded,
            values.between,
            out,
            steps,
            values.seed,
            values.classes,
            weights=_weights(values),
            round_=values.round,
        )
    elif values.interpolate or values.gif:
        _write_path(loaded, values, out)
    elif values.by_class:
        _write_classes(loaded, values, out)
    else:
        _write_samples(loaded, values, out)
    return 0


def _default_path(run: Run, values: argparse.Namespace) -> Path:
    at = f"round-{values.round or run.rounds_done}"
    forms = (
        ("between", values.between is not None),
        ("interpolation", values.interpolate),
        ("classes", values.by_class),
    )
    what = next((name for name, given in forms if given), "samples")
    of = "" if values.classes is None else "-class-" + "-".join(map(str, values.classes[:20]))
    raw = "-raw" if values.raw else ""
    suffix = "gif" if values.gif else "png" if what in ("between", "interpolation") else file_ending(run)
    return run.folder / GENERATED / f"{what}-{at}-seed-{values.seed}{of}{raw}.{suffix}"


def file_ending(run: Run) -> str:
    """The ending of a file of samples, if none is named."""
    if run.sample_spec.is_text:
        return "txt"
    if run.data.units is None:
        return "png"
    return "csv" if run.sample_spec.is_points else "npy"


def _weights(values: argparse.Namespace) -> Weights:
    return "raw" if values.raw else "average"


def _write_samples(run: Run, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.samples import save_samples

    count = values.count or GRID
    samples = run.sample(count, values.seed, label=values.classes, weights=_weights(values), round_=values.round)
    drawn = run.labels(count, values.seed, values.classes) if run.conditional else None
    labels = None if drawn is None else drawn.numpy()
    save_samples(samples, out, labels, run.alphabet, run.data.units, run.class_names)
    print(f"{count:,} samples of {run.folder}: {out}")


def _write_classes(run: Run, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.samples import save_classes

    columns = values.count or OF_CLASS
    samples, classes = run.class_grid(
        columns, values.seed, label=values.classes, weights=_weights(values), round_=values.round
    )
    names = run.class_names
    save_classes(samples, classes, [names[number] if names else str(number) for number in classes], out, run.data.units)
    print(f"{columns:,} samples of each of {len(classes)} classes of {run.folder}: {out}")


def _write_path(run: Run, values: argparse.Namespace, out: Path) -> None:
    from steadygan.report.pictures import image_grid, interpolation_strip, save_picture, write_gif
    from steadygan.report.samples import GRIDS

    weights, suffix = _weights(values), out.suffix.lower()
    if values.gif:
        if suffix != ".gif":
            raise UsageError(f"--gif writes an animation, so the ending of --out has to be .gif, got '{out}'")
        count = values.count or ANIMATED
        frames = run.interpolate(
            count, FRAMES, values.seed, loop=True, label=values.classes, weights=weights, round_=values.round
        )
        write_gif([image_grid(samples) for samples in frames], out)
    else:
        if suffix not in GRIDS:
            raise UsageError(f"--interpolate writes one picture, so --out has to end in .png or the like, got '{out}'")
        steps = values.count or STRIP
        frames = run.interpolate(1, steps, values.seed, label=values.classes, weights=weights, round_=values.round)
        save_picture(interpolation_strip(frames[:, 0]), out, f"{steps} samples that interpolate between two latents")
    print(f"interpolation of {run.folder}: {out}")

"""``steadygan sample --invert`` and ``steadygan project``: pictures found by a generator, errors and latents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError
from steadygan.run import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steadygan.data.dataset import Samples
    from steadygan.run.inversions import Inversion

ARRAYS = (".npy", ".npz")
MOST = 256
"""files in one call"""
_AMPLIFIED = 4
"""by which differences are shown"""


def read_picture(run: Run, file: str) -> NDArray[np.uint8]:
    """A picture file [C, H, W] in the shape of the run's samples.

    Raises:
        UsageError: for a file that is missing, or no picture that fits.
    """
    from steadygan.data.images.decode import Plan, decode, quiet_pillow
    from steadygan.data.images.depth import Levels, Unreadable

    path = Path(file)
    _need_file(path)
    channels, *sides = run.sample_spec.shape
    levels = Levels(**{depth: tuple(ends) for depth, ends in run.data.audit.get("levels", {}).items()})
    try:
        with quiet_pillow():
            return decode(path, Plan.of((channels, *sides), run.recipe.data.fit, levels))
    except Unreadable as error:
        raise UsageError(f"'{file}' cannot be used: {error}") from None


def read_targets(run: Run, files: Sequence[str]) -> tuple[Samples, list[str]]:
    """Samples [N, ...] of files, and a name for each: pictures, and the rows of .npy, .npz and (of tables) .csv files.

    Raises:
        UsageError: one line, for what is no such file, or does not fit the run's samples.
    """
    import numpy as np

    if run.sample_spec.is_text:
        raise UsageError(f"{run.folder} makes text, whose characters have no gradient; inversion is for numbers")
    if len(files) > MOST:
        raise UsageError(f"got {len(files)} files; at most {MOST} are inverted at once")
    read = [read_file(run, file) for file in files]
    return np.concatenate([block for block, _ in read]), [name for _, names in read for name in names]


def read_file(run: Run, file: str) -> tuple[Samples, list[str]]:
    """The samples [N, ...] of one file, and a name for each.

    Raises:
        UsageError: one line, for what is no such file, or does not fit the run's samples.
    """
    if run.sample_spec.is_picture and Path(file).suffix.lower() not in ARRAYS:
        return read_picture(run, file)[None], [Path(file).name]
    rows = _rows(run, Path(file))
    return rows, [f"{Path(file).name} {row + 1}" for row in range(len(rows))]


def _rows(run: Run, path: Path) -> Samples:
    """The samples [N, ...] of one file of numbers."""
    import numpy as np

    from steadygan.data.numbers.source import rows_by_name
    from steadygan.data.options import DataOptions
    from steadygan.data.reading import reading
    from steadygan.data.sources.csv_table import open_csv
    from steadygan.system.regular import open_regular

    shape, suffix = run.sample_spec.shape, path.suffix.lower()
    _need_file(path)
    if suffix not in (".npy", ".npz", ".csv"):
        raise UsageError(f"'{path}' has no numbers that are read here: .npy, .npz or .csv is needed")
    with reading(path, suffix[1:]), open_regular(path) as file:
        if suffix == ".csv":
            loaded = rows_by_name(open_csv(path, path.name, DataOptions()), _column_names(run))
        else:
            loaded = np.load(file, allow_pickle=False)
            if suffix == ".npz":
                names = [name for name in loaded.files if name not in ("labels", "columns")]
                if len(names) != 1:
                    raise UsageError(f"'{path}' holds {len(names)} arrays of samples; one is needed")
                loaded = loaded[names[0]]
    rows = _in_layout(loaded, shape, last=suffix == ".npz")
    pictures = run.sample_spec.is_picture
    if (
        rows.shape[1:] != shape
        or not len(rows)
        or not (rows.dtype == "uint8" if pictures else rows.dtype.kind in "fiu")
    ):
        raise UsageError(
            f"'{path}' holds {rows.dtype} {list(rows.shape)}; needed: {'uint8' if pictures else 'numbers'} "
            f"[N, {', '.join(map(str, shape))}]"
        )
    if pictures and len(rows) > MOST:
        raise UsageError(f"'{path}' holds {len(rows):,} pictures; at most {MOST} are taken at once")
    return np.asarray(rows)


def _in_layout(loaded: Samples, shape: tuple[int, ...], *, last: bool) -> Samples:
    """Samples [N, C, ...] of an array of one or several, whose channels come first or last.

    last: how it is where both would fit
    """
    import numpy as np

    channels_last = (*shape[1:], shape[0])
    forms = (channels_last, shape) if last else (shape, channels_last)
    form = next((each for each in forms if loaded.shape[-len(each) :] == each), shape)
    rows = loaded[None] if loaded.shape == form else loaded
    fits = form == channels_last != shape and rows.shape[1:] == form
    return np.moveaxis(rows, -1, 1) if fits else rows


def _need_file(path: Path) -> None:
    """Raises UsageError for what is not there, and for a folder."""
    if not path.exists():
        raise UsageError(f"there is no file '{path}'")
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder; needed: files, such as {path}/*")


def _column_names(run: Run) -> tuple[str, ...]:
    """The names of the columns that a run was trained on; none of a run on points without them."""
    units = run.data.units
    return () if units is None else units.names


def named_after(files: Sequence[str]) -> str:
    """The stems of some files and a mark of their places, for the name of what is made of these and of no others."""
    more = f"-and-{len(files) - 3}-more" if len(files) > 3 else ""
    places = hashlib.sha256("\0".join(os.path.abspath(file) for file in files).encode(errors="surrogateescape"))
    return "-".join(Path(file).stem[:24] for file in files[:3]) + f"{more}-{places.hexdigest()[:6]}"


def marks_of_descent(steps: int | None, starts: int | None) -> str:
    """What in the name of a file tells of steps and starts; '' for the usual ones (None)."""
    return (f"-steps-{steps}" if steps else "") + (f"-starts-{starts}" if starts else "")


def check_picture_path(out: Path, option: str) -> None:
    """Raises UsageError unless a picture can be written under this name."""
    from steadygan.report.samples import GRIDS

    if out.suffix.lower() not in GRIDS:
        raise UsageError(f"{option} writes one picture, so --out has to end in .png or the like, got '{out}'")


def write_inversion(run: Run, samples: Samples, names: Sequence[str], found: Inversion, out: Path, round_: int) -> None:
    """Writes the picture and the latents beside it, and prints the error of each sample."""
    from steadygan.run.latent_files import ENDING, write_latents

    pictured = _picture(run, samples, found, out)
    facts = {"run": run.folder.name, "recipe": run.recipe.name, "round": str(round_)}
    latents = write_latents(out.with_suffix(ENDING), found.latents, facts)
    unit = " of 255 levels" if run.sample_spec.is_picture else ""
    for index, name in enumerate(names):
        print(
            f"{name}: error {found.errors[index]:.3g}{unit}, {found.first_errors[index]:.3g} at the start"
            f"{_class_of(run, found, index)}{_spread(found, index)}"
        )
    print(f"mean error {found.errors.mean():.3g}{unit}, by {found.distance}")
    if pictured:
        print(f"targets, reconstructions, and differences times {_AMPLIFIED}: {out}" if samples.ndim == 4 else str(out))
    space = found.latents.space
    of_round = "" if round_ == run.rounds_done else f" --round {round_}"
    print(f"latents ({space}) for 'steadygan sample {run.folder} --from-latent {latents}{of_round}'")


def _class_of(run: Run, found: Inversion, index: int) -> str:
    labels = found.latents.labels
    if labels is None:
        return ""
    number = int(labels[index])
    return f", class {run.class_names[number] if run.class_names else number}"


def _spread(found: Inversion, index: int) -> str:
    """How many of several starts ended near the best of them."""
    tries = found.tries[:, index]
    if len(tries) < 2:
        return ""
    near = int((tries <= 1.1 * tries.min() + 1e-12).sum())
    return f"; {near} of {len(tries)} starts ended within 10% of the best"


def _picture(run: Run, samples: Samples, found: Inversion, out: Path) -> bool:
    """Three rows of pictures: targets, reconstructions, differences; of points in the plane arrows. False: neither."""
    from steadygan.report.pictures import image_grid, save_picture
    from steadygan.report.surfaces import pairs_of_points

    text = f"{len(samples)} targets, what the generator makes of their latents, and the differences"
    if run.sample_spec.is_picture:
        save_picture(image_grid(_columns(run, samples, found.reconstructions), columns=3), out, text)
        return True
    if samples.ndim == 2 and samples.shape[1] == 2:
        save_picture(pairs_of_points(samples, found.reconstructions), out, text)
        return True
    return False


def _columns(run: Run, samples: Samples, made: Samples) -> Any:
    """[3 N, C, H, W]: target, reconstruction and difference about grey, one sample a row."""
    import numpy as np

    from steadygan.run.inversion_parts import compared
    from steadygan.types import has_alpha

    wanted, got = (compared(run, each).astype(np.float32) for each in (samples, made))
    off = 128 + _AMPLIFIED * (got - wanted)
    shown = off.clip(0, 255).astype(np.uint8)
    if has_alpha(samples.shape[1]):
        shown[:, -1] = 255
    return np.stack([samples, made, shown], 1).reshape(-1, *samples.shape[1:])

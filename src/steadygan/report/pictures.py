"""Samples as pictures: grids, strips, animations, and the observer that writes them during a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from steadygan.data.numbers import drawing
from steadygan.errors import UsageError
from steadygan.report.guarded import Guarded
from steadygan.report.lines import save_lines
from steadygan.run.layout import lines_path, picture_path, scales_path
from steadygan.system.files import written_aside
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart
from steadygan.types import has_alpha

if TYPE_CHECKING:
    from PIL import ImageFont

GAP = 2
"""least screen pixels between the tiles of a grid; half an enlarged pixel if that is more"""
EYE = 64
"""a tile's side, in screen pixels, below which small images are enlarged"""
SHOWN_SCALES = 12
"""most samples that are shown at all their sizes"""
SMALLEST, LARGEST = 256, 2048
"""a grid's side, in screen pixels: enlarged to at least the first, never beyond the second"""
_LIGHT, _DARK = np.float32(255), np.float32(230)  # squares under transparent parts
_NAME = 20  # most characters of a class's name that are shown


def image_grid(samples: NDArray[np.uint8], columns: int | None = None, scale: int | None = None) -> Image.Image:
    """One picture with all samples as tiles, row by row from the top left, a thin gap between them.

    Transparent parts show a light chequerboard: white that is opaque looks otherwise.

    samples: uint8 [N, C, H, W] with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels.
    columns: tiles a row; None makes the picture nearly square.
    scale: integer factor by which each pixel is enlarged (nearest neighbour); None enlarges small images to a
    visible size.
    """
    _check_images(samples)
    count, _, height, width = samples.shape
    if columns is not None and columns < 1:
        raise UsageError(f"columns of a grid must be at least 1, got {columns}")
    columns = min(count, columns or _near_square(count, height, width))
    rows = math.ceil(count / columns)
    scale = scale or _visible_scale(max(columns * width, rows * height), max(height, width))

    tiles = _on_chequers(samples.repeat(scale, axis=2).repeat(scale, axis=3)).transpose(0, 2, 3, 1)
    height, width = height * scale, width * scale
    gap = max(GAP, scale // 2)
    canvas = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, tiles.shape[-1]), 128, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top, left = row * (height + gap), column * (width + gap)
        canvas[top : top + height, left : left + width] = tile
    return Image.fromarray(canvas[..., 0] if canvas.shape[-1] == 1 else canvas)


def beside(first: Image.Image, second: Image.Image, gap: int = 12) -> Image.Image:
    """Two pictures side by side, with white between them."""
    canvas = Image.new(first.mode, (first.width + gap + second.width, max(first.height, second.height)), "white")
    canvas.paste(first, (0, 0))
    canvas.paste(second, (first.width + gap, 0))
    return canvas


def class_grid(samples: NDArray[np.uint8], names: Sequence[str], scale: int | None = None) -> Image.Image:
    """One row of tiles for each class, its name to the left of it.

    samples: uint8 [classes, columns, C, H, W]. names: of the classes.
    """
    from PIL import ImageDraw

    if samples.ndim != 5 or len(samples) != len(names):
        raise UsageError(
            f"a grid of classes needs samples [classes, columns, C, H, W] and as many names, got {list(samples.shape)} "
            f"and {len(names)} names"
        )
    rows, columns = samples.shape[:2]
    grid = image_grid(samples.reshape(rows * columns, *samples.shape[2:]), columns, scale)
    grid = on_white(grid)
    height = grid.height / rows
    font = font_of_size(max(9, min(16, round(height / 2))))
    shown = [name if len(name) <= _NAME else f"{name[: _NAME - 1]}…" for name in names]
    margin = math.ceil(max(font.getlength(name) for name in shown)) + 12
    canvas = Image.new(grid.mode, (margin + grid.width, grid.height), "white")
    canvas.paste(grid, (margin, 0))
    draw_on = ImageDraw.Draw(canvas)
    for row, name in enumerate(shown):
        draw_on.text((margin - 6, (row + 0.5) * height), name, fill="black", font=font, anchor="rm")
    return canvas


def scales_grid(
    scales: Sequence[NDArray[np.uint8]], columns: int = SHOWN_SCALES, scale: int | None = None
) -> Image.Image:
    """The first samples at all their sizes, enlarged to one: a row per size, coarse to fine, a column per sample.

    scales: uint8 [N, C, H, W] each, of the same samples. scale: by which the finest one is enlarged, as for a grid.
    """
    side = scales[-1].shape[-1]
    rows = []
    for images in scales:
        factor = side // images.shape[-1]
        rows.append(images[:columns].repeat(factor, axis=2).repeat(factor, axis=3))
    return image_grid(np.concatenate(rows), columns=len(rows[-1]), scale=scale)


def interpolation_strip(samples: NDArray[np.uint8], scale: int | None = None) -> Image.Image:
    """One row of tiles: an interpolation between two latents.

    samples: uint8 [N, C, H, W] in the order of the path.
    """
    return image_grid(samples, columns=len(samples), scale=scale)


def write_gif(frames: Sequence[Image.Image], path: Path, seconds_per_frame: float = 0.1) -> Path:
    """Write an animation that repeats forever; frames must have one size. Returns its path.

    For an interpolation without a jump at the end pass ``[*frames, *frames[-2:0:-1]]``.
    """
    if not frames:
        raise UsageError("an animation needs at least 1 frame, got 0")
    sizes = {frame.size for frame in frames}
    if len(sizes) > 1:
        raise UsageError(f"the frames of an animation must have one size, got {sorted(sizes)}")
    first, *rest = [on_white(frame) for frame in frames]
    with written_aside(path) as aside:
        first.save(
            aside,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=round(1000 * seconds_per_frame),
            loop=0,
        )
    return path


def save_picture(image: Image.Image, path: Path, description: str = "") -> Path:
    """Write a picture in the format of the path's suffix, aside first and then renamed; returns the path.

    A PNG carries the description, which the report shows as the picture's alternative text.
    """
    with written_aside(path) as aside:
        if path.suffix.lower() == ".png":
            text = PngImagePlugin.PngInfo()
            if description:
                text.add_itxt("Description", description)
            image.save(aside, pnginfo=text)  # optimize=True takes many times as long for the same bytes
        else:
            on_white(image).save(aside)
    return path


def draw(picture: Picture) -> tuple[Image.Image, str] | None:
    """The picture of a round and its description; None for text."""
    if picture.lines is not None:
        return None
    samples = picture.samples
    after = f"of fixed latents after round {picture.round:,}"
    if samples.ndim == 3:
        return drawing.signal_picture(samples), f"{min(len(samples), drawing.MOST_SIGNALS)} signals {after}"
    if samples.ndim == 5 or (samples.ndim == 4 and samples.shape[1] > 4):
        what = "middle slices of volumes" if samples.ndim == 5 else "images, their first three bands,"
        return image_grid(drawing.as_pictures(samples), picture.columns), f"{len(samples)} {what} {after}"
    if samples.ndim == 4:
        by_class = ", class by class," if picture.columns else ""
        text = f"{len(samples)} samples of fixed latents{by_class} after round {picture.round:,}"
        return image_grid(cast("NDArray[np.uint8]", samples), picture.columns), text
    if samples.shape[-1] != 2:
        title = f"round {picture.round:,}"
        drawn = drawing.column_histograms(samples, picture.real, picture.units, title)
        return drawn, f"Histograms of columns, real rows (orange) and {len(samples)} generated rows (green) {after}"
    from steadygan.report.surfaces import decision_surface  # matplotlib loads slowly

    generated = cast("NDArray[np.float32]", samples)
    image = decision_surface(generated, picture.real, picture.score, title=f"round {picture.round:,}")
    return image, (
        f"Critic score as a surface, real points (orange) and {len(samples)} generated points (green) "
        f"after round {picture.round:,}"
    )


class PictureObserver:
    """Writes ``samples/000500.png`` into the run's folder, a grid or the critic's surface; of text ``000500.txt``.

    Multi-scale images are written at their finest size, and at all sizes to ``samples/scales/000500.png``.
    A picture that cannot be written is a warning, and the training goes on.
    """

    def __init__(self) -> None:
        self._guarded = Guarded("the picture of samples")

    def started(self, start: RunStart) -> None: ...

    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...

    def pictured(self, picture: Picture) -> None:
        self._guarded(lambda: _save(picture))

    def saved(self, round_: int, path: Path) -> None: ...

    def ended(self, end: RunEnd) -> None: ...


def _save(picture: Picture) -> None:
    if picture.lines is not None:
        save_lines(picture.lines, lines_path(picture.folder, picture.round))
    elif drawn := draw(picture):
        image, description = drawn
        save_picture(image, picture_path(picture.folder, picture.round), description)
    if picture.coarser:
        scales = cast("list[NDArray[np.uint8]]", [*picture.coarser, picture.samples])
        sizes = ", ".join(str(scale.shape[-1]) for scale in scales)
        text = f"The first {min(SHOWN_SCALES, len(scales[-1]))} samples at {sizes} px after round {picture.round:,}"
        save_picture(scales_grid(scales), scales_path(picture.folder, picture.round), text)


def _check_images(samples: NDArray[np.uint8]) -> None:
    if samples.dtype != np.uint8 or samples.ndim != 4 or not 1 <= samples.shape[1] <= 4 or not samples.size:
        raise UsageError(
            "a picture needs samples uint8 [N, C, H, W] with N at least 1 and C from 1 to 4, "
            f"got {samples.dtype} {list(samples.shape)}"
        )


def _on_chequers(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Tiles uint8 [N, C, H, W] without alpha, composited on light squares an eighth of the tile wide."""
    if not has_alpha(tiles.shape[1]):
        return tiles
    height, width = tiles.shape[2:]
    side = max(1, min(height, width) // 8)
    dark = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2
    made = np.empty((len(tiles), tiles.shape[1] - 1, height, width), np.uint8)
    for tile, out in zip(tiles, made, strict=True):
        share = tile[-1].astype(np.float32) / 255
        out[:] = np.rint(tile[:-1] * share + np.where(dark, _DARK, _LIGHT) * (1 - share))
    return made


def font_of_size(size: int) -> ImageFont.FreeTypeFont:
    """matplotlib's DejaVu Sans, which covers more alphabets than Pillow's own font."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def _near_square(count: int, height: int, width: int) -> int:
    return max(1, math.ceil(math.sqrt(count * height / width)))


def _visible_scale(grid_side: int, tile_side: int) -> int:
    wanted = max(EYE // tile_side, SMALLEST // grid_side)
    return max(1, min(wanted, LARGEST // grid_side))


def on_white(image: Image.Image) -> Image.Image:
    """The image without transparency, for formats that have none."""
    if image.mode not in ("LA", "RGBA"):
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")

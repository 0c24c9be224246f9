"""Films: an animation as MP4 (PyAV, the extra ``video``), WebP or GIF, one frame in memory at a time."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from steadygan.errors import UsageError
from steadygan.report.embed import refusing_bombs
from steadygan.report.pictures import font_of_size, on_white
from steadygan.run import layout
from steadygan.system.files import written_aside

ENDINGS = (".mp4", ".webp", ".gif")
LARGEST = 1280
"""pixels of a frame's longer side; larger frames are reduced"""
MOST_ROUNDS = 300
"""pictures in the film of a training, spread over its rounds"""
HELD = 1.5
"""seconds for which the last picture of a training stays"""
SHORTEST, LONGEST = 0.02, 600.0
"""seconds of a frame that programs show as they are told, and that every format can hold"""
_STRIP = 26
_MOST_BYTES = 1 << 28


def has_video() -> bool:
    """True if MP4 can be written."""
    return importlib.util.find_spec("av") is not None


def check_film(path: Path) -> None:
    """Raises UsageError for an ending that is no film's, and for MP4 without PyAV."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"a film's ending has to be one of {', '.join(ENDINGS)}; got '{path}'")
    if path.suffix.lower() == ".mp4" and not has_video():
        raise UsageError("MP4 needs PyAV: pip install 'steadygan[video]'; films as .webp or .gif need nothing")


def write_film(frames: Iterable[Image.Image], path: Path, seconds_per_frame: float) -> Path:
    """Writes a film in the form that the path's ending names; returns the path.

    Frames get the size of the first one, on white. GIF and WebP begin anew for ever; times of a GIF's frames are
    multiples of 0.01 s.

    Raises:
        UsageError: for another ending, for MP4 without PyAV, for no frames, and for frames that are too short.
    """
    check_film(path)
    if not SHORTEST <= seconds_per_frame <= LONGEST:
        raise UsageError(f"a frame lasts {seconds_per_frame:.4g} s; {SHORTEST} to {LONGEST:g} s are needed")
    shown = _alike(frames)
    with written_aside(path) as aside:
        if path.suffix.lower() == ".mp4":
            _write_mp4(shown, aside, seconds_per_frame)
        else:
            first, kind = next(shown), path.suffix[1:].upper()
            settings: dict[str, Any] = {"quality": 90, "method": 4} if kind == "WEBP" else {}
            milliseconds = round(1000 * seconds_per_frame)
            first.save(aside, kind, save_all=True, append_images=shown, duration=milliseconds, loop=0, **settings)
    return path


def _alike(frames: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """Frames in RGB of one size, even in both directions, as H.264 needs it."""
    size: tuple[int, int] | None = None
    for frame in frames:
        shown = on_white(frame).convert("RGB")
        if size is None:
            reduced = min(1.0, LARGEST / max(shown.size))
            width, height = (max(2, round(side * reduced)) for side in shown.size)
            size = width + width % 2, height + height % 2
        elif abs(shown.width * size[1] - shown.height * size[0]) > 0.02 * size[0] * shown.height:
            shown = _fitted(shown, size)  # of another shape
        yield shown if shown.size == size else _resized(shown, size)
    if size is None:
        raise UsageError("a film needs a frame or more, got none")


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An image of nearly the size: padded by a pixel rather than resampled."""
    if all(0 <= wanted - side <= 1 for wanted, side in zip(size, image.size, strict=True)):
        canvas = Image.new("RGB", size, "white")
        canvas.paste(image, (0, 0))
        return canvas
    return image.resize(size, Image.Resampling.LANCZOS)


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    image = image.copy()
    image.thumbnail(size, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", size, "white")
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas


def _write_mp4(frames: Iterator[Image.Image], path: Path, seconds_per_frame: float) -> None:
    """H.264 in the colours that every browser and player shows (yuv420p)."""
    import av

    first = next(frames)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        rate = Fraction(1 / seconds_per_frame).limit_denominator(1000)
        stream = container.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
        for image in itertools.chain([first], frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        container.mux(stream.encode(None))


def training_pictures(folder: Path) -> list[Path]:
    """The pictures that a film of a run's training shows, by round.

    Raises:
        UsageError: for a run with fewer than two.
    """
    pictures = layout.list_pictures(folder)
    if len(pictures) < 2:
        raise UsageError(
            f"{folder} has {len(pictures)} pictures of its training; a film needs 2 or more "
            "(--run.picture-every says how often training draws one)"
        )
    if len(pictures) <= MOST_ROUNDS:
        return pictures
    chosen = np.unique(np.linspace(0, len(pictures) - 1, MOST_ROUNDS).round().astype(int))
    return [pictures[index] for index in chosen]


def training_frames(pictures: Sequence[Path], rounds: int) -> Iterator[Image.Image]:
    """Pictures of a training, each above its round and a bar for the share of ``rounds``; those that are torn are left
    out."""
    for path in pictures:
        try:
            with refusing_bombs(), Image.open(path) as opened:
                opened.load()
                picture = on_white(opened).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
            continue
        yield _captioned(picture, layout.picture_round(path), rounds)


def _captioned(picture: Image.Image, round_: int, rounds: int) -> Image.Image:
    from PIL import ImageDraw

    canvas = Image.new("RGB", (picture.width, picture.height + _STRIP), "white")
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    share = min(1.0, round_ / max(1, rounds))
    draw.rectangle((0, picture.height, round(share * (picture.width - 1)), picture.height + 4), fill=(70, 110, 180))
    draw.text((4, picture.height + 6), f"round {round_:,}", fill="black", font=font_of_size(14))
    return canvas

"""The folders: photographs, drawings, handwriting, glyphs and flowers, each written as a user's folder of PNG files."""

from __future__ import annotations

import shutil
import string
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.folders.flowers import write_flowers
from benchmarks.photos import write_subset
from steadygan.data import DataOptions, open_data

_LEFT_OUT = ("cmex", "cmsy", "LastResort", "Siz", "NonUni")  # fonts of symbols and of missing glyphs
_CHARACTERS = (
    string.ascii_letters
    + string.digits
    + "&@?!%$§ßäöüéñçøåÄÖÜÉÑÇØÅ"
    + "".join(map(chr, range(0x3B1, 0x3CA)))
    + "ΓΔΘΛΞΠΣΦΨΩ"
)
_POINTS, _SIDE = 46, 64  # of a glyph, in pixels


@dataclass(frozen=True)
class Kind:
    """A kind of folder."""

    name: str
    size: int
    """of the trained pictures in pixels"""
    count: int | None
    """pictures; None: all that there are"""


KINDS = (
    Kind("photographs", 32, 3_000),
    Kind("drawings", 32, None),
    Kind("drawings-64", 64, None),
    Kind("writing", 32, 10_000),
    Kind("glyphs", 64, None),
)
UNSEEN = Kind("flowers", 64, None)
"""drawn here, and not looked at while settings were chosen"""


def write_pictures(kind: Kind, folder: Path, source: Path | None, count: int | None = None) -> Path:
    """The folder of a kind, written unless it is there.

    Args:
        kind: one of ``KINDS``
        folder: to write into
        source: where photographs, drawings and handwriting are taken from; not used for glyphs and flowers
        count: pictures; None: the kind's number
    """
    wanted = kind.count if count is None else count
    if kind.name == UNSEEN.name:
        return _few(write_flowers(folder / kind.name), folder, wanted)
    if kind.name == "glyphs":
        return _few(write_glyphs(folder / "glyphs"), folder, wanted)
    if source is None:
        raise SystemExit(f"{kind.name} need a source: --{kind.name.removesuffix('-64')} PATH")
    if kind.name.startswith("drawings"):
        return _few(source, folder, wanted)
    assert wanted is not None
    place = folder / f"{kind.name}-{wanted}"
    write_subset(open_data(DataOptions(source=str(source))), place, wanted, seed=0)
    return place


def write_glyphs(folder: Path) -> Path:
    """Letters, digits and signs of the text fonts that come with matplotlib, black on white, 64 px."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    fonts = sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("*.ttf"))
    folder.mkdir(parents=True, exist_ok=True)
    for path in fonts:
        if any(name in path.name for name in _LEFT_OUT):
            continue
        font, known = ImageFont.truetype(str(path), _POINTS), FT2Font(str(path)).get_charmap()
        for character in _CHARACTERS:
            file = folder / f"{path.stem}-{ord(character):04x}.png"
            if ord(character) in known and not file.exists():
                image = Image.new("L", (_SIDE, _SIDE), 255)
                middle = (_SIDE / 2, _SIDE / 2 + 2)
                ImageDraw.Draw(image).text(middle, character, font=font, fill=0, anchor="mm")
                image.save(file)
    return folder


def _few(whole: Path, folder: Path, count: int | None) -> Path:
    """A folder with ``count`` pictures of another one, drawn at random; the other one for None."""
    if count is None:
        return whole
    files = sorted(whole.glob("*.*"))
    place = folder / f"{whole.name}-{count}"
    place.mkdir(parents=True, exist_ok=True)
    seed = zlib.crc32(whole.name.encode())
    for row in np.random.default_rng(seed).choice(len(files), min(count, len(files)), replace=False):
        shutil.copy(files[row], place / files[row].name)
    return place

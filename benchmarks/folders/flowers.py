"""A folder of drawn flowers of mixed sizes and formats, which no setting of the library was tuned on."""

from __future__ import annotations

import colorsys
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COUNT = 1_500
_SIDES = 96, 200  # of a picture in pixels, least and most
_FORMATS = ("jpg", "png", "webp")
_FINE = 3  # drawn so many times larger, and then scaled down


def write_flowers(folder: Path, count: int = COUNT) -> Path:
    """Flowers before a sky and a meadow: petals, colours, stems and places at random, by a fixed seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        file = folder / f"flower-{index:04d}.{_FORMATS[index % len(_FORMATS)]}"
        if not file.exists():
            draw_flower(np.random.default_rng([17, index])).save(file)
    return folder


def draw_flower(rng: np.random.Generator) -> Image.Image:
    """One flower."""
    width, height = (int(side) for side in rng.integers(*_SIDES, size=2))
    w, h = width * _FINE, height * _FINE
    image = _background(rng, w, h)
    pen = ImageDraw.Draw(image)
    x, y = w * rng.uniform(0.35, 0.65), h * rng.uniform(0.3, 0.5)
    radius = min(w, h) * rng.uniform(0.2, 0.32)
    _stem(pen, rng, (x, y), (w, h))
    petals, turn = int(rng.integers(5, 14)), rng.uniform(0, 2 * math.pi)
    hue, breadth = rng.choice([0.0, 0.05, 0.13, 0.6, 0.75, 0.85, 0.93]) + rng.normal(0, 0.02), rng.uniform(0.7, 1.1)
    for row, scale in ((0, 1.0), (1, 0.68)):
        colour = _rgb(hue, rng.uniform(0.5, 0.9) * (1 - 0.3 * row), rng.uniform(0.8, 1.0))
        for petal in range(petals):
            angle = turn + (petal + 0.5 * row) * 2 * math.pi / petals
            pen.polygon(
                _petal(x, y, angle, radius * scale, breadth * math.pi / petals), fill=colour, outline=_darker(colour)
            )
    middle, centre = radius * rng.uniform(0.2, 0.3), _rgb(rng.uniform(0.08, 0.15), 0.9, rng.uniform(0.35, 0.95))
    pen.ellipse((x - middle, y - middle, x + middle, y + middle), fill=centre, outline=_darker(centre))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _background(rng: np.random.Generator, w: int, h: int) -> Image.Image:
    """A sky that grows lighter downwards, and a meadow."""
    sky, low = np.array(_rgb(rng.uniform(0.52, 0.62), 0.5, 0.9)), np.array(_rgb(rng.uniform(0.05, 0.6), 0.15, 1.0))
    meadow, horizon = np.array(_rgb(rng.uniform(0.22, 0.35), 0.6, 0.6)), int(h * rng.uniform(0.55, 0.85))
    share = np.linspace(0, 1, h)[:, None]
    rows = sky * (1 - share) + low * share
    rows[horizon:] = meadow * np.linspace(1, 0.6, h - horizon)[:, None]
    pixels = np.repeat(rows[:, None, :], w, axis=1) + rng.normal(0, 4, (h, w, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _stem(pen: ImageDraw.ImageDraw, rng: np.random.Generator, top: tuple[float, float], size: tuple[int, int]) -> None:
    """A bent stem with two leaves, from the flower to the lower edge."""
    (x, y), (w, h), green = top, size, _rgb(rng.uniform(0.28, 0.38), 0.7, rng.uniform(0.35, 0.6))
    bend, thick = w * rng.uniform(-0.12, 0.12), max(2, int(min(w, h) * 0.025))
    line = [(x + bend * math.sin(math.pi * t / 2), y + (h - y) * t) for t in np.linspace(0, 1, 20)]
    pen.line(line, fill=green, width=thick, joint="curve")
    for side in (-1, 1):
        at = line[int(rng.integers(8, 16))]
        angle = math.pi / 2 - side * rng.uniform(0.9, 1.4)
        pen.polygon(_petal(*at, angle, min(w, h) * rng.uniform(0.12, 0.22), 0.35), fill=green, outline=_darker(green))


def _petal(x: float, y: float, angle: float, length: float, breadth: float) -> list[tuple[float, float]]:
    """The outline of a petal from (x, y) in a direction."""
    outline = []
    for t in np.linspace(0, 2 * math.pi, 40):
        along, across = length * (1 - math.cos(t)) / 2, length * breadth * math.sin(t) * (0.6 - 0.4 * math.cos(t)) / 2
        outline.append(
            (
                x + along * math.cos(angle) - across * math.sin(angle),
                y + along * math.sin(angle) + across * math.cos(angle),
            )
        )
    return outline


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(255 * red), int(255 * green), int(255 * blue)


def _darker(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = colour
    return int(0.7 * red), int(0.7 * green), int(0.7 * blue)

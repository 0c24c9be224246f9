"""The page docs/folders.md: a table over the seeds, and samples beside the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import steadygan as sg
from benchmarks.common import ROOT, write_between
from benchmarks.folders.pictures import KINDS, UNSEEN
from steadygan.data.alpha import over_white
from steadygan.report.pictures import class_grid, save_picture

PAGE, PICTURES = ROOT / "docs" / "folders.md", ROOT / "docs" / "pictures"
BEGIN, END = "<!-- folders: written by benchmarks/folders --docs -->", "<!-- end of folders -->"
NUMBER = "patches frechet"
COLUMNS, ROWS = 16, 2


def table(runs: dict[str, dict[str, Any]]) -> str:
    """A Markdown table: mean over the seeds with the lowest and the highest, for each kind and recipe."""
    recipes = list(dict.fromkeys(run["recipe"] for run in runs.values()))
    kinds = [kind.name for kind in (*KINDS, UNSEEN) if any(run["kind"] == kind.name for run in runs.values())]
    lines = [f"| recipe | {' | '.join(kinds)} |", "|---" * (1 + len(kinds)) + "|"]
    for recipe in recipes:
        cells = [_cell([r for r in runs.values() if (r["recipe"], r["kind"]) == (recipe, kind)]) for kind in kinds]
        lines.append(f"| `{recipe}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(runs: list[dict[str, Any]]) -> str:
    values = [run[NUMBER][0] for run in runs if NUMBER in run]
    if not values:
        return "failed" if runs else ""
    images = np.mean([run["images"] for run in runs if NUMBER in run])
    bad = sum(run.get("collapsed", True) for run in runs)
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}; {images:,.0f} images" + (f"; {bad} collapsed" if bad else "")


def write_page(runs: dict[str, dict[str, Any]], folder: Path) -> None:
    """Writes the table into the page, and a picture of samples for each kind."""
    write_between(PAGE, BEGIN, END, table(runs))
    for kind in (*KINDS, UNSEEN):
        bands, names = [], []
        of_kind = [run for run in runs.values() if run["kind"] == kind.name and NUMBER in run]
        for recipe in dict.fromkeys(run["recipe"] for run in of_kind):
            seeds = sorted((run for run in of_kind if run["recipe"] == recipe), key=lambda run: run[NUMBER][0])
            middle = seeds[len(seeds) // 2]
            samples = sg.load(folder / middle["folder"]).sample(COLUMNS * ROWS, seed=0).astype(np.uint8)
            bands.append(over_white(samples) if samples.shape[1] in (2, 4) else samples)
            names += [recipe.split()[0], *[""] * (ROWS - 1)]
        if bands:
            most = max(band.shape[1] for band in bands)  # a grey set's samples beside none of colour
            bands = [np.repeat(band, most // band.shape[1], axis=1) for band in bands]
            rows = np.concatenate(bands).reshape(len(names), COLUMNS, *bands[0].shape[1:])
            picture = class_grid(rows, names).convert("RGB").quantize(192)
            save_picture(picture, PICTURES / f"folders-{kind.name}.png", f"Samples on {kind.name}, by recipe")

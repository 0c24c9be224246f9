"""The page docs/folders.md: a table over the seeds, and samples beside the pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import steadygan as sg
from benchmarks.common import ROOT, write_between
from benchmarks.folders.pictures import KINDS, UNSEEN
from steadygan.data.alpha import over_white
from steadygan.report.pictures import class_grid, save_picture
from steadygan.run import is_run

PAGE, PICTURES = ROOT / "docs" / "folders.md", ROOT / "docs" / "pictures"
BEGIN, END = "<!-- folders: written by benchmarks/folders --docs -->", "<!-- end of folders -->"
NUMBER = "patches frechet"
COLUMNS, ROWS = 16, 2


class Group(NamedTuple):
    """Trainings that may be compared: of one length, on as many pictures, by one processor."""

    length: str
    """'3 min'"""
    pictures: str
    """'100 pictures'; '' for all of a kind"""
    processor: str


def groups(runs: dict[str, dict[str, Any]]) -> dict[Group, list[dict[str, Any]]]:
    """The trainings by length, number of pictures and processor, the largest group first."""
    found: dict[Group, list[dict[str, Any]]] = {}
    for key, run in runs.items():
        _, _, length, _, *count = key.rsplit(", ", 4) if key.endswith("pictures") else key.rsplit(", ", 3)
        found.setdefault(Group(length, *(count or [""]), run["processor"]), []).append(run)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def table(runs: list[dict[str, Any]]) -> str:
    """A Markdown table: mean over the seeds with the lowest and the highest, for each kind and recipe."""
    recipes = list(dict.fromkeys(run["recipe"] for run in runs))
    kinds = [kind.name for kind in (*KINDS, UNSEEN) if any(run["kind"] == kind.name for run in runs)]
    lines = [f"| recipe | {' | '.join(kinds)} |", "|---" * (1 + len(kinds)) + "|"]
    for recipe in recipes:
        cells = [_cell([r for r in runs if (r["recipe"], r["kind"]) == (recipe, kind)]) for kind in kinds]
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
    """Writes the tables into the page, and pictures of samples: of the first group by kind, of the others together.

    Those together are of one recipe, the default where it is among them.
    """
    (first, most), *others = groups(runs).items()
    parts = [f"{_title(first)}:\n\n{table(most)}"]
    for kind in (*KINDS, UNSEEN):
        of_kind = _as_they_are([run for run in most if run["kind"] == kind.name and NUMBER in run])
        _save(_bands(of_kind, folder, "recipe"), f"folders-{kind.name}", f"Samples on {kind.name}, by recipe")
    for group, trained in others:
        title, name = _title(group), "-".join(("folders", *re.findall(r"\w+", " ".join(group).lower())))
        parts.append(f"{title}:\n\n{table(trained)}")
        for size in sorted({kind.size for kind in (*KINDS, UNSEEN)}):
            names = {kind.name for kind in (*KINDS, UNSEEN) if kind.size == size}
            of_size = [run for run in trained if run["kind"] in names and NUMBER in run]
            recipes = [run["recipe"] for run in of_size]
            of_size = [run for run in of_size if run["recipe"] == ("default" if "default" in recipes else recipes[0])]
            if _save(_bands(of_size, folder, "kind"), f"{name}-{size}", f"{title}, {size} px"):
                parts.append(f"![{title}, {size} px, two rows for each kind](pictures/{name}-{size}.png)")
    write_between(PAGE, BEGIN, END, "\n\n".join(parts))


def _as_they_are(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The trainings without those of the default with options, where it was trained without any too."""
    plain = any(run["recipe"] == "default" for run in runs)
    return [run for run in runs if not (plain and run["recipe"].startswith("default "))]


def _title(group: Group) -> str:
    return f"{group.length.replace(' min', ' minutes')}, {group.pictures or 'all pictures'} ({group.processor})"


def _bands(runs: list[dict[str, Any]], folder: Path, by: str) -> tuple[list[NDArray[np.uint8]], list[str]] | None:
    """Samples of the training in the middle of each recipe or kind, and the names of their rows.

    None if one of those trainings was made elsewhere: its folder is missing, or holds one of other rounds.
    """
    bands, names = [], []
    for each in dict.fromkeys(run[by] for run in runs):
        seeds = sorted((run for run in runs if run[by] == each), key=lambda run: run[NUMBER][0])
        middle = seeds[len(seeds) // 2]
        at = folder / middle["folder"]
        if not is_run(at) or (run := sg.load(at)).rounds_done != middle["rounds"]:
            return None
        samples = run.sample(COLUMNS * ROWS, seed=0).astype(np.uint8)
        bands.append(over_white(samples) if samples.shape[1] in (2, 4) else samples)
        names += [each.split()[0], *[""] * (ROWS - 1)]
    return bands, names


def _save(made: tuple[list[NDArray[np.uint8]], list[str]] | None, name: str, title: str) -> bool:
    """Writes a picture of the bands, or keeps that of trainings made elsewhere; False if there is none."""
    if made is None:
        return (PICTURES / f"{name}.png").exists()
    bands, names = made
    if not bands:
        return False
    most = max(band.shape[1] for band in bands)  # a grey set's samples beside none of colour
    bands = [np.repeat(band, most // band.shape[1], axis=1) for band in bands]
    rows = np.concatenate(bands).reshape(len(names), COLUMNS, *bands[0].shape[1:])
    save_picture(class_grid(rows, names).convert("RGB").quantize(192), PICTURES / f"{name}.png", title)
    return True

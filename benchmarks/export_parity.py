"""Parity of exported generators: the largest difference from PyTorch, by recipe and kind of export.

    python -m benchmarks.export_parity [--rounds 5] [--families points text]

Six recipes at their own sizes, trained for a few rounds on data that is built in: points, images with labels,
multi-scale images, text, spectral norm in the generator, StyleGAN2. ONNX by onnxruntime on the CPU. Writes
benchmarks/results/export-parity.json, where other families stay as they are, and the table of docs/export.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import steadygan as sg
from benchmarks.common import RESULTS, ROOT, write_between, write_results
from steadygan.export.kinds import KINDS
from steadygan.system.files import read_json
from steadygan.system.words import byte_size

RECIPES = {
    "points": ("wgan-gp", "25gaussians"),
    "images with labels": ("acgan", "digits"),
    "multi-scale": ("msg-gan", "digits"),
    "text": ("text", "python-docs"),
    "spectral norm": ("biggan", "digits"),
    "StyleGAN2": ("stylegan2", "digits"),
}
"""the recipe and the data of each family"""
EXPORTS = ("onnx", "pt2", "safetensors")
PAGE = ROOT / "docs" / "export.md"
BEGIN, END = "<!-- parity: begin -->", "<!-- parity: end -->"


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, exports, and writes the results and the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.export_parity", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--families", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    args = parser.parse_args(arguments)
    path = RESULTS / "export-parity.json"
    known = {row["family"]: row for row in read_json(path)["rows"]} if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for family in args.families:
            known[family] = measured(family, args.rounds, Path(folder))
            rows = [known[each] for each in RECIPES if each in known]
            write_results(path, "export_parity", arguments, rows=rows)
    write_between(PAGE, BEGIN, END, table(rows))


def measured(family: str, rounds: int, folder: Path) -> dict[str, Any]:
    """Parity, bytes and seconds of each export of a family's recipe."""
    name, data = RECIPES[family]
    run = sg.train(name, data=data, out=folder / name, rounds=rounds, device="cpu", observers=[])
    row: dict[str, Any] = {"family": family, "recipe": name, "data": data, "rounds": rounds}
    for kind in EXPORTS:
        path = folder / f"{name}{KINDS[kind].ending}"
        began = time.perf_counter()
        facts = sg.export_generator(run, path)
        row[kind] = {
            "parity": facts.parity,
            "bytes": path.stat().st_size,
            "seconds": round(time.perf_counter() - began, 1),
        }
        row["inputs"], row["shape"], row["opset"] = facts.inputs, facts.shape, row.get("opset") or facts.opset
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| family | recipe, data | inputs | one sample | ONNX | size | program, weights |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        exact = max(row["pt2"]["parity"], row["safetensors"]["parity"])
        cells = (
            row["family"],
            f"`{row['recipe']}`, {row['data']}",
            ", ".join(row["inputs"]),
            " x ".join(map(str, row["shape"])),
            figure(row["onnx"]["parity"]),
            byte_size(row["onnx"]["bytes"]),
            figure(exact),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def figure(parity: float) -> str:
    """A difference, as a share of the range."""
    return "0" if parity == 0 else f"{parity:.1e}"


if __name__ == "__main__":
    main()

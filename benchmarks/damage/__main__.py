"""Damages runs, files, command lines and disks at random, and counts what is not answered properly.

python -m benchmarks.damage [--quick] [--parts PART ...] [--seed S] [--out FILE] [--help]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, command_line
from benchmarks.damage.subject import Subject
from benchmarks.damage.trials import PARTS, Log, Result, run_part
from steadygan.system.cores import cores
from steadygan.system.device import processor
from steadygan.system.files import write_json

_PACKAGES = ("steadygan", "torch", "numpy", "pillow", "pyarrow", "safetensors")
_WARM = (
    "steadygan.api",
    "steadygan.training.session",
    "steadygan.training.checkpoint",
    "steadygan.evaluation.during_training",
    "steadygan.report.page",
    "steadygan.report.pictures",
    "steadygan.report.trackers",
    "steadygan.cli.train",
    "steadygan.data.open",
    "steadygan.features",
    "tensorboard.summary",
    "torch.utils.tensorboard",
    "matplotlib.figure",
    "pyarrow.parquet",
    "PIL.Image",
)
"""loaded once, so that no trial has to"""
_QUICK = 2
_FAILED_LISTED = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries out the trials and writes the summary; 1 if one of them failed."""
    values = _values(arguments)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    _warm_up()
    counts = {name: _QUICK if values.quick else module.TRIALS for name, module in PARTS.items()}
    parts = [part for part in PARTS if part in values.parts and _is_ready(part)]
    log = Log(values.out.with_suffix(".trials.jsonl"))
    summary: dict[str, Any] = {"command": command_line("damage", arguments), "seed": values.seed, **_machine()}
    failed = 0
    with tempfile.TemporaryDirectory(prefix="steadygan-damage-") as folder:
        subject = Subject.make(Path(folder))
        print(f"the run of the trials takes {subject.seconds:.1f} s", flush=True)
        for part in parts:
            began = time.monotonic()
            indices = range(counts[part])
            results = run_part(part, values.seed, indices, subject, log, values.workers, _say)
            summary[part] = _summary(results, time.monotonic() - began)
            failed += summary[part]["failed"]
            write_json(values.out, summary)
    log.path.unlink(missing_ok=True)
    for part in parts:
        print(f"{part}: {summary[part]['trials'] - summary[part]['failed']} of {summary[part]['trials']} passed")
    return 1 if failed else 0


def _values(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.damage", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} trials of each part")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="default: all")
    parser.add_argument("--seed", type=int, default=0, help="of the trials; the same one makes the same damage")
    parser.add_argument("--workers", type=int, default=cores(), help="trials at a time (default: the cores)")
    parser.add_argument("--out", type=Path, default=RESULTS / "damage.json", help="the summary; a series goes on by it")
    return parser.parse_args(arguments)


def _is_ready(part: str) -> bool:
    ready = part != "lines" or importlib.util.find_spec("benchmarks.damage.command_lines") is not None
    if not ready:
        print(f"{part}: left out, benchmarks/damage/command_lines.py is missing", file=sys.stderr)
    return ready


def _warm_up() -> None:
    """Loads what the commands load, with one thread: processes are forked from this one."""
    import torch

    torch.set_num_threads(1)
    for name in _WARM:
        importlib.import_module(name)


def _machine() -> dict[str, Any]:
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in _PACKAGES}
    return {"processor": processor(), "cores": cores(), "versions": versions}


def _summary(results: list[Result], seconds: float) -> dict[str, Any]:
    faults = [f"{result.index}: {result.fault}" for result in results if result.fault is not None]
    return {
        "trials": len(results),
        "failed": len(faults),
        "faults": faults[:_FAILED_LISTED],
        "seconds": round(seconds, 1),
    }


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

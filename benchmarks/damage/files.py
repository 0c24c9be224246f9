"""Damaged files, of data in every format and of runs: no traceback, no hang, no crash, one line for an error."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from benchmarks.damage.command import run_command
from benchmarks.damage.data_files import FORMATS, picture_suffixes, write_folder
from benchmarks.damage.mutations import damage
from benchmarks.damage.subject import ROUNDS, SAVED, Subject, training
from steadygan.cli import COMMANDS

TRIALS = 600
_RUN_COMMANDS = (
    ["report", "run"],
    ["resume", "run", "--rounds", f"+{ROUNDS - SAVED}"],
    ["sample", "run", "--count", "4"],
    ["evaluate", "run", "--count", "20"],
    ["runs"],
    ["check", "run"],
    ["compare", "run", "whole"],
)
_LIMIT = 30.0


def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    """Damages one file and carries out a command on it; what went wrong, None if nothing did."""
    return _run_trial(subject, rng, folder) if rng.random() < 0.5 else _data_trial(rng, folder)


def _data_trial(rng: random.Random, folder: Path) -> str | None:
    data = folder / "data"
    data.mkdir()
    kind = rng.choice([*FORMATS, *(f"{suffix} pictures" for suffix in picture_suffixes())])
    source = FORMATS[kind](data) if kind in FORMATS else write_folder(data, kind.removesuffix(" pictures"))
    files = sorted(path for path in data.rglob("*") if path.is_file())
    words = ["data", f"data/{source}", "--no-sheet"]
    if "parquet" in kind and rng.random() < 0.5:
        words += ["--stream", "true"]
    many = len(files) > 4 and rng.random() < 0.5  # of a folder of pictures, one or all
    chosen, other = files if many else [rng.choice(files)], rng.choice(files).read_bytes()
    if kind == "dataset.json":
        chosen = [data / "dataset.json"]
    told = [f"{path.name} {damage(path, other, rng)}" for path in chosen]
    if rng.random() < 0.2:
        words = [*training("run", 1), "--data", f"data/{source}"]
    outcome = run_command(words, folder, limit=_LIMIT)
    fault = outcome.fault()
    return f"{kind}, {told[0]}, {words[0]}: {fault}" if fault else None


def _run_trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    runs = folder / "runs"
    for name in ("part", "whole"):
        shutil.copytree(subject.folder / name, runs / ("run" if name == "part" else name))
    run = runs / "run"
    files = sorted(path for path in run.rglob("*") if path.is_file())
    path = rng.choice(files)
    told = f"{path.relative_to(run)} {damage(path, rng.choice(files).read_bytes(), rng)}"
    words = rng.choice([words for words in _RUN_COMMANDS if words[0] in COMMANDS])
    if rng.random() < 0.1:
        words = [*training("new", 1), "--from", "run"]
    outcome = run_command(words, folder, limit=_LIMIT)
    fault = outcome.fault()
    return f"{told}, {words[0]}: {fault}" if fault else None

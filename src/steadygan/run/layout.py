"""The layout of a run folder: the name of each file, once. Imports no torch, so that runs are listed at once."""

from __future__ import annotations

from pathlib import Path

RECIPE = "recipe.yaml"
"""every setting; written last of what a run begins with, so that a folder with it is a run"""
ENVIRONMENT = "environment.json"
"""versions, device, precision, threads (``environment.Environment``)"""
DATA = "data.json"
"""fingerprint, sample shape, classes, alphabet, audit (``data_facts.DataFacts``)"""
PLAN = "plan.txt"
"""lines shown before the first round: network sizes, time, disk"""
METRICS = "metrics.jsonl"
"""numbers of the training rounds (``records``)"""
EVALUATIONS = "evaluations.jsonl"
"""numbers of the samples, measured during training, less often"""
SIGNALS = "signals.jsonl"
"""how healthy the training was at some rounds (``diagnostics.fields``)"""
DIAGNOSIS = "diagnosis.json"
"""what the doctor says of it: verdict, evidence, changes (``diagnostics``)"""
EVALUATION = "evaluation.json"
"""numbers of ``steadygan evaluate``, with their provenance"""
NEAREST = "nearest.png"
"""samples beside their nearest training images"""
REPORT = "report.html"
EVENTS = "events.out.tfevents*"
"""TensorBoard's event files, whose names TensorBoard chooses: a pattern"""
OWNER = "owner.json"
"""host and process that train the run now (``owner``); gone when they are"""
MARKS = "marks.json"
"""hashes of recipe, environment and data facts as they were last written (``marks``)"""
HISTORY = "history.jsonl"
"""what was changed when the run was resumed, one field a line (``history``)"""
REMEDIES = "remedies.jsonl"
"""what was done about trouble, one line a remedy (``remedies``)"""
RESUMED = "resumed.log"
"""what ``steadygan resume`` printed where the page of all runs began it (``ui``)"""

SAMPLES = "samples"
"""pictures or lines of fixed latents, one file a round"""
SCALES = "scales"
"""inside ``samples``: multi-scale images at all their sizes"""
CHECKPOINTS = "checkpoints"
"""one folder a round"""
STATE = "state.json"
"""inside a checkpoint: counters, format, precision, engine"""
GENERATED = "generated"
"""what ``steadygan sample`` writes where no --out is given"""


def folder_name(round_: int) -> str:
    """Six digits at least, so that names sort by round."""
    return f"{round_:06d}"


def picture_path(folder: Path, round_: int) -> Path:
    """The picture of a round."""
    return folder / SAMPLES / f"{folder_name(round_)}.png"


def lines_path(folder: Path, round_: int) -> Path:
    """The generated lines of text of a round."""
    return folder / SAMPLES / f"{folder_name(round_)}.txt"


def scales_path(folder: Path, round_: int) -> Path:
    """The picture of a round that shows multi-scale images at all their sizes."""
    return folder / SAMPLES / SCALES / f"{folder_name(round_)}.png"


def list_pictures(folder: Path) -> list[Path]:
    """The pictures of a run, by round."""
    return sorted((folder / SAMPLES).glob("[0-9]*.png"), key=picture_round)


def list_lines(folder: Path) -> list[Path]:
    """The files of generated lines of a run, by round."""
    return sorted((folder / SAMPLES).glob("[0-9]*.txt"), key=picture_round)


def list_samples(folder: Path) -> list[Path]:
    """The pictures, lines and pictures of all scales of a run, by round."""
    scales = sorted((folder / SAMPLES / SCALES).glob("[0-9]*.png"), key=picture_round)
    return [*list_pictures(folder), *list_lines(folder), *scales]


def picture_round(path: Path) -> int:
    """The round of ``samples/000500.png`` or ``.txt``; -1 if the name holds none."""
    return int(path.stem) if _is_number(path.stem) else -1


def tensors_path(checkpoint: Path, name: str) -> Path:
    """The tensors of one part of a checkpoint, such as 'generator' or 'critic_optimizer'."""
    return checkpoint / f"{name}.safetensors"


def list_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints in a run's ``checkpoints`` folder, oldest first; unfinished ones have other names."""
    if not folder.is_dir():
        return []
    complete = [path for path in folder.iterdir() if _is_number(path.name) and (path / STATE).is_file()]
    return sorted(complete, key=lambda path: int(path.name))


def unfinished_checkpoints(folder: Path) -> list[Path]:
    """Folders of later rounds than the last complete checkpoint that lack its state file: what they held is lost.

    Older ones are left of deletions that were cut off.
    """
    complete = list_checkpoints(folder)
    last = int(complete[-1].name) if complete else -1
    found = [path for path in folder.iterdir() if path.is_dir() and _is_number(path.name)] if folder.is_dir() else []
    return sorted((path for path in found if int(path.name) > last), key=lambda path: int(path.name))


def _is_number(name: str) -> bool:
    """True for what ``folder_name`` writes: digits alone, of ASCII ('²' is one to Python, and no number)."""
    return name.isascii() and name.isdigit()

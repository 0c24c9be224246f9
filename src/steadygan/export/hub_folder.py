"""A folder for the Hugging Face Hub: model card, weights, graph, a loader without this library, and samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load, save

from steadygan.errors import UsageError
from steadygan.export.facts import ExportFacts, facts_of
from steadygan.export.generator import exportable, fixed_inputs
from steadygan.export.loader import FACTS, GRAPH, LOADER, WEIGHTS, loader_text
from steadygan.export.model_card import model_card
from steadygan.export.parity import parity
from steadygan.export.program import told, traced
from steadygan.export.pt2 import loaded, program_bytes
from steadygan.export.recipe_text import shared_recipe
from steadygan.report.samples import save_samples
from steadygan.system.files import to_json, written_aside

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from steadygan.run import Run, Weights

CARD, RECIPE = "README.md", "training-recipe.yaml"
"""the recipe's name is not that of a run's: the folder is none"""
SAMPLES, POINTS = 64, 2000
"""that the folder shows: pictures, lines or signals, and points or rows"""
_SHOWN = ("samples.png", "samples.txt")
FILES = frozenset({CARD, RECIPE, FACTS, GRAPH, LOADER, WEIGHTS, *_SHOWN})
"""every file that is written"""
LEFTOVERS = frozenset({"__pycache__", ".DS_Store", "Thumbs.db"})
"""what Python leaves where the loader was imported, and file managers where they looked: no content, never uploaded"""


def write_hub_folder(run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """Writes a folder that can be given away, or uploaded as it is, atomically.

    README.md is the model card, whose licence is left to the person; model.safetensors has the weights, graph.pt2 the
    operations; generator.py loads both with torch and safetensors alone; facts.json, training-recipe.yaml and samples.

    Args:
        run: which run
        path: the folder; one that is there is replaced, if it is such a folder
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Returns:
        what facts.json says

    Raises:
        UsageError: for a folder that holds other files, for generators that cannot be exported, and if samples differ
            from PyTorch's by more than 1e-4 of their range; nothing is written then.
        RunError: if it cannot be written.
    """
    check_replaced(path)
    round_ = run.rounds_done if round_ is None else round_
    module = exportable(run, weights, round_)
    facts = facts_of(run, truncates=module.truncates, weights=weights, round_=round_)
    program = traced(module, fixed_inputs(run, module, 2))
    tensors = save({name: tensor.clone().contiguous() for name, tensor in program.state_dict.items()}, {"format": "pt"})
    with told("torch.export cannot store this generator"):
        graph = program_bytes(without_weights(program))
        largest = parity(run, module, loaded(graph, load(tensors)), "the folder's generator")
    facts = dataclasses.replace(facts, parity=largest)
    with written_aside(path) as aside:
        aside.mkdir()
        (aside / WEIGHTS).write_bytes(tensors)
        (aside / GRAPH).write_bytes(graph)
        (aside / FACTS).write_text(to_json(facts.to_json()), encoding="utf-8")
        (aside / LOADER).write_text(loader_text(facts), encoding="utf-8")
        (aside / RECIPE).write_text(shared_recipe(run), encoding="utf-8")
        shown = _write_samples(run, aside, weights, round_)
        (aside / CARD).write_text(model_card(run, facts, shown), encoding="utf-8")
    return facts


def check_replaced(path: Path) -> None:
    """Raises UsageError for a folder that holds anything but files of such a folder."""
    held = {inner.name for inner in path.iterdir()} if path.is_dir() else set()
    others = sorted(held - FILES - LEFTOVERS)
    if others:
        raise UsageError(f"'{path}' holds '{others[0]}', which no export wrote, and is not replaced; name a new folder")


def without_weights(program: ExportedProgram) -> ExportedProgram:
    """The program with one zero in place of each weight, which takes no space; it changes in place."""
    for name, tensor in program.state_dict.items():
        nothing = torch.zeros((), dtype=tensor.dtype).expand(tensor.shape)
        is_parameter = isinstance(tensor, torch.nn.Parameter)
        program.state_dict[name] = torch.nn.Parameter(nothing, requires_grad=False) if is_parameter else nothing
    return program


def _write_samples(run: Run, folder: Path, weights: Weights, round_: int | None) -> str:
    """Writes samples of seed 0 in the form of their kind; returns the file's name."""
    ending = "txt" if run.sample_spec.is_text else "png"
    count = POINTS if run.sample_spec.is_points else SAMPLES
    samples = run.sample(count, weights=weights, round_=round_)
    return save_samples(samples, folder / f"samples.{ending}", alphabet=run.alphabet, units=run.data.units).name


__all__ = ["FILES", "LEFTOVERS", "check_replaced", "write_hub_folder"]

"""``torch.export`` programs of a generator: graph and weights in one file that torch alone loads."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError, in_one_line
from steadygan.export.facts import KEY, ExportFacts, facts_of
from steadygan.export.generator import Inputs, exportable, fixed_inputs
from steadygan.export.loader import FACTS
from steadygan.export.parity import parity
from steadygan.export.program import quiet, told, traced
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from steadygan.run import Run, Weights


def write_pt2(run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """Writes a generator as a program of ``torch.export``, atomically.

    ``torch.export.load(path).module()`` is the generator, without this library.

    Args:
        run: which run
        path: a file that ends in .pt2; one that is there is replaced
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Returns:
        what the file holds beside the program

    Raises:
        UsageError: for generators that cannot be exported, and if samples differ from PyTorch's by more than 1e-4 of
            their range; there is no file then.
        RunError: if it cannot be written.
    """
    round_ = run.rounds_done if round_ is None else round_
    module = exportable(run, weights, round_)
    facts = facts_of(run, truncates=module.truncates, weights=weights, round_=round_)
    program = traced(module, fixed_inputs(run, module, 2))
    with told("torch.export cannot store this generator"):
        largest = parity(run, module, loaded(program_bytes(program)), "the program")
    facts = dataclasses.replace(facts, parity=largest)
    with written_aside(path) as aside:
        aside.write_bytes(program_bytes(program, facts))
    return facts


def read_facts(path: Path) -> ExportFacts:
    """The facts of a program.

    Raises:
        UsageError: for a file that ``write_pt2`` did not write.
    """
    inside = {FACTS: ""}
    try:
        with quiet():
            torch.export.load(str(path), extra_files=inside)
    except Exception as error:  # of torch's reader, of many kinds
        raise UsageError(f"{path} cannot be read as a program of torch.export: {in_one_line(error)}") from None
    return ExportFacts.of_metadata({KEY: inside[FACTS]})


def program_bytes(program: ExportedProgram, facts: ExportFacts | None = None) -> bytes:
    """The content of a file, without the places of its operations in code, which are paths of this machine."""
    for graph in program.graph_module.modules():
        if isinstance(graph, torch.fx.GraphModule):
            for node in graph.graph.nodes:
                for name in ("stack_trace", "source_fn_stack"):
                    node.meta.pop(name, None)
    file = io.BytesIO()
    with quiet():
        torch.export.save(program, file, extra_files=None if facts is None else {FACTS: json.dumps(facts.to_json())})
    return file.getvalue()


def loaded(content: bytes, weights: dict[str, torch.Tensor] | None = None) -> Callable[[Inputs], torch.Tensor]:
    """A function of inputs by name that runs the program in a file's content, with other weights if they are given."""
    with quiet():
        module = torch.export.load(io.BytesIO(content)).module()
    if weights is not None:
        module.load_state_dict(weights, assign=True)

    def called(inputs: Inputs) -> torch.Tensor:
        with torch.no_grad():
            made: torch.Tensor = module(**inputs)
        return made

    return called

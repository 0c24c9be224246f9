"""The weights of a generator as safetensors, with its recipe: for this library, and for networks of the same names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from steadygan.errors import UsageError, in_one_line
from steadygan.export.facts import ExportFacts, facts_of
from steadygan.export.generator import around, exportable
from steadygan.export.parity import parity
from steadygan.export.recipe_text import shared_recipe
from steadygan.networks.building import build_generator
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.run import Run, Weights

RECIPE = "recipe"
"""the name of the recipe's YAML in the metadata"""


def write_safetensors(run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """Writes the weights of a generator, by the names that its modules have, atomically.

    ``steadygan train --from FILE`` begins with them.

    Args:
        run: which run
        path: a file that ends in .safetensors; one that is there is replaced
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Returns:
        what the file holds as its metadata

    Raises:
        UsageError: for generators that cannot be exported, and if a network with the weights of the file made other
            samples; there is no file then.
        RunError: if it cannot be written.
    """
    round_ = run.rounds_done if round_ is None else round_
    module = exportable(run, weights, round_)
    facts = facts_of(run, truncates=module.truncates, weights=weights, round_=round_)
    tensors = separate(run.generator_of(weights, round_))
    read = build_generator(run.recipe.generator, run.sample_spec, run.recipe.prior.size)
    read.load_state_dict(load(save(tensors)))
    again = around(run, read)
    facts = dataclasses.replace(facts, parity=parity(run, module, lambda inputs: again(**inputs), "the file"))
    content = save(tensors, {**facts.metadata(), RECIPE: shared_recipe(run), "format": "pt"})
    with written_aside(path) as aside:
        aside.write_bytes(content)
    return facts


def separate(module: nn.Module) -> dict[str, Tensor]:
    """The tensors of a module, each with memory of its own, as the format needs it."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in module.state_dict().items()}


def read_facts(path: Path) -> ExportFacts:
    """The facts of a file.

    Raises:
        UsageError: for a file that ``write_safetensors`` did not write.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
    except (OSError, SafetensorError) as error:
        raise UsageError(f"{path} cannot be read as safetensors: {in_one_line(error)}") from None
    return ExportFacts.of_metadata(metadata or {})

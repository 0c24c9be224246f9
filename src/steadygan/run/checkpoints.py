"""Reading checkpoints: a folder of safetensors files and state.json, which exists only when it is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from steadygan.errors import RunError
from steadygan.run.layout import STATE, tensors_path
from steadygan.system.files import read_json

FORMAT = 1
"""version of the checkpoint format"""


def read_state(checkpoint: Path) -> dict[str, Any]:
    """A checkpoint's state.json: counters, precision, device, engine.

    Raises:
        RunError: if it is damaged or of another format.
    """
    state = read_json(checkpoint / STATE)
    if not isinstance(state, dict) or "round" not in state:
        raise RunError(f"{checkpoint / STATE} is damaged: it has no 'round'")
    if state.get("format") != FORMAT:
        raise RunError(
            f"{checkpoint} has format {state.get('format')}; this version of steadygan reads format {FORMAT}"
        )
    return state


def load_tensors(checkpoint: Path, name: str) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint.

    Raises:
        RunError: if the file is missing or damaged.
    """
    path = tensors_path(checkpoint, name)
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} is missing or damaged ({error}); take an older checkpoint") from None
    return tensors


def load_network(module: nn.Module, checkpoint: Path, name: str) -> None:
    """Loads a network's weights from a checkpoint, in place.

    Raises:
        RunError: if names or shapes differ.
    """
    tensors = load_tensors(checkpoint, name)
    own = module.state_dict()
    for key, tensor in own.items():
        if key not in tensors:
            raise RunError(
                f"{checkpoint}/{name}.safetensors has no '{key}', which this {name} needs: was it another network?"
            )
        if tensors[key].shape != tensor.shape:
            raise RunError(
                f"{checkpoint}/{name}.safetensors has '{key}' of shape {list(tensors[key].shape)}; "
                f"this {name} needs {list(tensor.shape)}"
            )
    with torch.no_grad():
        for key, tensor in own.items():
            tensor.copy_(tensors[key])

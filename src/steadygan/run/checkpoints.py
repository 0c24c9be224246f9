"""Reading checkpoints: a folder of safetensors files and state.json, which exists only when it is complete.

state.json holds a hash of each file and one of itself; checkpoints of format 1, of earlier versions, have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.errors import RunError, UsageError, enumerated
from steadygan.run.fields import Fields
from steadygan.run.hashes import SEAL, Mark, hash_file, is_sealed, mark_of
from steadygan.run.layout import STATE, folder_name, tensors_path
from steadygan.system.files import describe, read_json_object
from steadygan.system.regular import read_regular

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = 2
"""version of the checkpoint format"""
UNHASHED = 1
"""the version without hashes, which is still read"""
_MOST_BYTES = 1 << 44


@dataclass(frozen=True)
class CheckpointState:
    """What state.json holds."""

    format: int
    round: int
    critic_steps: int
    position: int
    seen: int
    seconds: float
    """counters of the run (``training.step.counters``)"""
    precision: str | None = None
    device: str | None = None
    engine: str | None = None
    files: Mapping[str, Mark] | None = None
    """of the other files by name; None: format 1 has no hashes"""
    records: Mapping[str, Mark] | None = None
    """of the records up to this round, by file name"""
    spent: float | None = None
    """seconds of the run's time limit that were spent; None: it has none"""


def read_state(checkpoint: Path) -> CheckpointState:
    """A checkpoint's state.json, checked against its own hash and the folder's name.

    Raises:
        RunError: if it is damaged, of another round or of another format.
    """
    path = checkpoint / STATE
    content = read_json_object(path)
    if "round" not in content:
        raise RunError(f"{path} is damaged: it has no 'round'")
    version = content.get("format")
    if type(version) is not int or version not in (UNHASHED, FORMAT):
        raise RunError(f"{checkpoint} has format {_short(version)}; this version of steadygan reads format {FORMAT}")
    hashed = version == FORMAT
    if hashed != is_sealed(content) or (not hashed and (SEAL in content or "files" in content)):
        raise RunError(f"{path} is damaged: its content is not what was written (its hash differs)")
    fields = Fields(content, path)
    state = CheckpointState(
        format=version,
        round=fields.whole("round"),
        critic_steps=fields.whole("critic_steps"),
        position=fields.whole("position"),
        seen=fields.whole("seen"),
        seconds=fields.number("seconds"),
        precision=fields.optional_text("precision"),
        device=fields.optional_text("device"),
        engine=fields.optional_text("engine"),
        files=_marks(fields, "files") if hashed else None,
        records=_marks(fields, "records") if hashed and fields.has("records") else None,
        spent=fields.number("spent") if fields.has("spent") else None,
    )
    if checkpoint.name != folder_name(state.round):
        raise RunError(f"{path} is damaged: it is of round {state.round:,}, in the folder {checkpoint.name}")
    return state


def _marks(fields: Fields, name: str) -> dict[str, Mark]:
    inner = fields.inner(name)
    entries = {file: inner.inner(file) for file in inner.content}
    return {file: Mark(entry.whole("bytes"), entry.text("hash")) for file, entry in entries.items()}


def _short(value: object) -> str:
    return str(value) if isinstance(value, int | str) and len(str(value)) < 20 else "unknown"


def damage(checkpoint: Path) -> str | None:
    """What is damaged of a checkpoint, by its hashes and without loading it; None if nothing is."""
    try:
        state = read_state(checkpoint)
        for name, mark in (state.files or {}).items():
            problem = file_damage(checkpoint / name, mark)
            if problem is not None:
                return problem
    except RunError as error:
        return str(error)
    return None


def newest_whole(checkpoints: Sequence[Path]) -> Path | None:
    """The last of these checkpoints, oldest first, that is not damaged."""
    return next((path for path in reversed(checkpoints) if damage(path) is None), None)


def file_damage(path: Path, mark: Mark) -> str | None:
    """How a file differs from its mark, None if it does not."""
    try:
        found = hash_file(path).mark
    except OSError as error:
        return f"{path} is missing or damaged ({describe(error)})"
    return None if found == mark else _difference(path, found, mark)


def _difference(path: Path, found: Mark, mark: Mark) -> str:
    if found.bytes != mark.bytes:
        return f"{path} is damaged: it is {found.bytes:,} bytes long, {mark.bytes:,} were written"
    return f"{path} is damaged: its content is not what was written (its hash differs)"


def of_round(checkpoints: Sequence[Path], round_: int, folder: Path) -> Path:
    """The checkpoint of a round among those that a run keeps.

    Raises:
        UsageError: if there is none, with the rounds that there are.
    """
    for path in checkpoints:
        if int(path.name) == round_:
            return path
    kept = enumerated(str(int(path.name)) for path in checkpoints) if checkpoints else "none"
    raise UsageError(f"{folder} has no checkpoint of round {round_} (kept: {kept})")


def load_tensors(checkpoint: Path, name: str, state: CheckpointState | None = None) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint, checked against its hash.

    Args:
        checkpoint: its folder
        name: of the part, such as 'generator'
        state: of the checkpoint; None: read from it

    Raises:
        RunError: if the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    state = state or read_state(checkpoint)
    path = tensors_path(checkpoint, name)
    try:
        content = read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise RunError(f"{path} is missing or damaged ({describe(error)})") from None
    if state.files is not None:
        if path.name not in state.files:
            raise RunError(f"{path} is missing or damaged (it is not listed in {STATE})")
        found, mark = mark_of(content), state.files[path.name]
        if found != mark:
            raise RunError(_difference(path, found, mark))
    try:
        tensors: dict[str, Tensor] = load(content)
    except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"{path} is missing or damaged ({why})") from None
    return tensors


def load_network(module: nn.Module, checkpoint: Path, name: str, state: CheckpointState | None = None) -> None:
    """Loads a network's weights from a checkpoint, in place.

    Raises:
        RunError: if names, shapes or types differ, or the file is damaged.
    """
    import torch

    from steadygan.networks.layers.inspect import growing_parts

    tensors = load_tensors(checkpoint, name, state)
    own = module.state_dict()
    check_tensors(tensors, own, tensors_path(checkpoint, name), f"this {name}")
    with torch.no_grad():
        for key, tensor in own.items():
            tensor.copy_(tensors[key])
    for part in growing_parts(module):
        part.grow_as_saved()


def check_tensors(saved: Mapping[str, Tensor], needed: Mapping[str, Tensor], path: Path, what: str) -> None:
    """Raises RunError unless a file's tensors have the names, shapes and types of those that are needed."""
    for key, tensor in needed.items():
        if key not in saved:
            raise RunError(f"{path} has no '{key}', which {what} needs: is it of another network?")
        if saved[key].shape != tensor.shape:
            shapes = f"shape {list(saved[key].shape)}; {what} needs {list(tensor.shape)}"
            raise RunError(f"{path} has '{key}' of {shapes}")
        if saved[key].dtype != tensor.dtype:
            types = f"type {_type(saved[key])}; {what} needs {_type(tensor)}"
            raise RunError(f"{path} has '{key}' of {types}")
    for key in saved:
        if key not in needed:
            raise RunError(f"{path} has '{key[:60]}', which {what} does not have: is it of another network?")


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

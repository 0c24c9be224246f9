"""Files of weights that are not of a run: safetensors, and torch's files, of which tensors alone are read.

torch's own loader unpickles with a list of allowed types (``weights_only``): a file can name no code to run.
"""

from __future__ import annotations

import errno
import pickle
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError, in_one_line
from steadygan.system.files import describe
from steadygan.system.regular import open_regular, read_regular
from steadygan.types import PLAYERS, PlayerName

if TYPE_CHECKING:
    from torch import Tensor

NAMES: dict[PlayerName, tuple[str, ...]] = {
    "generator": ("average", "g_ema", "ema", "generator_ema", "generator", "netg", "g"),
    "critic": ("critic", "discriminator", "netd", "d"),
}
"""what a player's weights are called in files, in any case; the first that a file has is taken"""
_OPENED = ("state_dict", "model_state_dict", "model", "networks", "weights", "params_ema", "params")
"""what programs call the mapping that holds the networks, beside counts and optimizers"""
_STATE_DICT = "_state_dict"  # after a player's name
ENDINGS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".tar")
_MOST_BYTES = 1 << 44
_WRAPPERS = ("state_dict.", "module.", "_orig_mod.")  # the last two of DataParallel and torch.compile

Weights = dict[str, "Tensor"]


def read_weights(path: Path) -> dict[PlayerName | None, Weights]:
    """The tensors of a file, by player; under None, if it does not say whose they are.

    Raises:
        UsageError: one line, for a file that is none of these, is damaged, or holds no tensors.
    """
    tensors = _unwrapped(dict(_flat(_opened(_content(path)))))
    if not tensors:
        raise UsageError(f"{path} holds no tensors by name: a state_dict, or several by name, are needed")
    found: dict[PlayerName | None, Weights] = {}
    for player in PLAYERS:
        for name in NAMES[player]:
            inside = {key.partition(".")[2]: value for key, value in tensors.items() if _first(key) == name}
            inside.pop("", None)
            if inside:
                found[player] = _unwrapped(inside)
                break
    return found or {None: tensors}


def _first(key: str) -> str:
    return key.partition(".")[0].lower().removesuffix(_STATE_DICT)


def _opened(content: Any) -> Any:
    """The mapping with the networks, which may lie under a name such as 'state_dict' where no player is named."""
    players = {name for names in NAMES.values() for name in names}
    while isinstance(content, Mapping) and not any(isinstance(key, str) and _first(key) in players for key in content):
        inside = next((content[name] for name in _OPENED if isinstance(content.get(name), Mapping)), None)
        if inside is None:
            break
        content = inside
    return content


def _unwrapped(tensors: Weights) -> Weights:
    """The tensors without the prefixes of wrappers that all of them have."""
    while prefix := next((each for each in _WRAPPERS if tensors and all(map(_begins(each), tensors))), None):
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _begins(prefix: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(prefix) and name != prefix


def _flat(content: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Tensors inside nested mappings by their joined names; all else, such as optimizer settings, is passed over."""
    import torch

    if isinstance(content, torch.Tensor) and prefix:
        yield prefix, content.detach()
    elif isinstance(content, Mapping) and depth < 6:
        for name, inner in content.items():
            if isinstance(name, str):
                yield from _flat(inner, f"{prefix}.{name}" if prefix else name, depth + 1)


def _content(path: Path) -> Any:
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path} is no file of weights that is read: {', '.join(ENDINGS)}; a pickle can run code, so "
            "save its networks' state_dict with torch.save or safetensors"
        )
    try:
        return _safetensors(path) if path.suffix.lower() == ".safetensors" else _torch_file(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({describe(error)})") from None


def _safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = read_regular(path, _MOST_BYTES)
    try:
        return load(content)
    except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
        raise UsageError(f"{path} is no whole file of safetensors ({in_one_line(error)})") from None


def _torch_file(path: Path) -> Any:
    import torch

    with open_regular(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pickle protocols
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            why = "it names types other than tensors" if "unsupported" in str(error).lower() else "it is damaged"
            raise UsageError(
                f"{path} is no file of tensors alone ({why}): save state_dicts with torch.save or safetensors"
            ) from None
        except (
            EOFError,
            RuntimeError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ImportError,
            zipfile.BadZipFile,
            OverflowError,
            MemoryError,
            AssertionError,
        ) as error:
            raise UsageError(f"{path} is no whole file of torch ({in_one_line(error)})") from None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise UsageError(f"{path} is no whole file of torch (it is cut off)") from None

"""Inception-v3 features, of the network that published scores are computed with.

The weights are those of the TensorFlow graph of 2015-12-05, converted by the makers of torch-fidelity, whose extractor
also resizes as that graph does. The module is loaded by itself: torch-fidelity's package needs torchvision.

Tested with generated weights of the right shapes, against torch-fidelity's own extractor. It has not been run with the
real weights, and no published score has been reproduced with it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import sys
import tempfile
import threading
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError
from steadygan.features.base import Extracted
from steadygan.features.neural import Weights, cached_weights, extract, hash_of, read_weights, weights_file
from steadygan.metrics.arrays import Images
from steadygan.metrics.pyramids import check_images
from steadygan.system.cache import cache_folder

if TYPE_CHECKING:
    from torch import Tensor, nn

ORIGINAL = "6726825d"
"""how the SHA-256 of the original weights file begins"""
VARIABLE = "STEADYGAN_INCEPTION"

_WIDTH = 2048
_LAYERS = ["2048", "logits_unbiased"]
_RESIZE = "bilinear to 299 as in TensorFlow 1, not antialiased"
_BLOCK = 50
_VERSION = 1
_HASH = re.compile(r"[0-9a-f]{8,64}")
_STATED = re.compile(rf"-({_HASH.pattern})$")
_loading = threading.Lock()


@dataclass(frozen=True, eq=False)
class InceptionFeatures:
    """The last pooling layer of Inception, and its class probabilities."""

    network: nn.Module
    facts: dict[str, Any]
    """sha256 of the weights file, whether it is the original, resize, precision, version of torch-fidelity"""
    identity: str
    device: str = "cpu"

    @property
    def name(self) -> str:
        return "inception"

    @property
    def width(self) -> int:
        return _WIDTH

    def __call__(self, images: Images) -> Extracted:
        """Features [N, 2048] and probabilities [N, 1008] of images uint8 [N, 1 or 3, H, W].

        The probabilities are of logits without their bias, as in the Inception score's first code; grey images are
        taken as colour images of three equal channels.

        Raises:
            UsageError: images of 2 or 4 channels.
        """
        check_images(images)
        if images.shape[1] not in (1, 3):
            raise UsageError(f"images have {images.shape[1]} channels; 'inception' takes 1 or 3, without alpha")
        return extract(self._forward, images, _BLOCK, self.device, self.name)

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features, logits = self.network(images.expand(-1, 3, -1, -1))
        return features, logits


def inception_features(
    weights: str | Path | None = None,
    *,
    sha256: str | None = None,
    cache: str | None = None,
    device: str = "cpu",
) -> InceptionFeatures:
    """Inception features: from a weights file, else from the cache, else from weights that are downloaded once.

    Args:
        weights: a .pth as torch-fidelity publishes it, or the .safetensors that it was converted to; None: the file
            that STEADYGAN_INCEPTION names, else the cache, else the download
        sha256: the hash of the .pth, or how it begins; None: the end of the file's name (NAME-6726825d.pth), else
            that of the original weights
        cache: folder of the cache; None: STEADYGAN_CACHE, or else the user's cache folder
        device: to run on

    Raises:
        UsageError: torch-fidelity is missing, the weights are missing and cannot be downloaded, have another hash, or
            are not Inception's.
        RunError: the cache cannot be written.
    """
    module = _extractor_module()
    if sha256 is not None and not _HASH.fullmatch(sha256):
        raise UsageError(f"sha256 is {sha256!r}; it has to be 8 to 64 hexadecimal digits, in small letters")
    path = weights or os.environ.get(VARIABLE)
    if path:
        loaded = _from_file(Path(os.path.expanduser(path)), sha256, cache)
    else:
        wanted = sha256 or ORIGINAL
        loaded = _from_cache(wanted, cache) or _downloaded(module.URL_INCEPTION_V3, wanted, cache)
    network = _network(module, loaded.tensors, path or "the cache")
    source = loaded.facts["sha256"]
    facts = {
        "sha256": source,
        "original": source.startswith(ORIGINAL),
        "resize": _RESIZE,
        "precision": "fp32",
        "torch-fidelity": _installed_version(),
    }
    text = f"{_VERSION} {_LAYERS} {_RESIZE} {hash_of(loaded.tensors)}"
    return InceptionFeatures(network.to(device), facts, hashlib.sha256(text.encode()).hexdigest(), device)


def _from_file(path: Path, sha256: str | None, cache: str | None) -> Weights:
    if not path.is_file():
        raise UsageError(f"no Inception weights at '{path}'")
    if path.suffix == ".safetensors":
        loaded = read_weights(path)
        if loaded is None or "sha256" not in loaded.facts:
            raise UsageError(f"'{path}' is damaged, or was not converted by this package; give the .pth")
        _check_hash(path, loaded.facts["sha256"], sha256)
        return loaded
    with path.open("rb") as file:
        source = hashlib.file_digest(file, "sha256").hexdigest()
    _check_hash(path, source, sha256)
    return cached_weights(_cached_file(source, cache), lambda: _converted(path, source))


def _check_hash(path: Path, got: str, sha256: str | None) -> None:
    stated = _STATED.search(path.stem)
    wanted = sha256 or (stated[1] if stated else ORIGINAL)
    if not got.startswith(wanted):
        raise UsageError(
            f"the Inception weights '{path}' have SHA-256 {got[: max(16, len(wanted))]}, not {wanted}; "
            f"name a file of other weights by theirs: NAME-{got[:8]}{path.suffix}"
        )


def _converted(path: Path, source: str) -> Weights:
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each way to damage a file raises another kind
        raise UsageError(f"'{path}' holds no weights that torch can read: {type(error).__name__}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UsageError(f"'{path}' holds a {type(state).__name__}, not a network's weights")
    tensors = {str(name): value.detach().clone() for name, value in state.items()}
    _network(_extractor_module(), tensors, path)
    return Weights(tensors, {"sha256": source})


def _cached_file(source: str, cache: str | None) -> Path:
    return weights_file(f"inception-{source[:32]}", cache)


def _from_cache(sha256: str, cache: str | None) -> Weights | None:
    for path in sorted((cache_folder(cache) / "features").glob(f"inception-{sha256[:32]}*.safetensors")):
        weights = read_weights(path)
        if weights is not None and str(weights.facts.get("sha256")).startswith(sha256):
            return weights
    return None


def _downloaded(url: str, sha256: str, cache: str | None) -> Weights:
    import torch

    if not sha256.startswith(ORIGINAL):
        raise UsageError(f"Inception weights with SHA-256 {sha256} are not in the cache: give their file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / url.rsplit("/", 1)[1]
        try:
            torch.hub.download_url_to_file(url, str(path), hash_prefix=sha256, progress=False)
        except (OSError, HTTPException, RuntimeError) as error:
            reason = " ".join(str(error).split())[:100]
            raise UsageError(
                f"the Inception weights cannot be downloaded ({reason}): get {url} elsewhere, keep its name, and "
                f"give it as --inception-weights PATH or in {VARIABLE}"
            ) from error
        return _from_file(path, sha256, cache)


def _network(module: ModuleType, tensors: dict[str, Tensor], where: str | Path) -> nn.Module:
    """torch-fidelity's extractor with these weights."""
    import torch

    class Extractor(module.FeatureExtractorInceptionV3):  # type: ignore[misc, name-defined]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            """Nothing: the constructor would read a full pickle, or download."""

    module.load_state_dict_from_url = lambda url, **_: {}  # type: ignore[attr-defined]
    with torch.device("meta"):  # random weights would take longer than all else
        network: nn.Module = Extractor("inception", _LAYERS)
    try:
        torch.nn.Module.load_state_dict(network, tensors, assign=True)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:160]
        raise UsageError(f"the weights in '{where}' are not those of this Inception network: {first}") from error
    return network.float().requires_grad_(False).eval()


def _extractor_module() -> ModuleType:
    """torch-fidelity's Inception module: a copy of our own, imported without the package's __init__.

    Raises:
        UsageError: torch-fidelity is not installed.
    """
    name = "torch_fidelity"
    with _loading:
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:
            spec = None
        if spec is None or spec.submodule_search_locations is None:
            raise UsageError(
                "features 'inception' need torch-fidelity: pip install 'steadygan[inception]' "
                "(without torchvision: pip install --no-deps torch-fidelity)"
            )
        ours = [each for each in sys.modules if each == name or each.startswith(f"{name}.")]
        before = {each: sys.modules.pop(each) for each in ours}
        bare = ModuleType(name)  # the package without its __init__
        bare.__path__ = list(spec.submodule_search_locations)
        sys.modules[name] = bare
        try:
            return importlib.import_module(f"{name}.feature_extractor_inceptionv3")
        finally:
            for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
                del sys.modules[each]
            sys.modules.update(before)


def _installed_version() -> str | None:
    from importlib import metadata

    try:
        return metadata.version("torch-fidelity")
    except metadata.PackageNotFoundError:
        return None

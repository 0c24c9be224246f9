"""Inception features with generated weights of the right shapes, against torch-fidelity's own extractor."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.features import inception
from steadygan.features.inception import InceptionFeatures, inception_features
from steadygan.features.neural import read_weights

needs_extractor = pytest.mark.skipif(
    importlib.util.find_spec("torch_fidelity") is None, reason="torch-fidelity is not installed"
)
Array = NDArray[np.uint8]


def pictures(count: int, channels: int = 3, side: int = 16) -> Array:
    return np.random.default_rng(0).integers(0, 256, (count, channels, side, side), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like the one that is published, with random numbers in it."""
    home = inception._extractor_module()

    class Untrained(home.FeatureExtractorInceptionV3):  # type: ignore[misc, name-defined]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            pass

    home.load_state_dict_from_url = lambda url, **_: {}  # type: ignore[attr-defined]
    torch.manual_seed(0)
    network = Untrained("any", ["2048"])
    for part in network.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
    torch.nn.init.normal_(network.fc.weight, std=0.05)
    torch.nn.init.normal_(network.fc.bias, std=3.0)
    folder = tmp_path_factory.mktemp("weights")
    torch.save(network.state_dict(), folder / "new.pth")
    digest = hashlib.sha256((folder / "new.pth").read_bytes()).hexdigest()
    return (folder / "new.pth").rename(folder / f"weights-inception-{digest[:8]}.pth")


@pytest.fixture(scope="module")
def converted(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cache in which the weights are converted."""
    folder = str(tmp_path_factory.mktemp("cache"))
    inception_features(weights, cache=folder)
    return folder


@pytest.fixture(scope="module")
def network(weights: Path, converted: str) -> InceptionFeatures:
    return inception_features(weights, cache=converted)


def digest_of(weights: Path) -> str:
    return hashlib.sha256(weights.read_bytes()).hexdigest()


@needs_extractor
def test_features_and_probabilities_are_those_of_torch_fidelity(weights: Path, network: InceptionFeatures) -> None:
    home = inception._extractor_module()
    judge = home.FeatureExtractorInceptionV3("any", ["2048", "logits_unbiased"], str(weights))
    images = pictures(2, side=24)
    pooled, logits = judge(torch.from_numpy(images))
    found = network(images)
    assert found.features.shape == (2, network.width) == (2, 2048)
    assert found.features.std() > 0.01
    np.testing.assert_allclose(found.features, pooled, rtol=1e-4, atol=1e-5)
    assert found.probabilities is not None
    assert found.probabilities.shape == (2, 1008)
    powers = np.exp(logits.double().numpy() - logits.max().item())
    np.testing.assert_allclose(found.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-3)
    without_bias = found.features.astype(np.float64) @ judge.fc.weight.double().numpy().T
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1), without_bias.argmax(axis=1))
    assert network.facts["resize"].startswith("bilinear to 299")
    assert network.facts["sha256"] == digest_of(weights)
    assert network.facts["original"] is False
    assert network.name == "inception"


@needs_extractor
def test_converted_weights_are_the_same_network(weights: Path, cache: Path, network: InceptionFeatures) -> None:
    images = pictures(1)
    inception_features(weights)
    (converted,) = (cache / "features").glob("*.safetensors")
    assert converted.name == f"inception-{digest_of(weights)[:32]}.safetensors"
    again = inception_features(converted)
    assert again.identity == network.identity
    assert again.facts == network.facts
    np.testing.assert_array_equal(again(images).features, network(images).features)


@needs_extractor
def test_weights_are_converted_once_and_then_cached(
    weights: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, network: InceptionFeatures
) -> None:
    inception_features(weights)
    monkeypatch.setattr(torch, "load", None)
    monkeypatch.setattr(torch.hub, "download_url_to_file", None)
    assert inception_features(weights).identity == network.identity
    assert inception_features(sha256=digest_of(weights)[:12]).identity == network.identity
    monkeypatch.setattr(inception, "ORIGINAL", digest_of(weights)[:8])
    found = inception_features()
    assert found.identity == network.identity
    assert found.facts["original"] is True


@needs_extractor
def test_the_variable_names_the_file(
    weights: Path, monkeypatch: pytest.MonkeyPatch, network: InceptionFeatures, converted: str
) -> None:
    monkeypatch.setenv("STEADYGAN_INCEPTION", str(weights))
    assert inception_features(cache=converted).identity == network.identity


@needs_extractor
def test_grey_images_are_colour_images_of_equal_channels(network: InceptionFeatures) -> None:
    grey = pictures(1, channels=1)
    np.testing.assert_allclose(network(grey).features, network(grey.repeat(3, axis=1)).features, rtol=1e-6, atol=1e-7)


@needs_extractor
@pytest.mark.parametrize("channels", [2, 4])
def test_images_with_alpha_are_refused(network: InceptionFeatures, channels: int) -> None:
    with pytest.raises(UsageError, match=f"images have {channels} channels; 'inception' takes 1 or 3"):
        network(pictures(1, channels))


@needs_extractor
def test_features_of_an_image_do_not_depend_on_the_others(
    network: InceptionFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pictures(2)
    together = network(images).features
    monkeypatch.setattr(inception, "_BLOCK", 1)
    np.testing.assert_allclose(network(images).features, together, rtol=1e-4, atol=1e-5)


@needs_extractor
def test_weights_with_another_hash_than_stated_are_refused(weights: Path, converted: str, tmp_path: Path) -> None:
    digest = digest_of(weights)
    nameless = tmp_path / "weights.pth"
    nameless.symlink_to(weights)
    lying = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    lying.symlink_to(weights)
    for path, wanted in ((nameless, "6726825d"), (lying, "6726825d")):
        with pytest.raises(UsageError, match=f"have SHA-256 {digest[:16]}, not {wanted}; .* NAME-{digest[:8]}.pth$"):
            inception_features(path)
    with pytest.raises(UsageError, match=f"have SHA-256 {digest}, not {'0' * 64}"):
        inception_features(weights, sha256="0" * 64)
    with pytest.raises(UsageError, match="sha256 is 'x'; it has to be 8 to 64 hexadecimal digits"):
        inception_features(weights, sha256="x")
    assert inception_features(nameless, sha256=digest, cache=converted).facts["sha256"] == digest


def stated(path: Path, content: bytes) -> Path:
    """A file whose name says its true hash."""
    found = path.with_name(f"{path.name}-{hashlib.sha256(content).hexdigest()[:8]}.pth")
    found.write_bytes(content)
    return found


@needs_extractor
def test_files_that_hold_something_else_are_one_line(tmp_path: Path, cache: Path) -> None:
    torch.save({"fc.weight": torch.zeros(1008, 2048)}, tmp_path / "part")
    torch.save([1, 2], tmp_path / "list")
    refused = {
        "holds no weights that torch can read": b"not a file of torch",
        "are not those of this Inception network: .*Missing key": (tmp_path / "part").read_bytes(),
        "holds a list": (tmp_path / "list").read_bytes(),
    }
    for line, content in refused.items():
        with pytest.raises(UsageError, match=line) as error:
            inception_features(stated(tmp_path / "weights", content))
        assert "\n" not in str(error.value)
    (tmp_path / "other.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match="is damaged, or was not converted by this package"):
        inception_features(tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="no Inception weights at"):
        inception_features(tmp_path / "nowhere.pth")
    assert list((cache / "features").glob("*.safetensors")) == []


class Trap:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@needs_extractor
def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    content = pickle.dumps({"fc.weight": Trap(tmp_path / "run")}, protocol=2)
    torch.save({"fc.weight": Trap(tmp_path / "run")}, tmp_path / "modern")
    for each in (content, (tmp_path / "modern").read_bytes()):
        with pytest.raises(UsageError, match="holds no weights that torch can read"):
            inception_features(stated(tmp_path / "weights", each))
    assert not (tmp_path / "run").exists()


@needs_extractor
def test_without_a_network_the_line_says_where_the_file_is_and_how_to_give_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(UsageError) as error:
        inception_features()
    line = str(error.value)
    assert "\n" not in line
    for part in ("no route to host", "https://", "6726825d.pth", "--inception-weights PATH", "STEADYGAN_INCEPTION"):
        assert part in line
    with pytest.raises(UsageError, match="Inception weights with SHA-256 00000000 are not in the cache"):
        inception_features(sha256="00000000")


@needs_extractor
def test_a_download_is_converted_and_kept(
    weights: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, network: InceptionFeatures
) -> None:
    asked: list[str] = []

    def download(url: str, to: str, hash_prefix: str, progress: bool) -> None:
        asked.append(f"{url} {hash_prefix}")
        Path(to).write_bytes(weights.read_bytes())

    head = digest_of(weights)[:8]
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    monkeypatch.setattr(inception, "ORIGINAL", head)
    for _ in range(2):
        assert inception_features().identity == network.identity
    assert len(asked) == 1
    assert re.fullmatch(rf"https://\S+\.pth {head}", asked[0])
    (kept,) = (cache / "features").glob("*.safetensors")
    found = read_weights(kept)
    assert found is not None
    assert found.facts == {"sha256": digest_of(weights)}


def test_without_torch_fidelity_the_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'steadygan\[inception\]' .*--no-deps torch-fidelity"):
        inception_features()


@pytest.fixture
def loaded_before() -> Iterator[ModuleType]:
    """Stands for a torch-fidelity that the user's program has imported."""
    theirs = ModuleType("torch_fidelity")
    theirs.__spec__ = importlib.util.find_spec("torch_fidelity")
    sys.modules["torch_fidelity"] = theirs
    yield theirs
    del sys.modules["torch_fidelity"]


@needs_extractor
def test_loading_leaves_imports_and_random_numbers_as_they_were(
    weights: Path, converted: str, loaded_before: ModuleType
) -> None:
    torch.manual_seed(1)
    inception_features(weights, cache=converted)
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), after)
    assert [name for name in sys.modules if name.startswith("torch_fidelity")] == ["torch_fidelity"]
    assert sys.modules["torch_fidelity"] is loaded_before

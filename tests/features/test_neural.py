"""Weights are cached once, completely, and identified by their hash."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from steadygan.errors import RunError, UsageError
from steadygan.features.neural import (
    Weights,
    cached_weights,
    extract,
    hash_of,
    read_weights,
    weights_file,
    write_weights,
)

KEY = "0123456789abcdef" * 2


def some_weights(value: float = 1.0) -> Weights:
    return Weights({"a": torch.full((2, 3), value), "b": torch.tensor(7)}, {"what": "a test"})


def test_the_hash_sees_names_types_shapes_and_every_number_but_not_the_layout_in_memory() -> None:
    tensor = torch.arange(24.0).reshape(1, 2, 3, 4)
    base = hash_of({"a": tensor})
    assert hash_of({"a": tensor.to(memory_format=torch.channels_last)}) == base
    changed = tensor.clone()
    changed[0, 1, 2, 3] += 1e-5
    others = [
        {"b": tensor},
        {"a": tensor.double()},
        {"a": tensor.reshape(24)},
        {"a": changed},
        {"a": tensor, "b": tensor},
    ]
    assert len({base, *map(hash_of, others)}) == 6
    both = {"a": tensor, "b": changed}
    assert hash_of(both) == hash_of(dict(reversed(both.items())))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "weights.safetensors"
    write_weights(path, some_weights())
    found = read_weights(path)
    assert found is not None
    assert found.facts == {"what": "a test"}
    assert torch.equal(found.tensors["a"], torch.ones(2, 3))
    assert found.tensors["b"].item() == 7
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["missing", "empty", "short", "one bit", "no metadata"])
def test_damaged_weights_are_made_again(damage: str) -> None:
    path = weights_file(f"test-{KEY}", None)
    cached_weights(path, some_weights)
    content = bytearray(path.read_bytes())
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "short":
            path.write_bytes(content[:-1])
        case "one bit":
            content[-1] ^= 1
            path.write_bytes(content)
        case "no metadata":
            from safetensors.torch import save_file

            save_file(some_weights().tensors, path)
    made: list[int] = []
    found = cached_weights(path, lambda: made.append(1) or some_weights(2.0))  # type: ignore[func-returns-value]
    assert made == [1]
    assert found.tensors["a"][0, 0] == 2
    assert cached_weights(path, lambda: pytest.fail("they are there")).tensors["a"][0, 0] == 2


def test_who_wants_weights_that_are_being_made_waits_for_them() -> None:
    path = weights_file(f"test-{KEY}", None)
    begun, finish = threading.Event(), threading.Event()
    got: list[Weights] = []

    def slowly() -> Weights:
        begun.set()
        finish.wait(30)
        return some_weights(3.0)

    first = threading.Thread(target=lambda: got.append(cached_weights(path, slowly)))
    second = threading.Thread(target=lambda: got.append(cached_weights(path, lambda: some_weights(4.0))))
    first.start()
    begun.wait(30)
    second.start()
    finish.set()
    first.join(30)
    second.join(30)
    assert [weights.tensors["a"][0, 0].item() for weights in got] == [3.0, 3.0]


def test_weights_that_cannot_be_kept_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = weights_file(f"test-{KEY}", str(tmp_path / "file"))
    with pytest.raises(RunError, match=r"^cannot keep weights in .*; choose another folder .* STEADYGAN_CACHE$"):
        cached_weights(path, lambda: pytest.fail("an hour of work for nothing"))


def test_images_go_through_in_blocks_and_come_back_in_order() -> None:
    images = np.random.default_rng(0).integers(0, 256, (23, 2, 3, 3), dtype=np.uint8)
    seen: list[int] = []

    def network(block: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert torch.is_inference_mode_enabled()
        seen.append(len(block))
        flat = block.flatten(1).float()
        return flat, flat[:, :5]

    images.flags.writeable = False
    found = extract(network, images, 10, "cpu", "flat")
    assert seen == [10, 10, 3]
    assert found.features.dtype == np.float32
    np.testing.assert_array_equal(found.features, images.reshape(23, -1))
    assert found.probabilities is not None
    powers = np.exp(found.features[:, :5].astype(np.float64) - 255)
    np.testing.assert_allclose(found.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-12)


def test_autocast_around_it_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
    weight = torch.randn(3, 64)
    network = lambda block: (block.flatten(1).float() @ weight.T, None)  # noqa: E731
    plain = extract(network, images, 4, "cpu", "linear")
    with torch.autocast("cpu", torch.bfloat16):
        inside = extract(network, images, 4, "cpu", "linear")
    np.testing.assert_array_equal(inside.features, plain.features)


def test_features_that_are_not_finite_are_refused() -> None:
    images = np.zeros((4, 1, 2, 2), np.uint8)
    images[3] = 9

    def network(block: torch.Tensor) -> tuple[torch.Tensor, None]:
        return torch.where(block == 9, torch.nan, 0.0).flatten(1), None

    with pytest.raises(UsageError, match="features 'bad' are not finite for one of the images 2 to 3"):
        extract(network, images, 2, "cpu", "bad")

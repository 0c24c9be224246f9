"""Any module of the user's gives features, by rules that are stated and hashed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from steadygan.errors import UsageError
from steadygan.features.module import module_features

SHAPE = (3, 6, 6)


def pictures(count: int = 5, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


class Answers(nn.Module):
    """Gives what a function makes of its input."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, images: Tensor) -> Any:
        return self.answer(images)


class TwoLayers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(108, 4)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.second(self.act(self.first(images.flatten(1))))
        return found


def test_pixels_come_in_the_range_that_was_asked_for() -> None:
    images = pictures()
    values = images.reshape(5, -1).astype(np.float64)
    mean, std = np.array([0.5, 0.4, 0.3]), np.array([0.2, 0.25, 0.3])
    standard = (images / 255 - mean[:, None, None]) / std[:, None, None]
    wanted: list[tuple[dict[str, Any], NDArray[np.float64]]] = [
        ({}, values / 127.5 - 1),
        ({"pixels": "[-1,1]"}, values / 127.5 - 1),
        ({"pixels": "[0,1]"}, values / 255),
        ({"pixels": "uint8"}, values),
        ({"mean": mean, "std": std}, standard.reshape(5, -1)),
        ({"mean": [0.5], "std": [0.5]}, values / 127.5 - 1),
    ]
    for options, expected in wanted:
        found = module_features(nn.Flatten(), "pixels", **options)(images)
        np.testing.assert_allclose(found.features, expected, rtol=1e-5, atol=1e-5)
        assert found.probabilities is None


def test_a_module_that_wants_uint8_gets_it() -> None:
    def answer(images: Tensor) -> Tensor:
        assert images.dtype == torch.uint8
        return images.flatten(1).float()

    for size in (None, 4):
        module_features(Answers(answer), "bytes", pixels="uint8", size=size)(pictures())


def test_images_are_brought_to_a_size() -> None:
    images = pictures(4, (1, 12, 12))
    for size in (4, 20):
        found = module_features(nn.Flatten(), "small", size=size, pixels="uint8")(images)
        small = interpolate(torch.from_numpy(images).double(), (size, size), mode="bicubic", antialias=True)
        expected = small.clamp(0, 255).flatten(1)
        np.testing.assert_allclose(found.features, expected, atol=0.501)


def test_maps_are_averaged_over_height_and_width_and_other_shapes_flattened() -> None:
    maps = torch.randn(5, 7, 3, 2)
    found = module_features(Answers(lambda _: maps), "maps")(pictures())
    np.testing.assert_allclose(found.features, maps.numpy().reshape(5, 7, 6).mean(axis=2), rtol=1e-5, atol=1e-6)
    tokens = torch.randn(5, 7, 3)
    found = module_features(Answers(lambda _: tokens), "tokens")(pictures())
    np.testing.assert_array_equal(found.features, tokens.flatten(1))
    assert module_features(Answers(lambda _: torch.zeros(5)), "score")(pictures()).features.shape == (5, 1)


def test_a_pair_is_features_and_logits() -> None:
    features, logits = torch.randn(5, 7), torch.randn(5, 3)
    for pair in ((features, logits), [features, logits]):
        found = module_features(Answers(lambda _, pair=pair: pair), "pair")(pictures())
        np.testing.assert_array_equal(found.features, features)
        assert found.probabilities is not None
        np.testing.assert_allclose(found.probabilities, logits.double().softmax(dim=1), rtol=1e-12)


def test_a_part_of_the_module_can_be_the_output_even_if_the_next_one_works_in_place() -> None:
    module = TwoLayers()
    features = module_features(module, "hidden", output="first")
    images = pictures()
    with torch.no_grad():
        expected = module.first(torch.from_numpy(images / 127.5 - 1).float().flatten(1))
    assert expected.min() < 0
    np.testing.assert_allclose(features(images).features, expected, rtol=1e-4, atol=1e-5)
    assert not module.first._forward_hooks
    with pytest.raises(UsageError, match=r"'hidden' has no part 'frist'; did you mean 'first'\?"):
        module_features(module, "hidden", output="frist")


def test_the_module_works_in_eval_mode_and_stays_as_it_was() -> None:
    module = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(108), nn.Dropout(0.5))
    module[2].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    features = module_features(module, "normed")
    first, second = features(pictures()), features(pictures())
    np.testing.assert_array_equal(first.features, second.features)
    assert [part.training for part in module] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_identity_sees_weights_class_and_options_but_not_the_name() -> None:
    module = TwoLayers()
    base = module_features(module, "a").identity
    assert module_features(module, "b").identity == base
    changes: list[dict[str, Any]] = [
        {"size": 6},
        {"pixels": "[0,1]"},
        {"mean": [0.5], "std": [0.5]},
        {"mean": [0.5], "std": [0.4]},
        {"output": "first"},
    ]
    others = [module_features(module, "a", **change).identity for change in changes]

    class Renamed(TwoLayers):
        pass

    renamed = Renamed()
    renamed.load_state_dict(module.state_dict())
    others.append(module_features(renamed, "a").identity)
    features = module_features(module, "a")
    with torch.no_grad():
        module.second.bias[0] += 1e-3
    others.append(features.identity)
    assert len({base, *others}) == len(others) + 1


def test_the_width_is_known_at_once_where_the_shape_is() -> None:
    assert module_features(TwoLayers(), "two", shape=SHAPE).width == 2
    later = module_features(TwoLayers(), "two")
    with pytest.raises(UsageError, match="the width of 'two' is not known before its first images"):
        _ = later.width
    later(pictures())
    assert later.width == 2


def test_a_module_that_does_not_take_the_images_is_told_with_their_shape() -> None:
    with pytest.raises(UsageError, match=r"^'two' fails on images \[1, 6, 6\]: RuntimeError: mat1 and mat2") as error:
        module_features(TwoLayers(), "two", shape=(1, 6, 6))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda _: torch.zeros(1, 7), r"'odd' gives \[1, 7\] for 5 images; it has to be one row an image"),
        (lambda _: torch.tensor(1.0), r"'odd' gives \[\] for 5 images"),
        (lambda _: (torch.zeros(5, 7), torch.zeros(4, 2)), r"'odd' gives \[4, 2\] for 5 images"),
        (
            lambda _: {"features": torch.zeros(5, 7)},
            r"'odd' gives \(dict\); features are a tensor, or a pair with logits",
        ),
        (lambda _: (torch.zeros(5, 7), None), r"'odd' gives \(Tensor, NoneType\)"),
        (lambda _: (), r"'odd' gives \(\)"),
        (lambda _: torch.full((5, 7), torch.inf), "features 'odd' are not finite"),
    ],
)
def test_answers_that_are_not_one_finite_row_an_image_are_refused(answer: Any, line: str) -> None:
    with pytest.raises(UsageError, match=line):
        module_features(Answers(answer), "odd")(pictures())


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"mean": [0.5]}, "mean and std go together"),
        ({"mean": [0.5], "std": [0.5], "pixels": "uint8"}, r"a mean is of pixels in \[0,1\]; got pixels 'uint8'"),
        ({"mean": [0.5], "std": [0.0]}, r"std is \[0.0\]"),
        ({"mean": [0.5, 0.5], "std": [0.5]}, r"std is \[0.5\]"),
        ({"pixels": "[0, 1]"}, r"unknown range of pixels '\[0, 1\]'; did you mean '\[0,1\]'\?"),
        ({"size": 0}, "size is 0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        module_features(nn.Flatten(), "flat", **options)


def test_other_things_than_modules_and_means_of_other_channels_are_refused() -> None:
    with pytest.raises(UsageError, match="features 'flat' are a function"):
        module_features(lambda images: images, "flat")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'flat' has a mean of 2 channels; the images have 3"):
        module_features(nn.Flatten(), "flat", mean=[0.5, 0.5], std=[1, 1])(pictures())
    with pytest.raises(UsageError, match="images must be uint8, as a user sees them"):
        module_features(nn.Flatten(), "flat")(pictures().astype(np.float32))  # type: ignore[arg-type]

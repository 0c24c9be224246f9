"""A classifier of the data itself: trained once, kept, and the same for everyone who asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from steadygan.data import DataOptions, Dataset, Endless, Stored, open_data
from steadygan.errors import RunError, UsageError
from steadygan.features import classifier, classifier_network
from steadygan.features.classifier import ClassifierFeatures, StackFeatures, channel_classifier, classifier_features
from steadygan.rng import fixed_generator
from steadygan.types import SampleSpec

Array = NDArray[np.uint8]


def stripes(count: int, shape: tuple[int, int, int] = (1, 8, 8), seed: int = 0) -> Stored:
    """Three classes: noise that is brighter at the top, at the left, or nowhere."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    images = rng.integers(0, 128, (count, *shape), dtype=np.uint8)
    images[labels == 0, :, : shape[1] // 2] += 127
    images[labels == 1, :, :, : shape[2] // 2] += 127
    return Stored(images, labels)


def striped(shape: tuple[int, int, int] = (1, 8, 8), count: int = 300, **changes: object) -> Dataset:
    dataset = Dataset(
        "stripes", SampleSpec(shape, 3), stripes(count, shape), stripes(60, shape, 1), "f00d", ("a", "b", "c")
    )
    return replace(dataset, **changes)  # type: ignore[arg-type]


def one_of(dataset: Dataset, **options: object) -> ClassifierFeatures:
    found = classifier_features(dataset, **options)  # type: ignore[arg-type]
    assert isinstance(found, ClassifierFeatures)
    return found


def files(cache: Path) -> list[Path]:
    return sorted((cache / "features").glob("*.safetensors"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few batches are enough for stripes."""
    monkeypatch.setattr(classifier_network, "_LEAST_PASSES", 2_000)
    monkeypatch.setattr(classifier_network, "_EPOCHS", 1)


def test_digits_are_recognised_and_the_share_is_recorded(digits_cache: Path) -> None:
    digits = open_data(DataOptions(cache=str(digits_cache)))
    found = one_of(digits, cache=str(digits_cache))
    features, probabilities = found(digits.held_out.samples)
    assert features.shape == (len(digits.held_out), 128) == (len(digits.held_out), found.width)
    assert features.dtype == np.float32
    assert features.min() == 0
    assert probabilities is not None
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    share = (probabilities.argmax(axis=1) == digits.held_out.labels).mean()
    assert share > 0.95
    assert found.facts["held_out_accuracy"] == share
    assert found.facts["data"] == digits.fingerprint
    assert found.facts["tested_on"] == len(digits.held_out)
    assert found.facts["trained_on"] + found.facts["tested_on"] == 1_797
    assert found.facts["resize"] == "none"
    assert found.facts["precision"] == "fp32"
    assert found.name == "classifier"


def test_it_is_trained_once(quick: None, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    first = one_of(striped(), progress=lambda *state: told.append(state))
    assert told == [(step, told[0][1]) for step in range(1, told[0][1] + 1)]
    monkeypatch.setattr(classifier, "train", None)
    second = one_of(striped(), progress=lambda *_: pytest.fail("it is in the cache"))
    assert second.identity == first.identity
    assert second.facts == first.facts
    images = stripes(50, seed=2).samples
    np.testing.assert_array_equal(second(images).features, first(images).features)
    assert len(files(cache)) == 1


def test_one_seed_gives_one_classifier_whatever_was_drawn_before(quick: None, tmp_path: Path) -> None:
    first = one_of(striped(), cache=str(tmp_path / "a"))
    torch.manual_seed(5)
    with torch.inference_mode():
        again = one_of(striped(), cache=str(tmp_path / "b"))
    assert again.identity == first.identity
    assert one_of(striped(), cache=str(tmp_path / "a"), seed=1).identity != first.identity


def test_random_numbers_outside_are_left_alone(quick: None) -> None:
    for _ in range(2):  # trained, and from the cache
        torch.manual_seed(3)
        one_of(striped())
        after = torch.rand(3)
        torch.manual_seed(3)
        assert torch.equal(torch.rand(3), after)


def test_a_damaged_file_is_trained_again(quick: None, cache: Path) -> None:
    first = one_of(striped())
    (path,) = files(cache)
    path.write_bytes(path.read_bytes()[:-5])
    assert one_of(striped()).identity == first.identity
    assert files(cache) == [path]


@pytest.mark.parametrize(("channels", "side"), [(1, 2), (2, 9), (3, 9), (4, 2)])
def test_any_channels_and_sizes_work(quick: None, channels: int, side: int) -> None:
    shape = (channels, side, side)
    found = one_of(striped(shape))
    assert found(stripes(7, shape).samples).features.shape == (7, 128)
    assert found.facts["held_out_accuracy"] > 0.8


def test_large_images_are_shrunk_and_the_size_is_part_of_the_identity(quick: None) -> None:
    shape = (3, 80, 40)
    found = one_of(striped(shape, count=60))
    assert found.facts["resize"] == "antialiased bicubic to 32x16"
    features = found(stripes(5, shape, 3).samples).features
    small = classifier_network.shrunk(torch.from_numpy(stripes(5, shape, 3).samples))
    with torch.no_grad():
        expected = found.network[0](classifier_network.normalised(small))
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(
        UsageError, match=r"images are \[3, 32, 16\]; 'classifier' was fitted on images of \[3, 80, 40\]"
    ):
        found(small.numpy())


def test_shrinking_is_pillows_bicubic_to_the_nearest_level() -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 64), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(image).resize((20, 32), Image.Resampling.BICUBIC)).astype(int)
    got = classifier_network.shrunk(torch.from_numpy(image)[None, None])[0, 0].numpy().astype(int)
    assert np.abs(got - expected).max() <= 1


def test_shifts_are_crops_of_the_mirrored_image_in_both_directions() -> None:
    image = np.arange(2 * 16 * 8, dtype=np.uint8).reshape(2, 16, 8)
    images, generator = torch.from_numpy(image).expand(200, -1, -1, -1), torch.Generator().manual_seed(0)
    moved = classifier_network._shifted(images, generator).numpy()
    padded = np.pad(image, ((0, 0), (2, 2), (1, 1)), mode="reflect")
    crops = [padded[:, y : y + 16, x : x + 8] for y in range(5) for x in range(3)]
    found = {next(at for at, crop in enumerate(crops) if np.array_equal(crop, each)) for each in moved}
    assert found == set(range(15))


def test_features_of_an_image_do_not_depend_on_the_others(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = one_of(striped())
    images = stripes(20, seed=4).samples
    together = found(images)
    monkeypatch.setattr(classifier, "_BLOCK", 3)
    apart = found(images)
    np.testing.assert_allclose(apart.features, together.features, rtol=1e-4, atol=1e-5)
    assert apart.probabilities is not None
    assert together.probabilities is not None
    np.testing.assert_allclose(apart.probabilities, together.probabilities, rtol=1e-4, atol=1e-7)


def test_endless_data_is_drawn_from(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Endless, "part", 2_000)

    def draw(rng: np.random.Generator, count: int) -> tuple[Array, NDArray[np.int64] | None]:
        found = stripes(count, seed=int(rng.integers(1_000)))
        return found.samples, found.labels

    found = one_of(striped(train=Endless(draw)))
    assert found.facts["trained_on"] == 2_000
    assert found.facts["held_out_accuracy"] > 0.9


def test_of_many_images_a_fixed_subset_is_used(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "_TRAINED_ON", 100)
    monkeypatch.setattr(classifier, "_TESTED_ON", 10)
    facts = one_of(striped()).facts
    assert (facts["trained_on"], facts["tested_on"]) == (100, 10)
    part = classifier_network.labelled(stripes(300).samples, stripes(300).labels, 100)
    known = {image.tobytes(): label for image, label in zip(stripes(300).samples, stripes(300).labels, strict=True)}  # type: ignore[arg-type]
    assert [known[image.tobytes()] for image in part.images] == part.labels.tolist()
    assert len({image.tobytes() for image in part.images}) == 100


def test_held_out_images_without_labels_give_no_accuracy(quick: None) -> None:
    facts = one_of(striped(held_out=Stored(stripes(20).samples))).facts
    assert facts["held_out_accuracy"] is None
    assert facts["tested_on"] == 0


def test_data_that_cannot_be_learned_is_one_line(cache: Path) -> None:
    shape = (1, 8, 8)
    refused = {
        "'stripes' has no labels: --features patches needs none": striped(sample=SampleSpec(shape)),
        "'stripes' has one class only": striped(sample=SampleSpec(shape, 1)),
        "'stripes' are points": striped(sample=SampleSpec((2,), 3)),
        "'stripes' has 29 labelled training images of 3 classes; .* needs 10 a class, --features": striped(count=29),
        "'stripes' has 0 labelled training images": striped(train=Stored(stripes(90).samples)),
    }
    for line, dataset in refused.items():
        with pytest.raises(UsageError, match=line) as error:
            classifier_features(dataset)
        assert "\n" not in str(error.value)
    assert files(cache) == []


def test_a_cache_that_cannot_be_written_is_told_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot keep weights in"):
        classifier_features(
            striped(), cache=str(tmp_path / "file"), progress=lambda *_: pytest.fail("trained for nothing")
        )


@pytest.mark.parametrize("labels", [True, False])
def test_stacked_digits_are_read_channel_by_channel(digits_cache: Path, labels: bool) -> None:
    stacked = open_data(DataOptions(source="stacked-digits", labels=labels, cache=str(digits_cache)))
    found = classifier_features(stacked, cache=str(digits_cache), progress=lambda *_: pytest.fail("digits are known"))
    assert isinstance(found, StackFeatures)
    assert isinstance(stacked.train, Endless)
    assert found.identity != found.channel.identity
    stacks = open_data(DataOptions(source="stacked-digits", cache=str(digits_cache))).held_out
    assert stacks.labels is not None
    digits = found.digits(stacks.samples[:500])
    assert (digits @ [100, 10, 1] == stacks.labels[:500]).mean() > 0.85
    features, probabilities = found(stacks.samples[:500])
    assert features.shape == (500, found.width) == (500, 384)
    assert probabilities is not None
    np.testing.assert_array_equal(probabilities.argmax(axis=1), digits @ [100, 10, 1])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-9)
    for channel in range(3):
        alone = found.channel(stacks.samples[:500, channel : channel + 1])
        np.testing.assert_allclose(
            features[:, 128 * channel : 128 * (channel + 1)], alone.features, rtol=1e-4, atol=1e-5
        )
        assert alone.probabilities is not None
        axes = tuple(axis for axis in (1, 2, 3) if axis != channel + 1)
        marginal = probabilities.reshape(500, 10, 10, 10).sum(axis=axes)
        np.testing.assert_allclose(marginal, alone.probabilities, rtol=1e-4, atol=1e-9)
    with pytest.raises(UsageError, match=r"images are \[1, 8, 8\]; .* \[3, 8, 8\]"):
        found.digits(stacks.samples[:, :1])


def test_channels_are_the_digits_that_the_classifier_knows() -> None:
    """At a size that digits have to be brought to."""
    stacked = open_data(DataOptions(source="stacked-digits", size=12))
    single = open_data(DataOptions(source="digits", size=12))
    assert isinstance(stacked.train, Endless)
    assert isinstance(single.train, Stored)
    known = {image.tobytes() for part in (single.train, single.held_out) for image in part.samples}
    stacks, _ = stacked.train.draw(fixed_generator(9), 100)
    assert {channel.tobytes() for stack in stacks for channel in stack} <= known


def test_a_classifier_of_channels_has_the_size_of_the_stacks(quick: None) -> None:
    found = channel_classifier(16)
    assert found.channel.shape == (1, 16, 16)
    assert found.digits(np.zeros((2, 3, 16, 16), np.uint8)).shape == (2, 3)

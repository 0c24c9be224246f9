"""The digits that come with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from steadygan.data import DataOptions, Endless, Stored, open_data
from steadygan.data.sources import digits
from steadygan.errors import UsageError


def test_digits_are_scikit_learns_stretched_to_bytes() -> None:
    data = open_data(DataOptions())
    assert data.name == "digits"
    assert data.sample.shape == (1, 8, 8)
    assert data.sample.classes == 10
    assert data.class_names == tuple("0123456789")
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (1617, 180)
    ours = np.concatenate([data.train.samples, data.held_out.samples])
    assert ours.min() == 0
    assert ours.max() == 255
    theirs = load_digits()
    expected = {
        (np.rint(image * 255 / 16).astype(np.uint8).tobytes(), int(label))
        for image, label in zip(theirs.images, theirs.target, strict=True)
    }
    assert data.train.labels is not None
    assert data.held_out.labels is not None
    labels = np.concatenate([data.train.labels, data.held_out.labels])
    assert {(image.tobytes(), int(label)) for image, label in zip(ours, labels, strict=True)} == expected


def test_digits_can_be_trained_on_at_another_size_and_in_colour() -> None:
    data = open_data(DataOptions(size=16, channels=3))
    assert data.train.samples.shape == (1617, 3, 16, 16)  # type: ignore[union-attr]
    assert (data.held_out.samples[:, 0] == data.held_out.samples[:, 2]).all()


def test_labels_can_be_left_out() -> None:
    data = open_data(DataOptions(labels=False))
    assert data.sample.classes == 0
    assert data.class_names == ()
    assert data.held_out.labels is None


def test_stacked_digits_carry_the_label_of_their_three_channels() -> None:
    data = open_data(DataOptions(source="stacked-digits"))
    single = open_data(DataOptions())
    assert data.sample.shape == (3, 8, 8)
    assert data.sample.classes == 1000
    assert data.class_names[407] == "407"
    assert isinstance(data.train, Endless)
    stacks, labels = data.train.draw(np.random.default_rng(0), 3000)
    assert stacks.dtype == np.uint8
    assert labels is not None
    assert isinstance(single.train, Stored)
    assert single.train.labels is not None
    assert single.held_out.labels is not None
    every = np.concatenate([single.train.samples, single.held_out.samples])
    numbers = np.concatenate([single.train.labels, single.held_out.labels])
    kind = {image.tobytes(): int(number) for image, number in zip(every, numbers, strict=True)}
    for stack, label in zip(stacks[:200], labels[:200], strict=True):
        red, green, blue = (kind[channel.tobytes()] for channel in stack)
        assert label == 100 * red + 10 * green + blue


def test_stacked_digits_are_uniform_over_their_1000_modes() -> None:
    train = open_data(DataOptions(source="stacked-digits")).train
    assert isinstance(train, Endless)
    labels = train.draw(np.random.default_rng(0), 50_000)[1]
    counts = np.bincount(labels, minlength=1000)  # type: ignore[arg-type]
    assert len(counts) == 1000
    chi_square = ((counts - 50) ** 2 / 50).sum()
    assert chi_square < 1143.9  # 99.9% point for 999 degrees of freedom


def test_held_out_stacks_are_made_of_digits_that_training_never_draws() -> None:
    data = open_data(DataOptions(source="stacked-digits"))
    assert isinstance(data.train, Endless)
    stacks, _ = data.train.draw(np.random.default_rng(1), 20_000)
    trained = {channel.tobytes() for stack in stacks for channel in stack}
    held_out = {channel.tobytes() for stack in data.held_out.samples for channel in stack}
    assert len(data.held_out) == 2_000
    assert not trained & held_out


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_stacked_digits_keep_every_digit_on_both_sides(share: float) -> None:
    data = open_data(DataOptions(source="stacked-digits", held_out=share, size=12))
    assert data.sample.shape == (3, 12, 12)
    assert data.held_out.labels is not None
    assert len(set(data.held_out.labels.tolist())) > 800


def test_stacked_digits_have_three_channels() -> None:
    with pytest.raises(UsageError, match="'stacked-digits' has 3: one digit each"):
        open_data(DataOptions(source="stacked-digits", channels=1))


def test_stacked_digits_without_labels() -> None:
    data = open_data(DataOptions(source="stacked-digits", labels=False))
    assert isinstance(data.train, Endless)
    assert data.train.draw(np.random.default_rng(0), 4)[1] is None
    assert data.held_out.labels is None
    assert data.sample.classes == 0


def test_digits_are_scikit_learns_where_its_file_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = digits.load_digits()
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    theirs, others = digits.load_digits()
    assert images.dtype == theirs.dtype == np.uint8
    assert labels.dtype == others.dtype == np.int64
    assert (images == theirs).all() and (labels == others).all()

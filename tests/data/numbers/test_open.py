"""Data sets of numbers: scaled, split, audited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.data.numbers import open as numbers
from steadygan.errors import DataError, UsageError

RNG = np.random.default_rng(0)
SIGNALS = (5 + 3 * RNG.standard_normal((60, 2, 40))).astype(np.float32)


def opened(path: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(path), **options))


def saved(folder: Path, **content: Any) -> Path:
    np.savez(folder / "set.npz", **content)
    return folder / "set.npz"


def all_samples(data: Dataset) -> np.ndarray:
    return np.concatenate([data.train.some()[0], data.held_out.samples])


def test_signals_are_scaled_to_the_range_of_tanh_and_nothing_is_lost(tmp_path: Path) -> None:
    data = opened(saved(tmp_path, signals=SIGNALS))
    assert data.sample.kind == "signal" and data.sample.shape == (2, 40)
    low, high = (each(SIGNALS.astype(np.float64), axis=(0, 2)) for each in (np.min, np.max))
    wanted = (SIGNALS - ((low + high) / 2)[:, None]) / ((high - low) / 2)[:, None]
    samples = all_samples(data)
    order, wanted_order = (np.argsort(each[:, 0, 0]) for each in (samples, wanted))
    assert np.allclose(samples[order], wanted[wanted_order], atol=1e-6)
    assert data.units is not None
    assert np.allclose(
        np.sort(data.units.restored(all_samples(data)), axis=None), np.sort(SIGNALS, axis=None), atol=1e-5
    )
    assert len(data.held_out) == 6 and len(data.train) == 54


def test_a_table_is_standardised_column_by_column(tmp_path: Path) -> None:
    table = RNG.normal([3, -200], [0.1, 50], (400, 2))
    data = opened(saved(tmp_path, table=table))
    assert data.sample.is_points
    wanted = ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)
    assert np.allclose(np.sort(all_samples(data), axis=0), np.sort(wanted, axis=0), atol=1e-6)


def test_a_memory_map_holds_what_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, signals=SIGNALS)
    before = opened(path)
    monkeypatch.setattr(numbers, "MOST_IN_MEMORY", 100)
    for _ in range(2):  # the second time from the cache
        after = opened(path)
        assert isinstance(after.train.some()[0], np.memmap)
        assert after.fingerprint == before.fingerprint
        assert np.array_equal(after.train.some()[0], before.train.some()[0])
        assert np.array_equal(after.held_out.samples, before.held_out.samples)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_place_of_a_number_that_is_not_finite_is_named(tmp_path: Path, value: float) -> None:
    signals = SIGNALS.copy()
    signals[17, 1, 3] = value
    with pytest.raises(DataError, match=r"sample 17, channel 1 is"):
        opened(saved(tmp_path, signals=signals))


def test_labels_become_classes_and_stay_with_their_samples(tmp_path: Path) -> None:
    labels = np.array(["sinus", "flutter", "noise"])[np.arange(60) % 3]
    data = opened(saved(tmp_path, signals=SIGNALS, labels=labels))
    assert data.class_names == ("flutter", "noise", "sinus") and data.sample.classes == 3
    plain = opened(saved(tmp_path, signals=SIGNALS))
    assert plain.units is not None and data.train.labels is not None
    by_bytes = {row.tobytes(): label for row, label in zip(SIGNALS, labels, strict=True)}
    for samples, numbered in ((data.train.some()[0], data.train.labels), (data.held_out.samples, data.held_out.labels)):
        for row, number in zip(plain.units.restored(samples), numbered, strict=True):
            nearest = min(by_bytes, key=lambda key: np.abs(np.frombuffer(key, np.float32) - row.ravel()).max())
            assert by_bytes[nearest] == data.class_names[number]


def test_a_test_split_of_the_source_is_held_out(tmp_path: Path) -> None:
    data = opened(saved(tmp_path, x_train=SIGNALS[:50], x_test=SIGNALS[50:]))
    assert (len(data.train), len(data.held_out)) == (50, 10)
    with pytest.raises(DataError, match="both splits need one shape"):
        opened(saved(tmp_path, x_train=SIGNALS, x_test=SIGNALS[:, :, :30]))


def test_copies_are_held_out_together_but_frequent_rows_of_a_table_are_not(tmp_path: Path) -> None:
    doubled = np.concatenate([SIGNALS[:30], SIGNALS[:30]])
    data = opened(saved(tmp_path, signals=doubled))
    assert not {row.tobytes() for row in data.train.some()[0]} & {row.tobytes() for row in data.held_out.samples}
    assert data.audit is not None and data.audit.duplicate_copies == 30
    table = RNG.integers(0, 3, (300, 2)).astype(float)  # 9 different rows
    data = opened(saved(tmp_path, table=table))
    assert len(np.unique(data.train.some()[0], axis=0)) == 9


def test_the_audit_says_range_mean_and_deviation_of_each_channel(tmp_path: Path) -> None:
    data = opened(saved(tmp_path, signals=SIGNALS))
    assert data.audit is not None and data.audit.numbers is not None
    name, low, high, mean, deviation = data.audit.numbers.channels[1]
    channel = SIGNALS[:, 1].astype(np.float64)
    assert name == "channel 1"
    assert np.allclose([low, high, mean, deviation], [channel.min(), channel.max(), channel.mean(), channel.std()])


def test_a_few_extreme_values_are_warned_of(tmp_path: Path) -> None:
    signals = SIGNALS.copy()
    signals[0, 0, 0] = 1e6
    audit = opened(saved(tmp_path, signals=signals)).audit
    assert audit is not None and audit.numbers is not None and audit.numbers.narrow == ("channel 0",)


@pytest.mark.parametrize("options", [{"size": 16}, {"channels": 1}, {"flip": True}, {"length": 5}])
def test_options_of_pictures_and_text_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"data {next(iter(options))} is"):
        opened(saved(tmp_path, signals=SIGNALS), **options)


def test_samples_that_are_all_the_same_or_too_few_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all samples are the same"):
        opened(saved(tmp_path, signals=np.ones((40, 1, 30))))
    with pytest.raises(DataError, match="at least 16"):
        opened(saved(tmp_path, signals=SIGNALS[:9]))


def test_the_form_is_for_arrays_alone() -> None:
    with pytest.raises(UsageError, match="data form is 'signal', but 'digits' is no array"):
        opened(Path("digits"), form="signal")
    with pytest.raises(UsageError, match="did you mean 'signal'"):
        DataOptions(form="signals")  # type: ignore[arg-type]


def test_numbers_whose_squares_overflow_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"numbers as large as .*e\+"):
        opened(saved(tmp_path, signals=SIGNALS.astype(np.float64) * 1e200))


@pytest.mark.parametrize("dtype", ["f4", "i2"])
def test_the_order_of_bytes_is_no_part_of_the_data(tmp_path: Path, dtype: str) -> None:
    little, big = ((SIGNALS * 100).astype(order + dtype) for order in "<>")
    ours, theirs = (opened(saved(tmp_path, signals=each)) for each in (little, big))
    assert ours.fingerprint == theirs.fingerprint
    assert np.array_equal(ours.held_out.samples, theirs.held_out.samples)


@pytest.mark.parametrize("copy", [lambda waves: waves * (1 + 1e-12), lambda waves: np.where(waves == 0, -0.0, waves)])
def test_samples_that_training_sees_as_one_are_on_one_side(tmp_path: Path, copy: Any) -> None:
    waves = np.random.default_rng(1).standard_normal((60, 2, 40))
    waves[:, :, :5] = 0
    data = opened(saved(tmp_path, signals=np.concatenate([waves, copy(waves)])), held_out=0.3)
    train, aside = ({row.tobytes() for row in part.samples + np.float32(0)} for part in (data.train, data.held_out))
    assert len(data.held_out) == 36 and not train & aside


def test_numbers_too_close_to_each_other_are_named(tmp_path: Path) -> None:
    table = np.random.default_rng(1).standard_normal((60, 2)) * [1, 1e-170]
    with pytest.raises(DataError, match=r"channel 1 has numbers from .* too close to each other to be scaled"):
        opened(saved(tmp_path, table=table))

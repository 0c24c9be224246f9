"""Value ranges: one for a data set, by a stated rule or as asked; right values in closed form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.data.bounds import bounds_words, checked_bounds
from steadygan.data.crowding import crowded
from steadygan.data.range import Rows, converter
from steadygan.data.tally import bulk, needed, squeezed
from steadygan.data.value_range import to_bytes
from steadygan.errors import DataError, UsageError
from steadygan.recipe import dumps, loads
from steadygan.recipes import find
from steadygan.types import SampleSpec

RAMP = np.linspace(0, 1, 16 * 8 * 8).reshape(16, 1, 8, 8)
"""16 pictures that together use their whole range"""


def ends(array: np.ndarray, *asked: float | str) -> tuple[float, float]:
    found = converter([Rows.of(array, "it")], asked)[1]
    return found.low, found.high


@pytest.mark.parametrize(
    ("stored", "low", "high"),
    [
        (RAMP > 0.5, 0, 1),
        ((RAMP > 0.5).astype(np.uint8), 0, 1),
        ((RAMP * 20).astype(np.uint8), 0, 20),  # a label map
        ((RAMP * 16).round(), 0, 16),  # scikit-learn's digits
        ((RAMP * 9).astype(np.int64), 0, 9),
        ((RAMP * 90).astype(np.uint8), 0, 255),  # dark pictures stay dark
        ((RAMP * 255).astype(np.int32), 0, 255),
        ((RAMP * 1023).astype(np.uint16), 0, 1023),
        ((RAMP * 4090).astype(np.uint16), 0, 4095),
        ((RAMP * 4096).astype(np.uint16), 0, 8191),
        ((RAMP * 16383).astype(np.int32), 0, 16383),
        ((RAMP * 65535).astype(np.uint16), 0, 65535),
        ((RAMP * 70000).astype(np.int64), 0, 131071),
        ((RAMP * 4095 - 1024).astype(np.int16), -1024, 3071),  # Hounsfield units
        ((RAMP * 2).astype(np.int8) - 1, -1, 1),
        (RAMP.astype(np.float16), 0, 1),
        (RAMP * 0.2, 0, 1),
        (RAMP * 0.05, 0, 0.05),  # an eighth of 0 to 1 is not filled
        (RAMP * 0.04 - 0.02, -0.02, 0.02),
        (RAMP * 2 - 1, -1, 1),
        (RAMP * 255, 0, 255),
        (RAMP * 1.4, 0, 1.4),
        (RAMP * 6 + 2, 2, 8),
        (RAMP * 7 - 3, -3, 4),  # standardised
        (RAMP * 60 + 250, 250, 310),  # temperatures
    ],
)
def test_each_kind_of_numbers_has_its_range(stored: np.ndarray, low: float, high: float) -> None:
    assert ends(stored) == pytest.approx((low, high))
    convert = converter([Rows.of(stored, "it")])[0]
    expected = (stored.astype(np.float64) - low) / (high - low) * 255
    assert np.abs(convert(stored) - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(("low", "high"), [(-1.7e308, 1.7e308), (0, 5e-310), (1e-320, 1e-318)])
def test_ranges_at_the_ends_of_floating_point(low: float, high: float) -> None:
    stored = np.array([low, low / 2 + high / 2, high])
    assert to_bytes(stored, low, high).tolist() == [0, 128, 255]


def test_bytes_stay_the_same_array() -> None:
    stored = (RAMP * 255).astype(np.uint8)
    assert converter([Rows.of(stored, "it")])[0](stored) is stored


def test_one_range_serves_all_pictures_and_both_splits() -> None:
    train, test = RAMP * 3, RAMP * 5 - 1
    convert, found = converter([Rows.of(train, "train"), Rows.of(test, "test")])
    assert (found.low, found.high) == (-1, 4)
    assert convert(np.full((1, 1, 2, 2), 1.5)).tolist() == np.full((1, 1, 2, 2), 128).tolist()


def test_splits_of_several_kinds_need_one_range() -> None:
    whole, fractions = (RAMP * 255).astype(np.uint8), RAMP * 255
    assert converter([Rows.of(whole, "train"), Rows.of(fractions, "test")])[1].as_stored
    with pytest.raises(DataError, match=r"train holds uint8 .*test holds float64 from 0 to 1: one range cannot serve"):
        converter([Rows.of(whole, "train"), Rows.of(RAMP, "test")])
    found = converter([Rows.of(whole, "train"), Rows.of(RAMP, "test")], (0, 255))[1]
    assert (found.low, found.high) == (0, 255)


def test_a_range_that_is_asked_for_clips_and_says_how_much() -> None:
    stored = (RAMP * 4095).round().astype(np.uint16)
    convert, found = converter([Rows.of(stored, "it")], (0, 1023))
    assert np.array_equal(convert(stored), np.rint(stored / 1023 * 255).clip(0, 255))
    assert found.clipped == pytest.approx((stored > 1023).mean())
    assert "clipped" in found.words()
    assert (found.least, found.most) == (0, 4095)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16, np.float16])
def test_percentiles_are_those_of_all_numbers(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 200, (20, 3, 8, 8)).astype(dtype)
    stored[0, 0, 0, 0] = 255
    assert ends(stored, "1%", "99%") == tuple(np.percentile(stored, [1, 99]))
    assert ends(stored, 3, "99%") == (3, np.percentile(stored, 99))


def test_percentiles_of_truth_values_are_numbers() -> None:
    assert ends(RAMP > 0.5, "1%", "99%") == (0, 1)


def test_percentiles_of_many_numbers_are_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steadygan.data.range.KEPT", 1000)
    stored = np.random.default_rng(1).permutation(100_000).reshape(100, 1, 25, 40).astype(np.float64)
    low, high = ends(stored, "10%", "90%")
    assert abs(low - 10_000) < 3_000
    assert abs(high - 90_000) < 3_000


def test_alpha_has_a_range_of_its_own() -> None:
    colour = (RAMP * 4095).astype(np.uint16)
    stored = np.concatenate([colour, np.full_like(colour, 4095)], axis=1)
    result = converter([Rows.of(stored, "it")])[0](stored)
    assert np.array_equal(result[:, :1], to_bytes(colour, 0, 4095))
    assert (result[:, 1] == 255).all()
    fractions = np.concatenate([RAMP * 6, RAMP * 6, RAMP * 6, RAMP], axis=1)
    result = converter([Rows.of(fractions, "it")])[0](fractions)
    assert np.array_equal(result[:, 3], np.rint(RAMP[:, 0] * 255))
    mask = np.concatenate([(RAMP > 0.5), np.full_like(RAMP, 255)], axis=1).astype(np.uint8)
    result = converter([Rows.of(mask, "it")])[0](mask)
    assert set(np.unique(result[:, 0])) == {0, 255}
    assert (result[:, 1] == 255).all()


COLOURS = np.concatenate([RAMP, RAMP, RAMP], axis=1)


@pytest.mark.parametrize(
    "last", [RAMP * 2 - 1, RAMP - 0.5, RAMP * 5, RAMP * 90, RAMP * 7e4], ids=["-1 to 1", "-0.5", "5", "90", "7e4"]
)
def test_a_last_channel_that_is_no_alpha_is_refused_with_what_decides(last: np.ndarray) -> None:
    for stored in (np.concatenate([COLOURS, last], axis=1), np.concatenate([RAMP, last], axis=1)):
        with pytest.raises(DataError, match=r"the last channel of it has .* no alpha; .*--data.form bands"):
            converter([Rows.of(stored, "it")])
        result = converter([Rows.of(stored, "it")], sure_of_alpha=True)[0](stored)[:, -1]
        assert len(np.unique(result)) > 100  # nothing is clipped


@pytest.mark.parametrize("most", [1, 2, 20])
def test_alpha_in_bytes_of_few_levels_is_stretched(most: int) -> None:
    alpha = (RAMP * most).round()
    alpha[:3] = 0  # the colours alone are bright from the first piece on
    stored = np.concatenate([COLOURS * 255, alpha], axis=1).astype(np.uint8)
    rows = Rows("it", stored.dtype, stored.size, lambda: np.split(stored, 4))
    result = converter([rows])[0](stored)
    assert np.array_equal(result[:, :3], stored[:, :3])
    assert np.array_equal(result[:, 3:], np.rint(alpha * 255 / most))


def test_alpha_that_hides_everything_is_refused() -> None:
    for colours in (COLOURS, (COLOURS * 255).astype(np.uint8)):
        with pytest.raises(DataError, match="the last channel of it is 0 throughout"):
            converter([Rows.of(np.concatenate([colours, colours[:, :1] * 0], axis=1), "it")])


@pytest.mark.parametrize("asked", [(300, 400), ("50%", "51%"), (-9, -1)])
def test_a_range_that_leaves_nothing_is_one_line(asked: tuple[float | str, ...]) -> None:
    with pytest.raises(DataError, match=r"it has (nothing|numbers)") as error:
        ends((RAMP * 9).round() // 8, *asked)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((0, 4095), (0, 4095)),
        ([0, 4095.0], (0, 4095)),
        ((np.int64(-1), np.float32(1)), (-1, 1)),
        (("1%", "99%"), ("1%", "99%")),
        (("0.50 %", "2e3"), ("0.5%", 2000)),
        ((), ()),
        (None, ()),
    ],
)
def test_bounds_as_they_are_given(given: Any, kept: tuple[float | str, ...]) -> None:
    assert DataOptions(range=given).range == kept


@pytest.mark.parametrize(
    "given", [(1, 0), (0, 0), (5,), 5, "5", (0, 1, 2), ("9%", "1%"), ("-1%", "5%"), ("a", "b"), (0, np.nan), (True, 2)]
)
def test_bounds_that_are_none_are_one_line(given: Any) -> None:
    with pytest.raises(UsageError, match=r"data range is .*allowed: two rising numbers"):
        DataOptions(range=given)


def test_bounds_go_through_yaml_and_old_recipes_have_none() -> None:
    plain = find("dcgan")(SampleSpec((1, 8, 8)))
    assert "range" not in dumps(plain)
    for bounds in ((0, 4095), ("1%", "99.5%"), (-1.5, "90%")):
        recipe = replace(plain, data=replace(plain.data, range=bounds))
        assert loads(dumps(recipe)) == recipe
        assert checked_bounds("it", bounds_words(bounds).split()) == bounds


def _opened(tmp_path: Path, array: np.ndarray, **options: Any) -> Dataset:
    np.save(tmp_path / "set.npy", array)
    return open_data(DataOptions(source=str(tmp_path / "set.npy"), **options))


def test_few_grey_levels_are_warned_of_with_a_range_that_spreads_them(tmp_path: Path) -> None:
    dark = (RAMP.repeat(2, axis=0)[:, 0] * 40).astype(np.uint8) // 2  # 0 to 20, and one bright pixel
    dark[3, 0, 0] = 255
    (warning,) = _audit(tmp_path, dark, labels=False).warnings
    words = warning.split()
    low, high = (float(word) for word in words[words.index("--data.range") + 1 :][:2])
    assert (low, high) == (0, 20)
    assert not _audit(tmp_path, dark, range=(low, high)).warnings
    one_bright = np.concatenate([RAMP[:, 0] * 1.2] * 2 + [RAMP[:1, 0] * 250])
    assert _audit(tmp_path, one_bright).warnings  # pictures of two scales
    assert not _audit(tmp_path, RAMP[:, 0] * 97 % 1 > 0.5).warnings
    assert not _audit(tmp_path, RAMP[:, 0] * 1.4).warnings


def _audit(tmp_path: Path, array: np.ndarray, **options: Any) -> Any:
    return _opened(tmp_path, array, **options).audit


@pytest.mark.parametrize(
    ("stored", "low", "high"),
    [
        (np.where(RAMP < 0.3, -9999, RAMP * 1.4), 0.42, 1.4),  # a number that means no data
        (np.where(RAMP > 0.9, 65535, RAMP * 4095).astype(np.uint16), 0, 3685),
        (np.where(RAMP > 0.9995, 5000, RAMP * 3 - 1), -1, 2),  # a hot pixel
        (np.where(RAMP > 0.9995, 1e9, np.where(RAMP < 0.001, -1e6, RAMP)), 0, 1),
    ],
)
def test_numbers_far_away_are_named_by_a_range_without_them(
    tmp_path: Path, stored: np.ndarray, low: float, high: float
) -> None:
    found = converter([Rows.of(stored, "it")])[1]
    assert found.squeezed
    assert [float(bound) for bound in found.better.split()] == pytest.approx([low, high], abs=3e-3 * (high - low))
    mixed = stored.reshape(-1)[np.random.default_rng(0).permutation(stored.size)].reshape(16, 8, 8)
    (warning,) = _audit(tmp_path, mixed).warnings
    assert f"--data.range {found.better} spreads them" in warning
    bounds = tuple(float(bound) for bound in found.better.split())
    assert not _audit(tmp_path, mixed, range=bounds).warnings


def test_heavy_tails_get_percentiles() -> None:
    normal = np.random.default_rng(0).standard_normal((40, 1, 16, 16))
    assert converter([Rows.of(np.exp(1.5 * normal), "it")])[1].better == "1% 99%"
    assert converter([Rows.of(np.exp(2 * normal), "it")])[1].better == "5% 95%"
    hopeless = converter([Rows.of(np.exp(30 * normal), "it")])[1]
    assert (hopeless.squeezed > 0, hopeless.better) == (True, "")
    assert not converter([Rows.of(normal, "it")])[1].squeezed


def test_few_numbers_that_stay_apart_are_no_loss() -> None:
    for stored in ((RAMP * 20).round() * 100, (RAMP > 0.5) * 3.5, np.where(RAMP < 0.01, -7, RAMP * 100)):
        assert not converter([Rows.of(stored, "it")])[1].squeezed


def test_what_makes_up_nearly_all_and_the_bulk_of_numbers() -> None:
    assert needed(np.array([999, 1]), 0.999) == 1
    assert needed(np.ones(1000), 0.9) == 900
    assert squeezed(np.arange(1000), 0, 999) == 0
    assert squeezed(np.arange(1000), 0, 25_500) == 11  # 0.01 levels a number
    assert squeezed(np.arange(9), 0, 8) == 0
    assert bulk(np.array([-9999, 1, 2, 3, 5])) == (1, 5)
    assert bulk(np.array([0, 1])) == (0, 1)
    assert bulk(np.array([-1e6, 0, 1, 2, 1e9])) == (0, 2)


def test_the_numbers_that_are_kept_come_from_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steadygan.data.range.KEPT", 100)
    stored = np.zeros((300, 1, 5, 5))
    stored[:, :, 2:] = np.arange(300 * 15).reshape(300, 1, 3, 5) + 1  # the corner of each picture is 0
    assert ends(stored, 0, "50%")[1] > 200


def test_crowding_is_that_of_all_or_of_most_pictures() -> None:
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (50, 3, 8, 8)).astype(np.uint8)
    assert crowded(wide) is None
    assert crowded(wide // 16 + 100) == (100, 115)
    flat = np.broadcast_to(np.arange(0, 250, 5, dtype=np.uint8)[:, None, None, None], (50, 1, 8, 8))
    assert crowded(flat) is None  # each picture has one grey, but not all the same
    alpha = np.concatenate([wide[:, :1] // 16, np.full((50, 1, 8, 8), 255, np.uint8)], axis=1)
    assert crowded(alpha) == (0, 15)


def test_the_range_is_in_the_fingerprint_and_the_usual_one_is_not(tmp_path: Path) -> None:
    stored = (RAMP[:, 0] * 255).astype(np.uint8)
    usual = _opened(tmp_path, stored).fingerprint
    assert _opened(tmp_path, stored, range=(0, 255)).fingerprint == usual
    assert _opened(tmp_path, stored, range=(0, 128)).fingerprint != usual


@pytest.mark.parametrize("source", ["digits", "8gaussians", "python-docs"])
def test_a_range_for_data_without_stored_numbers_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match=rf"data range is 0 9, but '{source}' has no stored numbers"):
        open_data(DataOptions(source=source, range=(0, 9)))


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.int64, 255), (np.uint16, 65_535), (np.float32, 1)])
@pytest.mark.parametrize("share", [0, 0.08])
def test_colours_beside_alpha_that_varies_are_those_of_white_that_shows_through(
    dtype: Any, white: int, share: float
) -> None:
    ink = dtype(share * white)
    array = np.full((16, 4, 8, 8), ink, dtype)
    array[:, 3] = np.where(RAMP[:, 0] > 0.5, white, 0)
    convert, found = converter([Rows.of(array, "it")])
    assert (found.low, found.high) == (0, white)
    assert set(convert(array)[:, :3].flat) == {round(float(ink) / white * 255)}
    shown = array.copy()
    shown[:, :3] = white
    with pytest.raises(DataError, match="transparent parts are seen as white"):
        converter([Rows.of(shown, "it")])
    array[:, 3] = white
    with pytest.raises(DataError, match="and no other number"):
        converter([Rows.of(array, "it")])

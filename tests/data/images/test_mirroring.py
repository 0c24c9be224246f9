"""Whether pictures are told from their mirror images: on constructions with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data.images.mirroring import Mirroring, mirroring


def ramps(count: int, share: float, side: int = 32, seed: int = 0) -> np.ndarray:
    """Pictures of noise with a ramp to the right in ``share`` of them, to the left in the others."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(-60, 60, side)
    signs = np.where(np.arange(count) < share * count, 1, -1)[:, None, None, None]
    return np.clip(128 + signs * ramp + 20 * rng.standard_normal((count, 3, side, side)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("share", "told"), [(1.0, 1.0), (0.9, 0.9), (0.7, 0.7), (0.5, 0.5)])
def test_the_share_that_points_one_way_is_the_share_that_is_told(share: float, told: float) -> None:
    measured = mirroring(ramps(2_000, share))
    assert measured.told == pytest.approx(told, abs=0.03) and measured.images == 2_000
    assert measured.suits is (share < 0.6)


def test_symmetric_pictures_and_very_few_are_left_to_chance() -> None:
    images = ramps(200, 1.0)
    symmetric = np.concatenate([images[..., :16], images[..., :16][..., ::-1]], axis=-1)
    assert mirroring(symmetric) == (0.5, 200) and mirroring(symmetric).suits
    assert mirroring(images[:3]).suits


def test_of_few_pictures_a_large_share_is_no_sign_but_not_near_chance_either() -> None:
    few, many = Mirroring(0.72, 18), Mirroring(0.72, 400)  # standard errors of 0.118 and 0.025
    assert few.suits and not few.by_chance
    assert not many.suits and not many.by_chance
    assert Mirroring(0.52, 400).by_chance and Mirroring(0.5, 18).by_chance


@pytest.mark.parametrize("shape", [(1, 8, 8), (4, 48, 32), (3, 50, 70), (2, 28, 28)])
def test_any_sides_and_channels(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, *shape), dtype=np.uint8)
    assert mirroring(images).suits
    images[..., : shape[-1] // 2] //= 2  # darker on the left
    assert not mirroring(images).suits


def test_the_answer_does_not_depend_on_the_order_of_runs() -> None:
    images = ramps(500, 0.8)
    assert mirroring(images) == mirroring(images.copy())

"""Value surfaces of a critic on 2-D points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.errors import UsageError
from steadygan.report.pictures import PictureObserver
from steadygan.report.surfaces import decision_surface, surface_values
from steadygan.run.layout import picture_path
from steadygan.training.observers import Picture

Points = np.ndarray


def pixels(image: Image.Image, colour: tuple[int, int, int]) -> int:
    return int((np.abs(np.asarray(image).astype(int) - colour).sum(axis=2) < 12).sum())


ORANGE, GREEN = (245, 133, 24), (19, 129, 47)


def test_the_critic_is_asked_on_a_grid_of_128_by_128_over_minus_3_to_3() -> None:
    asked: list[Points] = []

    def score(points: Points) -> Points:
        asked.append(points)
        return points[:, 0] + 10 * points[:, 1]

    line, values = surface_values(score)
    assert asked[0].shape == (128 * 128, 2)
    assert asked[0].dtype == np.float32
    assert (line[0], line[-1]) == (-3, 3)
    assert np.allclose(values, line[None, :] + 10 * line[:, None])


def test_real_points_are_orange_and_generated_ones_green() -> None:
    real = np.array([[1, 1]], np.float32)
    both = decision_surface(-real, real, lambda points: points.sum(axis=1))
    assert pixels(both, ORANGE) > 20
    assert pixels(both, GREEN) > 5
    assert pixels(decision_surface(-real), ORANGE) == 0


def test_all_pictures_of_a_run_have_one_size_and_one_frame() -> None:
    corner = np.array([[-2.9, -2.9]], np.float32)
    places = set()
    for scale in (0.001, 1.0, 1e5):
        image = decision_surface(corner, score=lambda points, scale=scale: scale * points[:, 0])
        rows, columns = np.nonzero(np.abs(np.asarray(image).astype(int) - GREEN).sum(axis=2) < 12)
        places.add((image.size, round(rows[columns < 150].mean()), round(columns[columns < 150].mean())))
    assert len(places) == 1


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_critic_that_says_nothing_is_drawn_without_its_surface(value: float) -> None:
    image = decision_surface(np.zeros((5, 2), np.float32), score=lambda points: np.full(len(points), value, np.float32))
    assert pixels(image, GREEN) > 5


def test_the_frame_widens_for_data_outside_of_it() -> None:
    seen: list[float] = []

    def score(points: Points) -> Points:
        seen.append(float(points.max()))
        return points[:, 0]

    decision_surface(np.zeros((1, 2), np.float32), np.array([[10, 0], [np.nan, 0]], np.float32), score)
    assert seen == [pytest.approx(11)]


def test_the_observer_draws_the_surface_of_points(tmp_path: Path) -> None:
    points = np.zeros((9, 2), np.float32)
    PictureObserver().pictured(Picture(tmp_path, 3, points, points, lambda p: p[:, 0]))
    with Image.open(picture_path(tmp_path, 3)) as image:
        assert "9 generated points (green) after round 3" in image.info["Description"]


def test_points_in_space_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\[N, 2\]"):
        decision_surface(np.zeros((4, 3), np.float32))

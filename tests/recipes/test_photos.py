"""The recipe for photos: its widths, and what it refuses."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.types import SampleSpec
from tests.recipes.samples import POINTS


@pytest.mark.parametrize(("size", "width"), [(32, 16), (64, 16), (128, 8)])
def test_photos_is_narrower_where_rounds_are_few(size: int, width: int) -> None:
    recipe = recipes.photos(SampleSpec((3, size, size)))
    assert recipe.generator.width == recipe.critic.width == width


def test_photos_refuses_other_samples_than_pictures() -> None:
    with pytest.raises(UsageError, match="is for images, but a sample is 2: use MLPGenerator"):
        recipes.photos(POINTS).critic.build(POINTS)

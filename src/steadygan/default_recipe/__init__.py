"""Default recipe, network size and training time for a data set and a device, with the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.default_recipe.choice import Choice
from steadygan.default_recipe.numbers import for_grid, for_points, for_table
from steadygan.default_recipe.pictures import for_pictures, for_tiny_pictures
from steadygan.default_recipe.text import for_text
from steadygan.recipes import lecam, photos, pictures, pictures_by_class, text, wgan_gp

if TYPE_CHECKING:
    from steadygan.data import Dataset

RECIPES = (wgan_gp, pictures, pictures_by_class, photos, lecam, text)
"""functions of the recipes that are chosen among"""
_TINY = 8  # pixels


def choose(dataset: Dataset, device: str) -> Choice:
    """The default recipe for a data set.

    Args:
        dataset: opened
        device: 'cpu', 'cuda' or 'mps'
    """
    sample = dataset.sample
    if sample.is_text:
        return for_text(dataset, device)
    if sample.is_points:
        return for_points(dataset) if dataset.units is None else for_table(dataset)
    if not sample.is_picture:
        return for_grid(dataset, device)
    return for_tiny_pictures(dataset) if min(sample.shape[1:]) == _TINY else for_pictures(dataset, device)


__all__ = ["RECIPES", "Choice", "choose"]

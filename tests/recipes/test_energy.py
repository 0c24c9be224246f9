"""EBGAN: what its recipes differ in."""

from __future__ import annotations

import dataclasses

from steadygan import recipes
from steadygan.objectives import EnergyBased
from tests.recipes.samples import IMAGES


def test_ebgan_pt_differs_from_ebgan_in_its_name_and_the_pulling_away_term() -> None:
    plain, spread = recipes.ebgan(IMAGES), recipes.ebgan_pt(IMAGES)
    assert plain.objective == EnergyBased() and spread.objective == EnergyBased(pulling_away=0.1)
    assert dataclasses.replace(plain, name="ebgan-pt", objective=spread.objective) == spread

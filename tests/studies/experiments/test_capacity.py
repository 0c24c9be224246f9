"""Capacity: widths, and claims on made-up results."""

from __future__ import annotations

import itertools

import pytest

from steadygan.studies.experiments.capacity import NORMED, PLAIN
from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, parameters, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("capacity", tmp_path)
    assert results.settings("width") == [8, 32]


def test_it_is_planned_for_a_laptop():
    well_planned("capacity", 2 * 8)


def test_at_the_papers_scale_the_generator_alone_grows():
    found = {(given["width"], given["critic"]): parameters(recipe) for given, recipe in paper_recipes("capacity")}
    assert len(found) == 8
    for critic in (PLAIN, NORMED):
        sizes = [found[width, critic] for width in (32, 64, 128, 256)]
        assert len({critics for _, critics in sizes}) == 1
        generators = [generator for generator, _ in sizes]
        assert all(2 < large / small < 4 for small, large in itertools.pairwise(generators))


def results(plain: list[float], normed: list[float], value: str = "distance"):
    rows = []
    for critic, some in ((PLAIN, plain), (NORMED, normed)):
        for width, number in zip((32, 64, 256), some, strict=True):
            given = {"case": "digits", "width": width, "critic": critic}
            rows.append((given, [number, 1.01 * number, 1.02 * number]))
    return made_up(rows, value)


def test_claims_are_about_the_narrowest_and_the_widest():
    lesson, reverse = results([10.0, 30.0, 9.0], [2.0, 2.0, 2.0]), results([10.0, 10.0, 1.0], [8.0, 8.0, 8.0])
    for claim in ("width is no remedy", "another technique does more"):
        assert answer("capacity", claim, lesson) == "holds"
        assert answer("capacity", claim, reverse) == "does not hold"
    assert answer("capacity", "spectral norm helps", lesson) == "holds"
    losses = results([0.1, 0.5, 0.11], [1.0, 1.0, 1.0], "critic_loss")
    assert answer("capacity", "the critic still wins", losses) == "holds"
    assert (
        answer("capacity", "the critic still wins", results([0.1, 0.1, 1.0], [1.0] * 3, "critic_loss"))
        == "does not hold"
    )

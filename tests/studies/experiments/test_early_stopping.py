"""Jumps and losses of quality: their definitions on made-up curves, their counts, and the claims."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.studies import Results, Row, find
from steadygan.studies.experiments._jumps import Counts, count, falls, first_jump, jumps
from tests.studies.experiments.lesson import answer, at_smoke_scale, paper_recipes, well_planned

LOOKS = 40


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    (row,) = at_smoke_scale("early-stopping", tmp_path)
    assert list(row.values["rounds"]) == [4, 8, 12, 16]
    assert len(row.values["distances"]) == len(row.values["critic_loss"]) == 4
    assert row.values["distance"] == row.values["distances"][-1]


def test_it_is_planned_for_a_laptop():
    well_planned("early-stopping", 4)
    trial = find("early-stopping").trials("laptop", [0])[0]
    for share in (1.0, 0.1):
        work = trial.fitted(share).work
        assert work.plan(work.rounds).keep_every == work.rounds // LOOKS  # type: ignore[attr-defined]


def test_at_the_papers_scale_two_methods_train_whole():
    assert [recipe.name for _, recipe in paper_recipes("early-stopping")] == ["dcgan", "lsgan"]


def test_a_jump_is_a_change_out_of_proportion_to_the_others():
    wave = np.sin(np.arange(30))
    assert not jumps(wave).any()
    stepped = wave + 20 * (np.arange(30) >= 12)
    assert np.flatnonzero(jumps(stepped)).tolist() == [12]
    spiked = wave.copy()
    spiked[20] += 20
    assert np.flatnonzero(jumps(spiked)).tolist() == [20, 21]
    assert not jumps(5 + 2.0 * np.arange(30)).any()  # a steady rise is none
    assert jumps([1.0]).tolist() == [False]


def test_quality_is_lost_from_the_look_before_to_the_look_after():
    assert np.flatnonzero(falls([1.0, 1.0, 1.0, 1.3, 1.3, 1.3])).tolist() == [2, 3]
    assert not falls([2.0, 1.9, 2.4, 2.3, 1.0]).any() and not falls([1.0]).any()


def training(seed: int, jumped_at: list[int], fell_at: list[int], end: float = 1.0) -> Row:
    """Losses that step at some looks, and distances that double after some."""
    wave, looks = 0.1 * np.sin(np.arange(LOOKS)), np.arange(LOOKS)
    steps = sum((looks >= place) * 50.0 * (-1) ** i for i, place in enumerate(jumped_at))
    distances = 8.0 * np.ones(LOOKS)
    for place in fell_at:
        distances[place + 1 :] *= 2
    distances[-1] = end
    values = {"critic_loss": wave + steps, "generator_loss": wave, "distances": distances, "distance": end}
    return Row({"case": "gan"}, seed, values)


def test_looks_are_counted_by_jump_and_loss_of_quality():
    row = training(0, jumped_at=[10, 20, 30], fell_at=[10])
    # four looks of the start and the last one are left out; the doubling shows at two looks, of which one had a jump
    assert count(row) == Counts(jumped=3, jumped_fell=1, calm=32, calm_fell=1)
    assert first_jump(row) == 8.0 and first_jump(training(0, [], [])) is None
    assert count(Row({"case": "gan"}, 0, {"distance": 5.0, "diverged": 9})) == Counts(0, 0, 0, 0)


def test_claims_are_decided_by_the_counts():
    harmless = Results(tuple(training(seed, [8, 12, 16, 24, 32], [], 1.0 + 0.1 * seed) for seed in range(4)))
    harmful = Results(tuple(training(seed, [8, 14, 20, 26, 32], [8, 14, 20, 26, 32], 90.0 + seed) for seed in range(4)))
    for claim in ("jumps are mostly harmless", "a jump foretells nothing", "going on pays"):
        assert answer("early-stopping", claim, harmless) == "holds"
        assert answer("early-stopping", claim, harmful) == "does not hold"

"""Trouble: what a run stops for by its own log."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.api import train_prepared
from steadygan.diagnostics import doctor, remedies
from steadygan.diagnostics.remedies import trouble_in
from steadygan.diagnostics.work import Work
from steadygan.preparation import Prepared
from steadygan.run.remedies import read_remedies
from steadygan.training.trouble import Trouble
from tests.training.games import image_data, small_recipe


def row(round_, distance):
    return {
        "round": round_,
        "rounds": 1000,
        "distance_ratio": distance,
        "rank_ratio": distance,
        "duplicates": 1.0 - distance,
        "duplicates_expected": 0.01,
        "move": 0.3,
        "generator_gradient": 1.0,
        "accuracy": 0.9,
    }


COLLAPSED = [row(25 * (1 + look), 0.8 if look < 10 else 0.001) for look in range(30)]
HEALTHY = [row(25 * (1 + look), min(0.9, 0.2 + 0.05 * look)) for look in range(30)]


def test_a_collapse_is_trouble_once_it_was_said_in_three_looks():
    found = [look for look in range(1, 31) if trouble_in(COLLAPSED[:look]) is not None]
    assert found and found == list(range(found[0], 31)) and found[0] >= 13
    trouble = trouble_in(COLLAPSED)
    assert trouble.verdict == "full_collapse" and 250 < trouble.since <= 300 and trouble.round == 750


def test_health_and_a_log_of_few_looks_are_none():
    assert trouble_in(HEALTHY) is None
    assert trouble_in([]) is None
    assert trouble_in(COLLAPSED[10:12]) is None


@pytest.mark.parametrize("mode", ["advise", "rollback", "restart"])
def test_a_run_acts_on_what_its_doctor_finds_where_it_may(tmp_path, monkeypatch, mode):
    asked = []

    def found(rows):
        asked.append(len(rows))
        return Trouble("in a test", "full_collapse", rows[-1]["round"], 1) if len(asked) == 2 else None

    monkeypatch.setattr(doctor, "trouble_in", found)
    base = small_recipe(rounds=40)
    made = dataclasses.replace(base, run=dataclasses.replace(base.run, evaluate="none", on_trouble=mode))

    def train():
        return train_prepared(Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[])

    monkeypatch.setattr(Work, "schedule", lambda *arguments: doctor.Schedule((10, 20, 30, 40)))
    if mode == "rollback":  # a collapse is no reason to go back
        with pytest.raises(Trouble):
            train()
        return
    run = train()
    assert run.finished and run.folder.name == ("run" if mode == "advise" else "run-restart-1")
    assert asked == ([] if mode == "advise" else [1, 2, 1, 2, 3, 4])
    assert len(read_remedies(tmp_path / "run")) == (mode == "restart")
    assert remedies.SURE == 0.7

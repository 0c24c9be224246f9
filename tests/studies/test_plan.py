"""Costs and rounds that fit a time, by written-out sums."""

from __future__ import annotations

import pytest

from steadygan.errors import UsageError
from steadygan.studies import plan, session
from steadygan.studies.definition import Definition
from steadygan.studies.folder import StudyFolder
from steadygan.studies.outcomes import Record
from steadygan.studies.plan import MARGIN, START, Cost
from steadygan.studies.trial import Calculation, Trial
from steadygan.studies.watching import seconds_left
from tests.studies.folders import CALCULATED, TINY, begun
from tests.studies.tiny import SECONDS


def cost(rounds: int = 100, seconds: float = 0.5, trials: int = 3, before: float = 2.0) -> Cost:
    return Cost({"a": 1}, trials, rounds, seconds, before)


def test_a_trial_takes_its_rounds_and_what_is_besides() -> None:
    assert cost().of_trial() == pytest.approx(2.0 + MARGIN * 50)
    assert cost().of_trial(0.1) == pytest.approx(2.0 + MARGIN * 5)
    assert cost().of_trial(1e-9) == pytest.approx(2.0 + MARGIN * 0.5)  # one round at least


def test_workers_take_the_trials_one_after_another() -> None:
    costs = [cost(seconds=0.1, trials=1), cost(seconds=0.2, trials=2)]
    first, second = costs[0].of_trial(), costs[1].of_trial()
    assert plan.seconds_with(costs, 1) == pytest.approx(first + 2 * second)
    assert plan.seconds_with(costs, 2) == pytest.approx(START + max(first + second, second))
    assert plan.seconds_with(costs, 30) == pytest.approx(START + second)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("minutes", [1.0, 10.0, 1_000.0])
def test_the_fitted_rounds_fill_the_time(workers: int, minutes: float) -> None:
    costs = [cost(1_000, 0.01, 5), cost(20_000, 0.001, 5), cost(1, 0.0, 4, before=0.5)]
    share = plan.fitted_share(costs, minutes, workers)
    assert 0.95 * 60 * minutes < plan.seconds_with(costs, workers, share) <= 60 * minutes


def test_a_time_without_room_for_a_round_is_refused() -> None:
    with pytest.raises(UsageError, match=r"takes 0\.2 minutes"):
        plan.fitted_share([cost(trials=4, before=3.0, seconds=0.1)], 0.1, 1)
    with pytest.raises(UsageError, match="cannot be measured: no data"):
        plan.fitted_share([Cost({}, 1, 1, 0.0, unknown="no data")], 1, 1)


def test_what_measuring_took_is_no_time_for_rounds() -> None:
    costs = [cost(1_000, 0.01, 5)]
    share = plan.fitted_share(costs, 2, 1, spent=60.0)
    assert share == plan.fitted_share(costs, 1, 1)
    with pytest.raises(UsageError, match=r"takes 1\.2 minutes with 1 worker, 60 s of measuring among them"):
        plan.fitted_share([cost(trials=4, before=3.0, seconds=0.1)], 1, 1, spent=60.0)


def test_a_study_that_begins_counts_the_time_of_measuring(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock, measured = [0.0], plan.measured

    def slow(*arguments):  # type: ignore[no-untyped-def]
        clock[0] += 15.0
        return measured(*arguments)

    monkeypatch.setattr(plan, "measured", slow)
    monkeypatch.setattr(session.time, "perf_counter", lambda: clock[0])
    folder = begun(tmp_path / "s", minutes=0.5, workers=1)
    assert folder.trials[0].work.rounds == pytest.approx(15 / (4 * MARGIN * SECONDS), rel=0.05)


def test_what_has_no_rounds_stays_as_it_is() -> None:
    assert plan.fitted_share([cost(1, 0.0)], 10, 1) == 1.0


def test_a_study_is_measured_by_setting() -> None:
    definition = Definition(CALCULATED, "laptop", (0, 1, 2))
    costs = plan.measured(definition)
    assert [(each.settings["method"], each.trials, each.rounds) for each in costs] == [("up", 3, 10), ("down", 3, 10)]
    assert all(each.seconds_per_round == SECONDS for each in costs)
    lines = "\n".join(plan.plan_lines(definition, definition.made(), costs, 2))
    assert "2 settings x 3 seeds, 6 trials" in lines
    assert "10 rounds, 10.0 ms each" in lines


def test_the_plan_of_trainings_names_their_sizes() -> None:
    definition = Definition(TINY, "paper", (0,))
    costs = plan.measured(definition)
    # 2-8-2 and 2-8-1 with biases; the prior has 2 numbers
    assert "42 parameters" in costs[2].facts["generator"]
    assert "33 parameters" in costs[2].facts["critic"]
    assert costs[2].rounds == 1_000_000
    assert costs[2].of_trial() > 1_000_000 * costs[2].seconds_per_round > 0
    assert "batch 16" in "\n".join(plan.plan_lines(definition, definition.made(), costs, 1))


def test_fitted_rounds_are_kept_when_a_study_goes_on(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = begun(tmp_path / "s", minutes=0.5, workers=1)
    rounds = {trial.work.rounds for trial in folder.trials}
    assert len(rounds) == 1
    # two methods with two seeds: 30 s = 4 * 1.15 * 0.01 s * rounds
    assert rounds.pop() == pytest.approx(30 / (4 * MARGIN * SECONDS), rel=0.05)
    assert folder.content["costs"][0]["seconds_per_round"] == SECONDS
    for again in (begun(tmp_path / "s"), begun(tmp_path / "s", minutes=0.5, workers=2), StudyFolder(tmp_path / "s")):
        assert again.definition == folder.definition
    with pytest.raises(UsageError, match=r"rounds for 0\.5 minutes"):
        begun(tmp_path / "s", minutes=0.6)
    found = session.carry_out(folder, say=lambda line: None)
    assert set(found.results.values("rounds")) == {folder.trials[0].work.rounds}
    assert all(record.rounds == folder.trials[0].work.rounds for record in found.records.values())


def test_the_time_left_is_that_of_the_same_settings() -> None:
    trials = [
        Trial({"a": a}, seed, Calculation(lambda folder, seed, rounds: {})) for seed in (0, 1, 2) for a in ("x", "y")
    ]
    records = {
        trials[0].name: Record({"a": "x"}, 0, 1, seconds=10.0),
        trials[1].name: Record({"a": "y"}, 0, 1, seconds=100.0),
    }
    assert seconds_left(trials, {}, trials, {}, 1) is None
    assert seconds_left(trials, records, trials[2:], {}, 1) == pytest.approx(220.0)
    assert seconds_left(trials, records, trials[2:], {}, 2) == pytest.approx(120.0)  # x, x, y beside y
    assert seconds_left(trials, records, trials[2:], {trials[3].name: 60.0}, 4) == pytest.approx(100.0)
    assert seconds_left(trials, records, trials[5:], {trials[5].name: 500.0}, 1) == 0.0
    other = Trial({"a": "z"}, 0, trials[0].work)
    assert seconds_left(trials, records, [other], {}, 1) == pytest.approx(55.0)

"""The time left of a run, against simulated runs whose end is known."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygan.recipe import Recipe
from steadygan.recipes import wgan_gp
from steadygan.schedules import Constant
from steadygan.training import trainer
from steadygan.training.observers import Picture
from steadygan.training.planning.costs import CHECKPOINT_SECONDS, EXIT_SECONDS
from steadygan.training.planning.due import due_after, due_between
from steadygan.training.planning.timing import Timing
from steadygan.training.session import new_run
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe
from tests.training.runs import Watcher


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def recipe(rounds: int, *, picture: int, checkpoint: int, evaluate: int, steps: object = Constant(1)) -> Recipe:
    made = dataclasses.replace(wgan_gp(SampleSpec((1, 8, 8))), rounds=rounds, critic_steps=steps)
    run = dataclasses.replace(
        made.run, log_every=10, picture_every=picture, checkpoint_every=checkpoint, evaluate_every=evaluate
    )
    return dataclasses.replace(made, run=run)


def simulated(
    made: Recipe,
    step: Callable[[int], float],
    costs: dict[str, float],
    *,
    evaluates: bool = True,
    expected: float = 0.0,
) -> list[tuple[int, float, float]]:
    """A run with these seconds a step: of each logged row (round, estimated seconds left, true seconds left)."""
    clock, rows = Clock(), []
    left = Timing(made, evaluates=evaluates, expected={"evaluation": expected}, clock=clock)
    every = made.run
    assert every.picture_every and every.checkpoint_every and every.evaluate_every
    for done in range(1, made.rounds + 1):
        clock.now += sum(made.counts(done - 1)) * step(done)
        last = done == made.rounds
        if last or done == 1 or done % 10 == 0:
            rows.append((done, left.after(done), clock.now))
        if last or done % every.picture_every == 0 or (done < every.picture_every and done & (done - 1) == 0):
            with left.aside("picture"):
                clock.now += costs["picture"]
        evaluated = evaluates and (last or done % every.evaluate_every == 0)
        if evaluated or last or done % every.checkpoint_every == 0:
            with left.aside("evaluation" if evaluated else "checkpoint"):
                clock.now += costs["evaluation" if evaluated else "checkpoint"]
    return [(done, estimate, clock.now - at) for done, estimate, at in rows if estimate is not None]


COSTS = {"picture": 3.0, "evaluation": 40.0, "checkpoint": 2.0}


def test_pictures_evaluations_and_checkpoints_are_counted() -> None:
    rows = simulated(recipe(1000, picture=50, checkpoint=40, evaluate=200), lambda _: 0.1, COSTS, expected=40.0)
    for done, estimate, true in rows[:-1]:
        if done >= 50:  # the first picture and the first checkpoint are made
            assert estimate == pytest.approx(true, rel=0.01), done
    assert rows[-1][1] == 0


def test_an_evaluation_counts_as_expected_until_one_was_made() -> None:
    rows = simulated(recipe(400, picture=400, checkpoint=400, evaluate=100), lambda _: 0.01, COSTS, expected=40.0)
    done, estimate, true = rows[0]
    assert done == 10
    assert estimate == pytest.approx(true, rel=0.05)


def test_no_evaluations_are_counted_where_none_are_made() -> None:
    rows = simulated(recipe(300, picture=30, checkpoint=30, evaluate=10), lambda _: 0.1, COSTS, evaluates=False)
    assert all(estimate == pytest.approx(true, rel=0.01) for done, estimate, true in rows[:-1] if done > 30)


@dataclasses.dataclass(frozen=True)
class WarmUp:
    """100 critic steps in the first 25 rounds and in every 500th."""

    def __call__(self, round_: int) -> float:
        return 100.0 if round_ < 25 or round_ % 500 == 0 else 5.0


@pytest.mark.parametrize("rounds", [900, 8000])
def test_a_warm_up_is_not_taken_for_the_usual_pace(rounds: int) -> None:
    made = recipe(rounds, picture=100, checkpoint=100, evaluate=100, steps=WarmUp())
    rows = simulated(made, lambda _: 0.02, dict.fromkeys(COSTS, 0.0))
    assert rows[0][0] == 10  # amid the warm-up, at 20 times the usual cost of a round
    for done, estimate, true in rows[:-1]:
        if true > 20:
            assert estimate == pytest.approx(true, rel=0.02), done


def test_a_machine_that_slows_down_is_followed_within_seconds() -> None:
    rows = simulated(
        recipe(2000, picture=500, checkpoint=500, evaluate=500),
        lambda done: 0.05 if done <= 1000 else 0.2,
        dict.fromkeys(COSTS, 0.0),
    )
    by_round = {done: (estimate, true) for done, estimate, true in rows}
    estimate, true = by_round[1080]  # 80 rounds x 2 steps x 0.2 s = 32 s later
    assert estimate == pytest.approx(true, rel=0.01)


def test_the_first_row_of_a_session_says_nothing() -> None:
    left = Timing(recipe(100, picture=10, checkpoint=10, evaluate=10), clock=Clock())
    assert left.after(1) is None


PICTURED, EVALUATED, SAVED = (1, 2, 4, 8, 16, 32, 33, 66, 99, 100), (30, 60, 90, 100), (20, 40, 60, 80, 100)


def test_what_is_due_after_each_round() -> None:
    made = recipe(100, picture=33, checkpoint=20, evaluate=30)
    dues = {done: due_after(done, made, evaluates=True) for done in range(1, 101)}
    assert tuple(done for done, due in dues.items() if due.pictured) == PICTURED
    assert tuple(done for done, due in dues.items() if due.evaluated) == EVALUATED
    assert tuple(done for done, due in dues.items() if due.saved) == SAVED
    assert tuple(done for done, due in dues.items() if due.logged) == (1, *range(10, 101, 10))
    assert [done for done, due in dues.items() if due.last] == [100]
    assert not any(due_after(done, made, evaluates=False).evaluated for done in dues)


@pytest.mark.parametrize("done", [1, 2, 7, 33, 64, 99, 100])
def test_what_is_due_until_the_end_is_counted(done: int) -> None:
    assert due_between(recipe(100, picture=33, checkpoint=20, evaluate=30).run, done, 100, evaluates=True) == {
        "picture": sum(each >= done for each in PICTURED),
        "evaluation": sum(each >= done for each in EVALUATED),
        "checkpoint": sum(each >= done for each in SAVED if each not in EVALUATED),
        "ending": 1,
    }


def test_the_steps_of_very_many_rounds_are_estimated() -> None:
    rounds, clock = 1_000_000, Clock()
    left = Timing(recipe(rounds, picture=rounds, checkpoint=rounds, evaluate=rounds, steps=WarmUp()), clock=clock)
    left.after(30)
    clock.now = 6.0 * 70  # 70 rounds of 6 steps, a second each
    steps = rounds * 6 + rounds // 500 * 95
    assert left.after(100) == pytest.approx(steps, rel=0.02)


class Slow(Watcher):
    """Takes 3 s for each picture and 2 s for each checkpoint, by a clock of its own, and says 5 s for the end."""

    ending_seconds = 5.0

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def pictured(self, picture: Picture) -> None:
        super().pictured(picture)
        self.clock.now += 3

    def saved(self, round_: int, path: Path) -> None:
        super().saved(round_, path)
        self.clock.now += 2


def test_the_trainer_times_what_stands_between_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()  # stands still in rounds
    watcher = Slow(clock)
    monkeypatch.setattr(trainer, "Timing", functools.partial(Timing, clock=clock))
    data = image_data()
    new_run(small_recipe(), data, tmp_path / "run", device="cpu", observers=[watcher])
    assert [picture.round for picture in watcher.all("pictured")] == [1, 2, 4, 6, 12]
    assert watcher.all("saved") == [5, 10, 12]
    # after round 4 three pictures are due, and three checkpoints of unknown cost; after round 8 one and two
    seen = [row.get("seconds_left") for row in watcher.all("logged")]
    assert [seen[0], seen[-1]] == [None, 0]
    assert seen[1] == pytest.approx(3 * 3 + 3 * CHECKPOINT_SECONDS + EXIT_SECONDS + 5, abs=0.06)
    assert seen[2] == pytest.approx(3 + 2 * 2 + EXIT_SECONDS + 5, abs=0.06)
    held_out = data.held_out.samples.astype(float)
    spread = watcher.all("started")[0].data_spread
    assert spread == pytest.approx(held_out.var(0, ddof=1).mean() ** 0.5, rel=1e-3)

"""The window of fixed-latent samples: movement, directness, and that it goes on from what was saved."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.diagnostics.window import WIDTH, Window


def at(x: float) -> np.ndarray:
    return np.full((4, 2), x)


def test_straight_movement_has_directness_1_and_its_own_length() -> None:
    window = Window()
    assert window.add(10, at(0.0), 2.0) == {}
    assert window.add(20, at(3.0), 2.0) == pytest.approx({"move": 3 * 2**0.5 / 2, "move_rate": 3 * 2**0.5 / 20})
    assert window.add(40, at(4.0), 2.0)["directness"] == pytest.approx(1.0)


def test_alternation_gets_nowhere_and_the_window_forgets_what_is_older() -> None:
    window = Window()
    window.add(0, at(100.0), 1.0)
    for look in range(WIDTH):
        found = window.add(look + 1, at(float(look % 2)), 1.0)
    assert len(window.rounds) == WIDTH and found["directness"] == pytest.approx(1 / (WIDTH - 1))


def test_it_goes_on_from_its_state() -> None:
    one, other = Window(), Window()
    rng = np.random.default_rng(0)
    for round_ in range(1, 9):
        rows = rng.normal(size=(3, 5))
        found = one.add(round_, rows, 1.5)
        other = Window(other.state)
        assert other.add(round_, rows, 1.5) == found
        for window in (one, other):
            window.looks += 1
    assert Window(one.state).looks == 8


def test_samples_of_another_shape_begin_anew_and_an_incomplete_state_is_none() -> None:
    window = Window()
    window.add(1, at(0.0), 1.0)
    assert window.add(2, np.zeros((3, 2)), 1.0) == {}
    assert Window({"rounds": np.array([1])}).rounds == []


def test_samples_that_went_to_other_bins_are_counted_from_look_to_look_and_after_a_resumption() -> None:
    window = Window()
    assert window.counted(np.array([4, 4, 0])) == {}
    window.looks = 1
    assert Window(window.state).counted(np.array([2, 4, 2])) == {"bins_moved": 0.25}
    assert window.counted(np.array([0, 0, 9])) == {"bins_moved": 1.0}

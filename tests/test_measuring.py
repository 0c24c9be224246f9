"""What measurements leave as it was: torch's random numbers on every device."""

from __future__ import annotations

import pytest
import torch

from steadygan.measuring import preserved_random_state, seed_random_numbers
from steadygan.rng import torch_seeded


class Devices:
    """Stands for ``torch.xpu`` or ``torch.cuda``: two devices whose state is the last seed."""

    def __init__(self, used: bool) -> None:
        self.used, self.states = used, [7, 9]

    def is_initialized(self) -> bool:
        return self.used

    def device_count(self) -> int:
        return len(self.states)

    def get_rng_state(self, index: int) -> int:
        return self.states[index]

    def set_rng_state(self, state: int, index: int) -> None:
        self.states[index] = state

    def manual_seed(self, seed: int) -> None:
        self.states[0] = seed

    def manual_seed_all(self, seed: int) -> None:
        self.states = [seed] * len(self.states)


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mtia"])
def test_random_numbers_of_every_device_in_use_are_seeded_and_given_back(kind, monkeypatch):
    devices = Devices(used=True)
    monkeypatch.setattr(torch, kind, devices)
    before = torch.get_rng_state()
    with preserved_random_state():
        seed_random_numbers(3)
        assert devices.states == [3, 3] and torch.initial_seed() == 3
    assert devices.states == [7, 9] and torch.equal(torch.get_rng_state(), before)
    with torch_seeded(4):
        assert devices.states == [4, 4]
    assert devices.states == [7, 9]


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mtia"])
def test_devices_that_are_not_in_use_are_left_alone(kind, monkeypatch):
    devices = Devices(used=False)
    monkeypatch.setattr(torch, kind, devices)
    with preserved_random_state():
        seed_random_numbers(3)
    assert devices.states == [7, 9]


def test_the_generator_of_apples_devices_is_seeded_and_given_back(monkeypatch):
    devices = Devices(used=True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    for name in ("device_count", "get_rng_state", "set_rng_state", "manual_seed"):
        monkeypatch.setattr(torch.mps, name, getattr(devices, name))
    with preserved_random_state():
        seed_random_numbers(3)
        assert devices.states == [3, 9]
    assert devices.states == [7, 9]

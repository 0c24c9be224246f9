"""What measurements leave as it was: torch's random numbers on every device."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.measuring import measuring, preserved_random_state, seed_random_numbers
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


class Following(nn.Module):
    """Follows the mean of what it gets in buffers that it makes anew in each pass, in eval mode too."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("last", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.mean, self.last = 0.9 * self.mean + 0.1 * x.mean(0), x[0]
        return x - self.mean


def test_buffers_that_a_pass_makes_anew_are_restored() -> None:
    network = nn.Sequential(Following(), nn.BatchNorm1d(3))
    kept = network[0].mean
    with measuring(network):
        network(torch.ones(4, 3))
    assert network[0].mean is kept and not kept.any() and network[0].last is None
    assert not network[1].running_mean.any() and network[1].num_batches_tracked == 0


class Normed(nn.Module):
    """Spectral norm as it is often written by hand: u is no buffer, and moves in each pass."""

    def __init__(self, held: str) -> None:
        super().__init__()
        self.held, self.weight = held, nn.Parameter(torch.rand(4, 3))
        u = torch.ones(4) / 2
        self.u = nn.Parameter(u, requires_grad=False) if held.startswith("parameter") else u

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            v = nn.functional.normalize(self.weight.t() @ self.u, dim=0)
            u = nn.functional.normalize(self.weight @ v, dim=0)
        if self.held.endswith("in place"):
            self.u.data.copy_(u)
        elif self.held == "parameter":
            self.u.data = u
        else:
            self.u = u
        return x @ (self.weight / (u @ self.weight @ v)).t()


@pytest.mark.parametrize("held", ["parameter", "parameter in place", "attribute", "attribute in place"])
def test_vectors_of_spectral_norms_that_are_written_by_hand_stay(held: str) -> None:
    network = Normed(held)
    kept, before = network.u, network.weight.detach().clone()
    with torch.no_grad(), measuring(network):
        network(torch.ones(2, 3))
        assert not torch.equal(network.u, torch.ones(4) / 2)
    assert network.u is kept and torch.equal(network.u, torch.ones(4) / 2)
    assert torch.equal(network.weight, before)

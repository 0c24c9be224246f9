"""Signals of tensors read the device once, at their end: nothing in between waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from steadygan.diagnostics import signals
from tests.diagnostics.signals.known import samples

_READS = ("_local_scalar_dense", "is_nonzero", "nonzero", "unique", "masked_select", "equal")


class Reads(TorchDispatchMode):
    """Counts operations for which the host would wait."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name.startswith(_READS):
            self.found.append(name)
        return func(*args, **(kwargs or {}))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


X, Y, CRITIC = samples(6, 3), samples(6, 3, seed=1), network()
SIGNALS: dict[str, Callable[[], Any]] = {
    "critic_slope": lambda: signals.critic_slope(CRITIC, X, Y),
    "lipschitz_estimate": lambda: signals.lipschitz_estimate(CRITIC, X),
    "layer_gradients": lambda: signals.layer_gradients(CRITIC, lambda: CRITIC(X).mean()),
    "clipped_share": lambda: signals.clipped_share(CRITIC, 0.1),
    "spectral_norms": lambda: signals.spectral_norms(CRITIC),
    "separation": lambda: signals.separation(X[:, 0], Y[:, 0]),
    "saturation": lambda: signals.saturation(X[:, 0], Y[:, 0], lambda s: -s.mean()),
    "held_out_gap": lambda: signals.held_out_gap(CRITIC, X, Y, X - 1, batch=3),
    "real_sign": lambda: signals.real_sign(X[:, 0], splits_at_zero=True),
    "update_ratios": lambda: signals.update_ratios(signals.parameters_before(CRITIC), CRITIC),
    "non_finite_names": lambda: signals.non_finite_names(CRITIC.named_parameters()),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_the_device_is_read_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lists: list[Tensor] = []
    tolist = Tensor.tolist
    monkeypatch.setattr(Tensor, "tolist", lambda tensor: lists.append(tensor) or tolist(tensor))
    with Reads() as reads:
        SIGNALS[name]()
    assert reads.found == []
    assert len(lists) == 1

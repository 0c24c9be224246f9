"""Values that are not finite, planted at a known place and round of a run: the line says where they begin."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from steadygan.diagnostics import read_log
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.retrace import MOST, retraced
from steadygan.diagnostics.schedule import Schedule
from steadygan.errors import RunError
from steadygan.losses import Wasserstein
from steadygan.networks import Own
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD, Adam
from steadygan.penalties import GradientPenalty
from steadygan.recipe import Recipe, RunOptions
from steadygan.training import validate
from steadygan.training.session import new_run
from tests.training.games import image_data, small_recipe

FAILS = 7
"""steps of the critic until it happens"""


class Counting(nn.Module):
    """A critic that counts its passes in a buffer, and from one on makes an overflow in its second layer."""

    def __init__(self, sample: Any) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(64, 8), Overflowing(8), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.second(self.first(x.flatten(1)).tanh()).tanh().clamp(-1, 1))


class Overflowing(nn.Linear):
    """A layer whose weights grow with the updates that they have had, until its outputs are infinite."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width)
        self.register_buffer("begin", self.weight.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        moved = (self.weight - self.begin).abs().max().detach()
        return super().forward(x) * torch.where(moved > FAILS * 1e-3, torch.inf, 1.0)


@dataclass(frozen=True)
class Rooted(GradientPenalty):
    """A penalty of 0 whose gradient is not finite once norms are above a bound: the root of 0."""

    def hold(self, norms: Tensor) -> Tensor:
        held = super().hold(norms)
        return held + (0 * (norms - norms.detach())).sqrt()


@dataclass(frozen=True)
class RootedLoss(Wasserstein):
    """The same of a loss on scores."""

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return super().critic(real, fake, real_label) + (0 * (real - real.detach())).sqrt().mean()


@dataclass(frozen=True)
class Logarithm(GradientPenalty):
    """A penalty that is infinite."""

    def hold(self, norms: Tensor) -> Tensor:
        return (0 * norms).log()


def recipe(**fields: Any) -> Recipe:
    run = RunOptions(precision="fp32", log_every=5, picture_every=50, checkpoint_every=4, pictured=4)
    return dataclasses.replace(small_recipe(), rounds=20, run=run, **fields)


def told(made: Recipe, folder: Path) -> tuple[str, int]:
    """What the last line of a run's log names, and its round."""
    with pytest.raises(RunError, match="not finite"):
        new_run(made, image_data(), folder, device="cpu", doctor=GameDoctor(Schedule((19,))))
    last = read_log(folder / "signals.jsonl")[-1]
    return str(last["non_finite"]), int(last["round"])


def test_an_output_that_overflows_is_named_with_its_layer(tmp_path: Path) -> None:
    still = Adam(1e-3, (0.0, 0.0))
    made = recipe(critic=Own(Counting), critic_optimizer=still, generator_optimizer=still)
    name, round_ = told(made, tmp_path / "run")
    assert name == "output of critic.network.second in a step of the critic" and 1 < round_ < 20


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"penalties": (Rooted(),)}, "gradient of the penalty (Rooted) at critic."),
        ({"penalties": (Logarithm(),)}, "penalty (Logarithm) in a step of the critic"),
        ({"objective": Adversarial(RootedLoss())}, "gradient of the critic loss at critic."),
    ],
)
def test_a_term_is_named_where_networks_are_finite(
    fields: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "check_own_parts", lambda *_: None)  # which refuses what is never finite
    found, _ = told(recipe(**fields), tmp_path / "run")
    assert found.startswith(name) and found.endswith("in a step of the critic")


def test_weights_that_explode_are_named_by_the_step_that_made_them_so(tmp_path: Path) -> None:
    made = recipe(critic_optimizer=SGD(1e25), generator_optimizer=SGD(1e25))
    found, _ = told(made, tmp_path / "run")
    assert "critic." in found and "in a step of the" in found


def test_what_began_long_after_the_last_checkpoint_is_not_sought(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    new_run(recipe(), image_data(), folder, device="cpu")
    device = torch.device("cpu")
    assert retraced(recipe(), image_data(), device, folder, 20 + MOST + 1) is None
    state = torch.get_rng_state()
    assert retraced(recipe(), image_data(), device, folder, 20) is None  # all was finite
    assert torch.equal(state, torch.get_rng_state())

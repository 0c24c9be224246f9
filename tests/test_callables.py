"""The modules that a callable critic is seen to call."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from steadygan import callables
from steadygan.penalties import gradient_penalty, on_real
from tests.penalties.critics import batch

CRITIC = nn.Linear(3, 1)
NORMED = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


class Trainer:
    """An object that holds both networks, as a LightningModule does."""

    def __init__(self) -> None:
        self.critic, self.generator = CRITIC, NORMED

    def score(self, x: Tensor) -> Tensor:
        return self.critic(x)

    def __call__(self, x: Tensor) -> Tensor:
        return self.critic(x)


class ModuleOfBoth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.critic, self.generator = CRITIC, NORMED

    def score(self, x: Tensor) -> Tensor:
        return self.critic(x)

    def closure(self) -> Any:
        return lambda x: self.critic(x)


def by_global(x: Tensor) -> Tensor:
    return CRITIC(x)


def with_labels(critic: nn.Module, labels: Tensor, x: Tensor) -> Tensor:
    return critic(x)


def by_closure(module: nn.Module) -> Any:
    return lambda x: module(x)


TRAINER, BOTH = Trainer(), ModuleOfBoth()
FORMS = {
    "module": CRITIC,
    "closure": by_closure(CRITIC),
    "global": by_global,
    "partial": functools.partial(with_labels, CRITIC, torch.zeros(2)),
    "method": TRAINER.score,
    "object": TRAINER,
    "attribute": lambda x: TRAINER.critic(x),
    "method of a module": BOTH.score,
    "closure over a module of both": BOTH.closure(),
    "dict": (lambda networks: lambda x: networks["critic"](x))({"critic": CRITIC}),
    "function of a function": lambda x: by_global(x),
    "default": lambda x, critic=CRITIC: critic(x),
    "comprehension": lambda x: torch.cat([CRITIC(each) for each in x.split(2)]),
    "attribute in a comprehension": lambda x: torch.cat([TRAINER.critic(each) for each in x.split(2)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_critic_is_found_and_the_generator_beside_it_is_not(form: str) -> None:
    assert callables.modules_in(FORMS[form]) == [CRITIC]


@pytest.mark.parametrize("form", FORMS)
def test_samples_of_two_dtypes_are_scored_in_the_critics(form: str) -> None:
    found = gradient_penalty(FORMS[form], batch(4, 3), batch(4, 3).float(), at=on_real)
    norm = CRITIC.weight.detach().double().norm().item()
    assert found.dtype == torch.float32 and found.item() == pytest.approx((norm - 1.0) ** 2, rel=1e-5)


@pytest.mark.parametrize("critic", [torch.sum, len, lambda x: x, functools.partial(torch.sum, dim=1)])
def test_callables_without_modules_have_none(critic: Any) -> None:
    assert callables.modules_in(critic) == []


def test_there_is_no_dtype_of_parameters_of_several() -> None:
    both = [nn.Linear(1, 1), nn.Linear(1, 1).half()]
    assert callables.parameter_dtype(both, torch.float64) is None
    assert callables.parameter_dtype(both[1:], torch.float64) == torch.float16
    assert callables.parameter_dtype(both[1:], torch.float16) is None


def test_critics_that_change_their_input_in_place_change_no_samples() -> None:
    samples = batch(4, 3)
    before = samples.clone()
    found = gradient_penalty(lambda x: x.mul_(2.0).sum(1), samples, samples, at=on_real)
    assert found.item() == pytest.approx((2.0 * 3**0.5 - 1.0) ** 2) and torch.equal(samples, before)

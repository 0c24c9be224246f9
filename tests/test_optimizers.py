"""Optimizers against their update rules written out in numpy float64, and the stride trap of fused optimizers."""

from __future__ import annotations

import copy
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from steadygan.errors import UsageError
from steadygan.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from steadygan.penalties import gradient_penalty
from steadygan.schedules import Constant, Cosine, LinearDecay

Array = NDArray[np.float64]

SPECS = [
    Adam(lr=1e-2),
    Adam(lr=1e-2, betas=(0.5, 0.999), eps=1e-3, weight_decay=0.1),
    AdamW(lr=1e-2, betas=(0.9, 0.99), weight_decay=0.2),
    RMSprop(lr=1e-2),
    RMSprop(lr=1e-2, alpha=0.9, eps=1e-10, momentum=0.5),
    SGD(lr=1e-1),
    SGD(lr=1e-1, momentum=0.9),
]


class ByHand:
    """One parameter and the published update of each optimizer, in float64."""

    def __init__(self, spec: Optimizer, start: Array) -> None:
        self.spec = spec
        self.value = start.astype(np.float64)
        self.first = np.zeros_like(self.value)
        self.second = np.zeros_like(self.value)
        self.steps = 0

    def step(self, gradient: Array, lr: float, beta2: float | None = None) -> None:
        spec, gradient = self.spec, gradient.astype(np.float64)
        self.steps += 1
        if isinstance(spec, Adam | AdamW):
            beta1, beta2 = spec.betas[0], spec.betas[1] if beta2 is None else beta2
            if isinstance(spec, AdamW):
                self.value = self.value - lr * spec.weight_decay * self.value
            else:
                gradient = gradient + spec.weight_decay * self.value
            self.first = beta1 * self.first + (1 - beta1) * gradient
            self.second = beta2 * self.second + (1 - beta2) * gradient**2
            mean = self.first / (1 - beta1**self.steps)
            square = self.second / (1 - beta2**self.steps)
            self.value = self.value - lr * mean / (np.sqrt(square) + spec.eps)
        elif isinstance(spec, RMSprop):
            self.second = spec.alpha * self.second + (1 - spec.alpha) * gradient**2
            self.first = spec.momentum * self.first + gradient / (np.sqrt(self.second) + spec.eps)
            self.value = self.value - lr * self.first
        else:
            assert isinstance(spec, SGD)
            self.first = spec.momentum * self.first + gradient
            self.value = self.value - lr * self.first


def fill(optimizer: torch.optim.Optimizer, settings: dict[str, Any]) -> None:
    """What the trainer does each round."""
    for group in optimizer.param_groups:
        for name, value in settings.items():
            if isinstance(group[name], torch.Tensor):
                group[name].fill_(value)
            else:
                group[name] = value


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_three_steps_equal_the_rule_worked_out_by_hand(spec: Optimizer) -> None:
    parameters = [nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(5))]
    by_hand = [ByHand(spec, p.detach().numpy()) for p in parameters]
    optimizer = spec.build(iter(parameters))
    for _ in range(3):
        for parameter, expected in zip(parameters, by_hand, strict=True):
            parameter.grad = torch.randn(parameter.shape)
            expected.step(parameter.grad.numpy(), spec.lr)
        optimizer.step()
        for parameter, expected in zip(parameters, by_hand, strict=True):
            np.testing.assert_allclose(parameter.detach().numpy(), expected.value, rtol=2e-6, atol=2e-6)


def test_the_first_adam_step_is_the_rate_in_the_gradients_direction() -> None:
    parameter = nn.Parameter(torch.zeros(3))
    optimizer = Adam(lr=1e-3).build([parameter])
    parameter.grad = torch.tensor([5.0, -0.01, 2.0])
    optimizer.step()
    torch.testing.assert_close(parameter.detach(), torch.tensor([-1e-3, 1e-3, -1e-3]), rtol=1e-5, atol=0.0)


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_the_rate_is_a_tensor_that_can_be_filled_between_steps(spec: Optimizer) -> None:
    parameter = nn.Parameter(torch.randn(6))
    by_hand = ByHand(spec, parameter.detach().numpy())
    optimizer = spec.build([parameter])
    (group,) = optimizer.param_groups
    held = group["lr"]
    assert isinstance(held, torch.Tensor) and held.shape == () and held.item() == pytest.approx(spec.lr)
    for lr in (spec.lr, 0.25 * spec.lr, 0.0):
        fill(optimizer, {"lr": lr})
        parameter.grad = torch.randn(6)
        optimizer.step()
        by_hand.step(parameter.grad.numpy(), lr)
        assert group["lr"] is held
    np.testing.assert_allclose(parameter.detach().numpy(), by_hand.value, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop, SGD])
def test_the_settings_of_a_round_are_the_rate_times_its_factor(kind: type) -> None:
    spec = kind(lr=2e-4, lr_factor=LinearDecay(100_000))
    assert spec.settings(0)["lr"] == pytest.approx(2e-4)
    assert spec.settings(25_000)["lr"] == pytest.approx(1.5e-4)
    assert spec.settings(100_000)["lr"] == 0.0
    assert kind(lr=3e-4).settings(12_345)["lr"] == pytest.approx(3e-4)


def test_beta_two_can_follow_a_schedule() -> None:
    spec = Adam(lr=1e-2, betas=(0.0, 0.5), beta2=Cosine(2, start=0.9, end=0.99))
    assert spec.settings(0)["betas"] == pytest.approx((0.0, 0.9))
    assert spec.settings(2)["betas"] == pytest.approx((0.0, 0.99))
    parameter = nn.Parameter(torch.randn(6))
    by_hand = ByHand(spec, parameter.detach().numpy())
    optimizer = spec.build([parameter])
    for round_ in range(3):
        fill(optimizer, spec.settings(round_))
        parameter.grad = torch.randn(6)
        optimizer.step()
        by_hand.step(parameter.grad.numpy(), 1e-2, beta2=0.99 + (0.9 - 0.99) * (1 + np.cos(np.pi * round_ / 2)) / 2)
    np.testing.assert_allclose(parameter.detach().numpy(), by_hand.value, rtol=5e-6, atol=5e-6)


def test_settings_leave_the_betas_alone_without_a_schedule() -> None:
    assert Adam(betas=(0.5, 0.9)).settings(7).get("betas", (0.5, 0.9)) == (0.5, 0.9)


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_an_optimizer_that_is_loaded_goes_on_to_the_last_digit(spec: Optimizer) -> None:
    first = nn.Parameter(torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last))
    gradients = [torch.randn_like(first) for _ in range(4)]
    optimizer = spec.build([first])

    def step(parameter: nn.Parameter, with_: torch.optim.Optimizer, gradient: torch.Tensor) -> None:
        parameter.grad = gradient.clone()
        with_.step()

    for gradient in gradients[:2]:
        step(first, optimizer, gradient)
    second = nn.Parameter(first.detach().clone())
    again = spec.build([second])
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for gradient in gradients[2:]:
        step(first, optimizer, gradient)
        step(second, again, gradient)
    assert torch.equal(first, second)


def channels_last_critic() -> nn.Sequential:
    critic = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(8, 6, 3, stride=2, padding=1),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(24, 1),
    )
    return critic.to(memory_format=torch.channels_last)


def penalised_loss(critic: nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    real, fake = (torch.randn(4, 3, 8, 8, generator=generator).to(memory_format=torch.channels_last) for _ in range(2))
    return critic(fake).mean() - critic(real).mean() + 10 * gradient_penalty(critic, real, fake, at=lambda r, f: r)


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_channels_last_critics_under_a_penalty_are_stepped_right(spec: Optimizer) -> None:
    """The trap: fused optimizers on CPUs ignore strides, and gradients that ``torch.autograd.grad`` takes through a
    penalty may have other strides than their parameters; a step on those was 130% wrong with no error. ``backward``
    with ``inputs`` accumulates into buffers with the parameters' own strides, which is what training steps do."""
    critic = channels_last_critic()
    parameters = list(critic.parameters())
    assert not parameters[0].is_contiguous()
    by_hand = [ByHand(spec, p.detach().numpy()) for p in parameters]
    optimizer = spec.build(parameters)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=True)
        gradients = torch.autograd.grad(penalised_loss(critic), parameters, allow_unused=True)  # right values
        penalised_loss(critic).backward(inputs=parameters)
        for parameter, expected, gradient in zip(parameters, by_hand, gradients, strict=True):
            assert parameter.grad.stride() == parameter.stride()
            expected.step(gradient.numpy(), spec.lr)
        optimizer.step()
    for parameter, expected in zip(parameters, by_hand, strict=True):
        # Adam divides small gradients by their own size, so a rounding error there is a share of the rate
        np.testing.assert_allclose(parameter.detach().numpy(), expected.value, rtol=1e-3, atol=0.02 * spec.lr)


def test_backward_with_inputs_leaves_every_other_gradient_alone() -> None:
    critic, generator = channels_last_critic(), nn.Linear(2, 3 * 8 * 8)
    fake = generator(torch.randn(4, 2)).reshape(4, 3, 8, 8)
    critic(fake).mean().backward(inputs=list(generator.parameters()))
    assert generator.weight.grad is not None
    assert all(parameter.grad is None for parameter in critic.parameters())


@pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop, SGD])
@pytest.mark.parametrize("lr", [0.0, -1e-4, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_one_is_refused_by_name(kind: type, lr: float) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}.lr is {lr}"):
        kind(lr=lr)


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        (Adam, {"betas": (1.0, 0.9)}, "betas"),
        (Adam, {"betas": (-0.1, 0.9)}, "betas"),
        (AdamW, {"betas": (0.5, float("nan"))}, "betas"),
        (Adam, {"eps": -1e-8}, "eps"),
        (Adam, {"weight_decay": -0.1}, "weight_decay"),
        (Adam, {"beta2": Constant(1.5)}, "beta2"),
        (Adam, {"beta2": LinearDecay(10, start=0.9, end=-1.0)}, "beta2"),
        (Adam, {"lr_factor": Constant(-1.0)}, "lr_factor"),
        (AdamW, {"eps": float("nan")}, "eps"),
        (AdamW, {"weight_decay": -0.1}, "weight_decay"),
        (RMSprop, {"alpha": 1.0}, "alpha"),
        (RMSprop, {"alpha": -0.1}, "alpha"),
        (RMSprop, {"eps": -1.0}, "eps"),
        (RMSprop, {"momentum": -0.5}, "momentum"),
        (RMSprop, {"lr_factor": LinearDecay(10, start=1.0, end=-1.0)}, "lr_factor"),
        (SGD, {"momentum": 1.0}, "momentum"),
        (SGD, {"momentum": float("nan")}, "momentum"),
    ],
)
def test_settings_that_no_optimizer_can_have_are_refused_before_it_is_built(
    kind: type, settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}\.{field}(\[\d\])? ") as error:
        kind(**settings)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop, SGD])
def test_a_schedule_in_place_of_the_rate_is_told_where_it_goes(kind: type) -> None:
    with pytest.raises(UsageError, match=r"\.lr is LinearDecay\(.*\(a schedule goes into lr_factor\)$"):
        kind(lr=LinearDecay(10))


def test_defaults_are_those_of_algorithm_1_and_of_the_original_wgan() -> None:
    assert (Adam().lr, Adam().betas) == (1e-4, (0.0, 0.9))
    assert (RMSprop().lr, RMSprop().momentum) == (5e-5, 0.0)


def test_every_optimizer_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Optimizer)) == {Adam, AdamW, RMSprop, SGD}

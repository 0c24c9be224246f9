"""Penalties in loops of the user's own: forms of a critic's output, dtypes, grad modes, complex samples, transforms."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from steadygan.penalties import (
    between,
    gradient_norm_at,
    gradient_penalty,
    input_gradient_norm,
    near_real,
    on_fake,
    on_real,
    path_lengths,
    r1_penalty,
    r2_penalty,
)
from steadygan.types import CriticOutput
from tests.penalties.critics import batch, smooth_mlp

IMAGE = (3, 8, 8)


def patch_critic() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Tanh(), nn.Conv2d(4, 1, 3, 1, 1)).double()


def norms_by_rows(score: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """||grad of a sample's score||, each from a pass of its own; ``score`` maps [1, ...] to []."""
    rows = [torch.autograd.functional.jacobian(lambda p: score(p[None]), point) for point in points]
    return torch.stack([row.norm() for row in rows])


def parameter_gradients(value: Tensor, module: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(value, list(module.parameters())))


def assert_same(found: list[Tensor], right: list[Tensor], tolerance: float = 1e-9) -> None:
    scale = max(float(gradient.norm()) for gradient in right)
    for one, other in zip(found, right, strict=True):
        assert float((one.double() - other.double()).norm()) <= tolerance * scale


@pytest.mark.parametrize("patches", ["mean", "sum"])
@pytest.mark.parametrize("form", ["map", "scales", "features", "tuple", "dict", "output"])
def test_the_norm_is_of_a_samples_score_whatever_the_critic_returns(form: str, patches: str) -> None:
    patch = patch_critic()
    half = nn.AvgPool2d(2)
    forms: dict[str, Callable[[Tensor], Any]] = {
        "map": patch,
        "scales": lambda x: [patch(x), patch(half(x))],
        "features": lambda x: [[patch[0](x), patch(x)], [patch[0](half(x)), patch(half(x))]],
        "tuple": lambda x: (patch(x), patch[0](x)),
        "dict": lambda x: {"score": patch(x), "logits": x.flatten(1)},
        "output": lambda x: CriticOutput(patch(x).mean((1, 2, 3)), features=x.flatten(1)),
    }
    points = batch(3, *IMAGE)
    several = form in ("scales", "features")

    def score(x: Tensor) -> Tensor:
        if patches == "sum" and form != "output":
            return patch(x).sum() + (patch(half(x)).sum() if several else 0.0)
        return 0.5 * (patch(x).mean() + patch(half(x)).mean()) if several else patch(x).mean()

    found = gradient_norm_at(forms[form], points, patches=patches)
    torch.testing.assert_close(found.detach(), norms_by_rows(score, points), rtol=1e-7, atol=0.0)


def test_penalties_of_patch_maps_are_those_of_the_mean_score_with_its_gradients() -> None:
    patch, real, fake = patch_critic(), batch(3, *IMAGE), batch(3, *IMAGE, seed=1)

    def mean(x: Tensor) -> Tensor:
        return patch(x).flatten(1).mean(1)

    for penalty in (
        lambda critic: gradient_penalty(critic, real, fake, at=on_fake),
        lambda critic: gradient_penalty(critic, real, fake, at=on_real, one_sided=True, target=0.0),
        lambda critic: r1_penalty(critic, real),
        lambda critic: r2_penalty(critic, fake),
    ):
        found, right = penalty(patch), penalty(mean)
        assert found.item() == pytest.approx(right.item(), rel=1e-7)
        assert_same(parameter_gradients(found, patch), parameter_gradients(right, patch), 1e-7)


def test_the_mean_over_many_patches_does_not_sink_below_float16() -> None:
    def critic(x: Tensor) -> Tensor:
        return (3e-4 * x.half()).reshape(2, 1, 64, 64)

    found = gradient_norm_at(critic, torch.randn(2, 4096))  # of a mean 3e-4 / 4096 in float16: one digit is left
    torch.testing.assert_close(found, torch.full((2,), 3e-4 / 64), rtol=1e-3, atol=0.0)


@pytest.mark.parametrize(
    ("real", "fake", "critic", "result"),
    [
        (torch.float32, torch.bfloat16, torch.float32, torch.float32),
        (torch.float16, torch.float32, torch.float32, torch.float32),
        (torch.bfloat16, torch.float16, torch.float32, torch.float32),
        (torch.float64, torch.float32, torch.float32, torch.float32),
        (torch.float32, torch.float64, torch.float32, torch.float32),
        (torch.float32, torch.float64, torch.float64, torch.float64),
        (torch.float64, torch.float64, torch.float32, torch.float32),
        (torch.float16, torch.float16, torch.float32, torch.float32),
        (torch.bfloat16, torch.bfloat16, torch.bfloat16, torch.float32),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_real_and_fake_samples_may_have_other_dtypes_than_each_other_and_the_critic(
    real: torch.dtype, fake: torch.dtype, critic: torch.dtype, result: torch.dtype, wrapped: bool
) -> None:
    module = smooth_mlp().to(critic)
    x, g = batch(5, 3).to(real), batch(5, 3, seed=1).to(fake)
    scored = (lambda points: module(points)) if wrapped else module
    for at in (on_real, on_fake):
        found = gradient_penalty(scored, x, g, at=at)
        right = gradient_penalty(copy.deepcopy(module).double(), x.double(), g.double(), at=at)
        assert found.dtype == result
        tolerance = 1e-9 if result == torch.float64 else 3e-2 if critic == torch.bfloat16 else 1e-5
        assert found.item() == pytest.approx(right.item(), rel=tolerance)
    for at in (between, near_real):
        assert torch.isfinite(gradient_penalty(scored, x, g, at=at))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_and_a_gradient_scaler_values_and_gradients_are_right(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    generator, critic = nn.Linear(4, 3), smooth_mlp().float()
    real = torch.rand(16, 3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    optimizer = torch.optim.SGD(critic.parameters(), lr=1.0)
    with torch.autocast("cpu", dtype):
        fake = generator(torch.randn(16, 4)).detach()
        assert fake.dtype == dtype
        penalty = gradient_penalty(critic, real, fake, at=on_fake)
    assert penalty.dtype == torch.float32
    scaler.scale(penalty).backward()
    scaler.unscale_(optimizer)
    right = gradient_penalty(copy.deepcopy(critic).double(), real.double(), fake.double(), at=on_fake)
    assert penalty.item() == pytest.approx(right.item(), rel=2e-2)
    wide = copy.deepcopy(critic).double()
    wide.zero_grad()
    gradient_penalty(wide, real.double(), fake.double(), at=on_fake).backward()
    found = [parameter.grad for parameter in critic.parameters()]
    assert_same(found, [parameter.grad for parameter in wide.parameters()], 5e-2)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_the_value_is_the_same_and_has_no_graph(mode: Callable[[], Any]) -> None:
    critic, embedding = smooth_mlp(), nn.Embedding(4, 3).double()
    real, fake, labels = batch(5, 3), batch(5, 3, seed=1), torch.arange(4)[torch.tensor([0, 3, 1, 2, 0])]

    def conditional(x: Tensor, y: Tensor) -> Tensor:
        return critic(x + embedding(y))

    def values(x: Tensor, g: Tensor, y: Tensor) -> list[Tensor]:
        scored = functools.partial(lambda y, points: conditional(points, y), y)
        return [
            gradient_penalty(scored, x, g, at=on_fake),
            r1_penalty(lambda points: conditional(points, y), x),
            gradient_norm_at(scored, x).sum(),
            path_lengths(
                lambda z, y: conditional(z, y).reshape(5, 1, 1, 1), x, y, torch.ones(5, 1, 1, 1).double()
            ).sum(),
        ]

    right = values(real, fake, labels)
    with mode():
        made_there = [tensor.clone() for tensor in (real, fake, labels)]
        for found in (values(real, fake, labels), values(*made_there)):
            assert [value.item() for value in found] == pytest.approx([value.item() for value in right], rel=1e-12)
            assert not any(value.requires_grad for value in found)
        built_there = smooth_mlp()
        assert r1_penalty(built_there, real).item() == pytest.approx(r1_penalty(critic, real).item(), rel=1e-12)
    outside = values(*made_there)  # tensors of inference mode, used after it
    assert [value.item() for value in outside] == pytest.approx([value.item() for value in right], rel=1e-12)
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_complex_samples_have_the_norm_of_both_their_parts() -> None:
    torch.manual_seed(0)
    weight, real = (torch.randn(5, 7, dtype=torch.complex128) for _ in range(2))
    points = torch.stack([real, 2.0 * real])

    def critic(x: Tensor) -> Tensor:
        return (x * weight.conj()).real.flatten(1).sum(1) + x.abs().square().flatten(1).sum(1)

    def of_parts(parts: Tensor) -> Tensor:
        return critic(torch.view_as_complex(parts))

    parts = torch.view_as_real(points).contiguous()
    found, right = gradient_norm_at(critic, points), gradient_norm_at(of_parts, parts)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=0.0)
    closed = [(weight + 2.0 * point).norm().item() for point in points]
    assert found.tolist() == pytest.approx(closed, rel=1e-9)
    for penalty in (r1_penalty, r2_penalty):
        assert penalty(critic, points).item() == pytest.approx(penalty(of_parts, parts).item(), rel=1e-12)
    conjugate = gradient_norm_at(critic, points.conj())
    assert conjugate.tolist() == pytest.approx([(weight + 2.0 * p.conj()).norm().item() for p in points], rel=1e-9)


def test_points_between_complex_samples_lie_on_their_lines() -> None:
    zeros, ones = torch.zeros(64, 2, dtype=torch.complex64), torch.ones(64, 2, dtype=torch.complex64)
    points = between(zeros, ones)
    assert points.imag.abs().max() == 0.0 and points.real.min() >= 0.0 and points.real.max() <= 1.0
    assert torch.equal(points[:, 0], points[:, 1]) and len(points[:, 0].real.unique()) > 32


def test_points_near_complex_samples_are_those_near_their_parts() -> None:
    x = torch.randn(6, 4, dtype=torch.complex128)
    u, a = torch.rand(6, 4, dtype=torch.complex128), torch.rand(6, dtype=torch.float64)
    parts = torch.view_as_real(x)
    right = near_real(parts, parts, torch.view_as_real(u), a)
    torch.testing.assert_close(torch.view_as_real(near_real(x, x, u, a)), right, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("shape", [(), (3,), (5, 3), (2, 3, 4), (2, 3, 2, 2), (2, 3, 2, 2, 2)])
def test_samples_of_any_number_of_dimensions_have_norms(shape: tuple[int, ...]) -> None:
    points = batch(4, *shape)

    def bowl(x: Tensor) -> Tensor:
        return 0.5 * x.reshape(4, -1).square().sum(1)

    expected = np.linalg.norm(points.numpy().reshape(4, -1), axis=1)
    np.testing.assert_allclose(gradient_norm_at(bowl, points).detach().numpy(), expected, rtol=1e-9)


def test_samples_keep_their_graph_and_their_layout_does_not_matter() -> None:
    critic, real = smooth_mlp(), batch(4, 3).requires_grad_()
    fake = (2.0 * batch(3, 4, seed=1).requires_grad_()).T
    found = gradient_penalty(critic, real, fake, at=on_fake)
    right = gradient_penalty(critic, real.detach(), fake.detach().contiguous(), at=on_fake)
    assert found.item() == pytest.approx(right.item(), rel=1e-12)
    found.backward()
    assert real.requires_grad and fake.requires_grad and real.grad is None


@pytest.mark.parametrize(
    ("real", "fake", "word"),
    [
        (torch.zeros(4, 3, dtype=torch.int64), torch.zeros(4, 3), "int64"),
        (torch.zeros(4, 3), torch.zeros(4, 3, dtype=torch.bool), "bool"),
        (torch.zeros(0, 3), torch.zeros(0, 3), r"\[0, 3\]"),
        (torch.zeros(()), torch.zeros(()), r"\[\]"),
        (torch.zeros(4, 3), torch.zeros(2, 3), r"\[4, 3\].*\[2, 3\]"),
        (torch.zeros(4, 3), torch.zeros(1, 3), r"\[4, 3\].*\[1, 3\]"),
        (torch.zeros(4, 3), torch.zeros(4, 3, 1), r"\[4, 3\].*\[4, 3, 1\]"),
        (torch.zeros(4, 3), torch.zeros(4, 3, device="meta"), "meta"),
        ([torch.zeros(4, 3)], torch.zeros(4, 3), "list"),
        (np.zeros((4, 3)), torch.zeros(4, 3), "ndarray"),
    ],
)
def test_samples_that_do_not_fit_are_refused_in_one_line(real: Any, fake: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word) as error:
        gradient_penalty(lambda x: x.flatten(1).sum(1), real, fake)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("critic", "word"),
    [
        (lambda x: smooth_mlp()(x).detach(), "no graph"),
        (torch.no_grad()(lambda x: smooth_mlp()(x)), "no graph"),
        (lambda x: smooth_mlp()(torch.ones_like(x)), "do not depend"),
        (lambda x: x.flatten(1)[:, :2], r"\[4, 2\] for 4 samples"),
        (lambda x: x.sum(), r"\[\] for 4 samples"),
        (lambda x: {"logit": x}, "'score'"),
    ],
)
def test_critics_whose_scores_have_no_gradient_are_refused(critic: Callable[[Tensor], Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        r1_penalty(critic, batch(4, 3))


def test_a_wrong_name_of_what_patches_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="mean, sum"):
        r1_penalty(smooth_mlp(), batch(4, 3), patches="all")  # type: ignore[arg-type]


def test_every_parameter_of_the_critic_gets_a_gradient_and_those_of_the_formula_are_unchanged() -> None:
    critic, real = smooth_mlp(), batch(4, 3)
    r1_penalty(critic, real).backward()
    found = [parameter.grad for parameter in critic.parameters()]
    points = real.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    right = torch.autograd.grad(5.0 * (slope.square().sum(1)).mean(), list(critic.parameters()), allow_unused=True)
    assert right[-1] is None and torch.equal(found[-1], torch.zeros(1, dtype=torch.float64))
    assert_same(found[:-1], list(right[:-1]), 1e-8)


def test_scores_that_overflow_do_not_reach_a_penalty_that_does_not() -> None:
    weight = torch.ones(3, requires_grad=True)
    penalty = r1_penalty(lambda x: (x @ weight) + torch.tensor([float("inf"), 0.0]), torch.zeros(2, 3))
    penalty.backward()
    assert penalty.item() == pytest.approx(15.0) and weight.grad.tolist() == pytest.approx([10.0] * 3)


def test_penalties_are_right_inside_function_transforms_and_with_critics_made_of_them() -> None:
    critic, real = smooth_mlp(), batch(4, 3)
    right = r1_penalty(critic, real)
    wanted = parameter_gradients(right, critic)
    parameters = {name: parameter.detach() for name, parameter in critic.named_parameters()}

    def penalty(parameters: dict[str, Tensor]) -> Tensor:
        return r1_penalty(lambda x: torch.func.functional_call(critic, parameters, x), real)

    assert_same(list(torch.func.grad(penalty)(parameters).values()), wanted)
    mapped = r1_penalty(torch.vmap(lambda row: critic(row[None])[0, 0]), real)
    assert_same(parameter_gradients(mapped, critic), wanted)
    by_row = torch.vmap(lambda row: gradient_norm_at(critic, row[None])[0])(real)
    torch.testing.assert_close(by_row, gradient_norm_at(critic, real))


def test_batch_norm_in_the_critic_is_warned_of_once() -> None:
    critic = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
    with pytest.warns(UserWarning, match="batch norm") as caught:
        r1_penalty(lambda x: critic(x), batch(4, 3))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        r1_penalty(critic, batch(4, 3))
        r1_penalty(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double().eval(), batch(4, 3))


def test_norms_from_scores_need_one_a_sample_and_a_graph() -> None:
    samples = batch(4, 3)
    with pytest.raises(ValueError, match="no graph"):
        input_gradient_norm(smooth_mlp()(samples), samples)
    samples.requires_grad_()
    with pytest.raises(ValueError, match=r"\[4, 3\] for 4 samples"):
        input_gradient_norm(samples, samples)


def test_path_lengths_reach_every_parameter_and_refuse_random_numbers_that_would_be_broadcast() -> None:
    generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Unflatten(1, (1, 2, 2))).double()

    def images(z: Tensor, labels: Tensor | None) -> Tensor:
        return generator(z)

    path_lengths(images, batch(5, 3), None, batch(5, 1, 2, 2)).sum().backward()
    assert all(parameter.grad is not None for parameter in generator.parameters())
    with pytest.raises(ValueError, match=r"\[1, 1, 2, 2\].*\[5, 1, 2, 2\]"):
        path_lengths(images, batch(5, 3), None, batch(1, 1, 2, 2))

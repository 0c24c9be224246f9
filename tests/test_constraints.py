"""Weight clipping: what is clipped, to what, and what is left alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.constraints import WeightClip, clip_weights
from steadygan.errors import UsageError


def critic_with_norms() -> nn.Sequential:
    critic = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.GroupNorm(1, 4), nn.Flatten(), nn.Linear(16, 1)
    )
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.add_(torch.randn_like(parameter))
    critic(torch.randn(8, 1, 4, 4) + 5.0)  # running statistics away from their start
    return critic


def test_clipping_is_numpys_clip_in_place() -> None:
    parameters = [nn.Parameter(torch.randn(3, 4)), nn.Parameter(torch.randn(5))]
    expected = [np.clip(p.detach().numpy().copy(), -0.3, 0.3) for p in parameters]
    addresses = [p.data_ptr() for p in parameters]
    clip_weights(parameters, 0.3)
    for parameter, clipped, address in zip(parameters, expected, addresses, strict=True):
        np.testing.assert_array_equal(parameter.detach().numpy(), clipped.astype(np.float32))
        assert parameter.data_ptr() == address and parameter.requires_grad and parameter.grad_fn is None


def test_clipping_twice_is_clipping_once() -> None:
    (parameter,) = parameters = [nn.Parameter(torch.randn(50))]
    clip_weights(parameters, 0.1)
    once = parameter.detach().clone()
    clip_weights(parameters, 0.1)
    assert torch.equal(parameter, once)


def test_clipping_takes_any_iterable_and_none_at_all() -> None:
    layer = nn.Linear(3, 3)
    clip_weights(layer.parameters(), 0.01)
    assert max(p.abs().max().item() for p in layer.parameters()) <= 0.01 + 1e-9
    clip_weights([], 0.01)


def test_all_parameters_are_clipped_scales_and_offsets_of_norms_included_and_no_statistics() -> None:
    critic = critic_with_norms()
    statistics = {name: buffer.clone() for name, buffer in critic.named_buffers()}
    clip = WeightClip(0.01)
    clip.apply(clip.targets(critic))
    for parameter in critic.parameters():
        assert parameter.abs().max().item() <= np.float32(0.01)
    for name, buffer in critic.named_buffers():
        assert torch.equal(buffer, statistics[name])


def test_a_batch_norm_scale_of_one_becomes_the_limit() -> None:
    critic = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    clip = WeightClip()
    clip.apply(clip.targets(critic))
    torch.testing.assert_close(critic[1].weight.detach(), torch.full((3,), 0.01))


def test_norms_can_be_spared() -> None:
    critic = critic_with_norms()
    before = copy.deepcopy(critic)
    clip = WeightClip(0.01, spare_norms=True)
    clip.apply(clip.targets(critic))
    for index in (1, 3):
        assert torch.equal(critic[index].weight, before[index].weight)
        assert torch.equal(critic[index].bias, before[index].bias)
    for index in (0, 5):
        for parameter in critic[index].parameters():
            assert parameter.abs().max().item() <= np.float32(0.01)


def test_the_norm_layers_of_our_own_critics_are_spared_too() -> None:
    from steadygan.networks import DCGANCritic
    from steadygan.types import SampleSpec

    for norm in ("batch", "layer", "instance"):
        critic = DCGANCritic(width=8, norm=norm).build(SampleSpec((1, 16, 16)))
        spared = {id(p) for p in critic.parameters()}
        spared -= {id(p) for p in WeightClip(spare_norms=True).targets(critic)}
        names = {name for name, p in critic.named_parameters() if id(p) in spared}
        assert names, norm
        assert all(p.dim() == 1 for name, p in critic.named_parameters() if name in names)
        kernels = {name for name, p in critic.named_parameters() if p.dim() > 1}
        assert not kernels & names


def test_no_parameter_is_above_the_limit_after_an_optimizer_step_and_the_clip() -> None:
    critic = nn.Linear(4, 1)
    optimizer = torch.optim.RMSprop(critic.parameters(), lr=0.5)
    clip = WeightClip(0.01)
    targets = clip.targets(critic)
    for _ in range(3):
        optimizer.zero_grad()
        critic(torch.randn(8, 4)).mean().backward()
        optimizer.step()
        clip.apply(targets)
        assert max(p.abs().max().item() for p in critic.parameters()) <= np.float32(0.01)


def test_clipping_is_after_the_step_unless_asked_otherwise() -> None:
    assert WeightClip().when == "after" and WeightClip().limit == 0.01 and not WeightClip().spare_norms
    assert WeightClip(when="before").when == "before"


@pytest.mark.parametrize("limit", [0.0, -0.01, float("nan"), float("inf")])
def test_a_limit_out_of_range_is_refused(limit: float) -> None:
    with pytest.raises(UsageError, match=r"WeightClip.limit"):
        WeightClip(limit)
    with pytest.raises(UsageError, match=r"^limit is"):
        clip_weights([torch.ones(2)], limit)


def test_a_wrong_moment_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(UsageError, match=r"'later'; allowed: after, before"):
        WeightClip(when="later")  # type: ignore[arg-type]

"""Counted operations against closed forms."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from benchmarks.speed.cases import POINTS, Case
from benchmarks.speed.flops import count, operations, product
from benchmarks.speed.library import builder_of, draws_of
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.recipes import wgan_gp

CPU = torch.device("cpu")
BATCH, WIDTH = 8, 16


def counted(depth, activation):
    recipe = dataclasses.replace(
        wgan_gp(POINTS),
        generator=MLPGenerator(width=WIDTH, depth=1),
        critic=MLPCritic(width=WIDTH, depth=depth, activation=activation),
        batch=BATCH,
    )
    case = Case("tiny", "tiny", POINTS, recipe)
    return of_round(case, "fp32")


def of_round(case, precision):
    builder = builder_of(case, precision, CPU)
    return operations(builder.build(), draws_of(builder)[0])


def layer(inputs, outputs):
    return 2 * BATCH * inputs * outputs


def critic_step(first, middle, last, walks_back):
    """10 for a layer in the middle: real and fake forward 2, gradients in weights 2 and in inputs 2; the points forward
    and their slope 2, the slope's gradient in weights 1 and in what came in 1. The first layer needs no gradient in its
    inputs, of the slope's none in what comes into the last one. Where the second derivative walks the forward graph it
    adds 2 from the last activation on, and not into the points."""
    return 8 * first + 10 * middle + 9 * last + walks_back * (first + 2 * middle)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize(("activation", "walks_back"), [("relu", False), ("leaky_relu", False), ("tanh", True)])
def test_a_round_of_a_small_critic_has_the_operations_of_the_closed_form(depth, activation, walks_back):
    first, middle, last = layer(2, WIDTH), (depth - 1) * layer(WIDTH, WIDTH), layer(WIDTH, 1)
    forward, step = first + middle + last, critic_step(first, middle, last, walks_back)
    into, out = layer(2, WIDTH), layer(WIDTH, 2)  # of the generator
    made = 2 * (into + out) + out + 2 * forward  # forward and weights; inputs of its last layer; through the critic
    found = counted(depth, activation)
    assert found.critic_forward == forward
    assert found.equivalents * forward == pytest.approx(step)
    assert found.round == 5 * (step + into + out) + made


def test_wide_critics_cost_ten_forward_passes_a_step_and_twelve_where_the_second_derivative_walks_back():
    wide = dataclasses.replace(wgan_gp(POINTS), batch=BATCH)
    for activation, passes in (("relu", 10), ("tanh", 12)):
        case = Case("w", "w", POINTS, dataclasses.replace(wide, critic=MLPCritic(512, activation=activation)))
        assert of_round(case, "bf16").equivalents == pytest.approx(passes, rel=0.01)


def test_a_convolution_and_its_gradients_are_counted():
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    conv = torch.nn.Conv2d(3, 5, 3, padding=1)
    once = 2 * 2 * 5 * 8 * 8 * 3 * 9
    assert count(lambda: conv(x)) == once
    assert count(lambda: conv(x).sum().backward()) == 3 * once


@pytest.mark.parametrize("groups", [2, 4])
def test_a_grouped_convolution_and_a_transposed_one_cost_as_many_forward_as_each_gradient(groups):
    x = torch.randn(2, 4, 8, 8, requires_grad=True)
    conv = torch.nn.Conv2d(4, 12, 3, padding=1, groups=groups)
    once = 2 * 2 * 12 * 8 * 8 * (4 // groups) * 9
    assert count(lambda: conv(x)) == once
    assert count(lambda: conv(x).sum().backward()) == 3 * once
    back = torch.nn.ConvTranspose2d(4, 12, 4, 2, 1, groups=groups)
    once = 2 * 2 * 4 * 8 * 8 * (12 // groups) * 16  # from each place of the inputs into each of the 16 weights
    assert count(lambda: back(x)) == once
    assert count(lambda: back(x).sum().backward()) == 3 * once


def test_a_matrix_product_is_a_sum_of_products():
    beside = product("bf16", CPU, side=16)
    assert beside.operations == count(beside.run) == 2 * 16**3

"""The running average of weights: its half-life, its ramp, and batch-norm statistics taken anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from steadygan.ema import Average, half_life_of, reestimate_statistics, update_average
from steadygan.errors import UsageError
from steadygan.networks import BigGANGenerator
from steadygan.networks.layers.own import OwnGenerator
from steadygan.recipe import Recipe, fitted
from steadygan.recipes import RECIPES
from steadygan.schedules import Constant, Cosine, LinearDecay
from steadygan.timeline import Replan
from steadygan.types import SampleSpec


@given(batch=st.integers(1, 4096), half_life=st.floats(100, 1e6))
def test_an_influence_halves_over_a_half_life_of_samples(batch: int, half_life: float) -> None:
    decay = Average(half_life, ramp=None).decay(batch, seen=10**9)
    assert decay ** (half_life / batch) == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("batch", [1, 10, 100])
def test_a_constant_generator_is_reached_half_way_after_a_half_life(batch: int) -> None:
    averaged, current = [torch.zeros(3), torch.zeros(2, 2)], [torch.ones(3), 4 * torch.ones(2, 2)]
    decay = Average(1000.0, ramp=None).decay(batch, seen=0)
    for _ in range(1000 // batch):
        update_average(averaged, current, decay)
    torch.testing.assert_close(averaged[0], torch.full((3,), 0.5), rtol=1e-4, atol=0.0)
    torch.testing.assert_close(averaged[1], torch.full((2, 2), 2.0), rtol=1e-4, atol=0.0)


def test_the_average_is_the_weighted_sum_of_all_that_was_seen() -> None:
    history = torch.randn(6, 4)
    averaged = [torch.randn(4)]
    expected = averaged[0].double().numpy()
    for weights in history:
        expected = 0.8 * expected + 0.2 * weights.double().numpy()
        update_average(averaged, [weights], 0.8)
    np.testing.assert_allclose(averaged[0].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_current_weights_stay_as_they_are_and_the_average_stays_in_place() -> None:
    averaged, current = [torch.zeros(3)], [nn.Parameter(torch.ones(3))]
    address = averaged[0].data_ptr()
    update_average(averaged, current, 0.5)
    assert averaged[0].data_ptr() == address and not averaged[0].requires_grad
    assert torch.equal(current[0], torch.ones(3))


def test_a_generator_without_parameters_has_nothing_to_average() -> None:
    update_average([], [], 0.9)


def test_parameters_of_another_dtype_are_averaged_in_the_averages_own_and_counters_are_copied() -> None:
    averaged, current = nn.BatchNorm1d(2).double(), nn.BatchNorm1d(2).half()
    current(torch.randn(4, 2).half())
    update_average(averaged.state_dict().values(), current.state_dict().values(), 0.75)
    assert averaged.num_batches_tracked == 1
    expected = 0.25 * current.running_mean.double()
    torch.testing.assert_close(averaged.running_mean, expected)  # type: ignore[arg-type]
    update_average(averaged.parameters(), current.parameters(), 0.0)
    assert all(torch.equal(a, c.double()) for a, c in zip(averaged.parameters(), current.parameters(), strict=True))


@pytest.mark.parametrize(
    ("average", "current", "decay", "word"),
    [
        ([torch.zeros(4, 3)], [torch.ones(3)], 0.9, "beside"),
        ([torch.zeros(3)], [torch.ones(3), torch.ones(3)], 0.9, "1 tensors"),
        (nn.Linear(2, 2), nn.Linear(2, 2), 0.9, "Linear"),
        (nn.Linear(2, 2).state_dict(), nn.Linear(2, 2).state_dict(), 0.9, "OrderedDict"),
        ([torch.zeros(3)], [torch.ones(3)], 1.5, "decay"),
    ],
)
def test_what_does_not_pair_is_no_average(average: Any, current: Any, decay: float, word: str) -> None:
    with pytest.raises(UsageError, match=word) as error:
        update_average(average, current, decay)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.2])
def test_a_decay_that_never_halves_an_influence_has_no_half_life(decay: float) -> None:
    with pytest.raises(UsageError, match="decay"):
        half_life_of(decay, 64)


@pytest.mark.parametrize("seen", [64, 1000, 100_000, 10_000_000])
def test_the_half_life_is_at_most_a_share_of_the_samples_seen(seen: int) -> None:
    decay = Average(half_life=10_000, ramp=0.05).decay(64, seen)
    assert decay == pytest.approx(0.5 ** (64 / min(10_000, 0.05 * seen)), rel=1e-12)


@given(seen=st.integers(0, 10**7), more=st.integers(0, 10**7))
def test_the_average_grows_slower_and_slower_up_to_its_half_life(seen: int, more: int) -> None:
    average = Average()
    assert 0.0 <= average.decay(64, seen) <= average.decay(64, seen + more) <= 0.5 ** (64 / average.half_life)


@pytest.mark.parametrize("average", [Average(half_life=0.0), Average(half_life=0.0, ramp=None)])
def test_a_half_life_of_zero_is_the_current_generator(average: Average) -> None:
    assert average.decay(64, 10_000) == 0.0
    averaged, current = [torch.zeros(3)], [torch.randn(3)]
    update_average(averaged, current, average.decay(64, 10_000))
    assert torch.equal(averaged[0], current[0])


def test_before_any_sample_the_average_is_the_current_generator() -> None:
    assert Average().decay(64, seen=0) == 0.0


def test_before_its_start_the_average_is_the_present_generator() -> None:
    """BigGAN's code: weights are copied up to round 1,000, and averaged with 0.9999 from then on."""
    average = Average(half_life_of(0.9999, 50), ramp=None, start=3)
    averaged = [torch.zeros(2)]
    for round_ in range(3):
        update_average(averaged, [torch.full((2,), 0.1 + round_)], average.decay(50, 50 * (round_ + 1), round_))
        assert torch.equal(averaged[0], torch.full((2,), 0.1 + round_))
    assert average.decay(50, 200, 3) == pytest.approx(0.9999, rel=1e-12)


def test_a_half_life_of_a_decay_keeps_that_decay_at_each_step() -> None:
    """0.9999 halves in 6,931 steps."""
    assert half_life_of(0.9999, 1) == pytest.approx(6931.1, abs=0.1)
    assert Average(half_life_of(0.9999, 64), ramp=None).decay(64, 10**9) == pytest.approx(0.9999, rel=1e-12)


def test_the_start_moves_with_the_length_of_the_run() -> None:
    recipe = RECIPES["biggan"](SampleSpec((3, 32, 32), 10))
    assert (recipe.rounds, recipe.average.start, fitted(recipe, 500).average.start) == (100_000, 1_000, 5)
    with pytest.raises(UsageError, match="start"):
        Average(start=-1)


@pytest.mark.parametrize("half_life", [-1.0, float("nan")])
def test_a_half_life_below_zero_is_refused(half_life: float) -> None:
    with pytest.raises(UsageError, match=r"Average.half_life"):
        Average(half_life)


@pytest.mark.parametrize("ramp", [-0.05, float("nan")])
def test_a_ramp_below_zero_is_refused(ramp: float) -> None:
    with pytest.raises(UsageError, match=r"Average.ramp"):
        Average(ramp=ramp)


@pytest.mark.parametrize("average", [Average(Cosine(900, 0.0, 5e4), ramp=None), Average(LinearDecay(900, 1e4, 2e4))])
def test_scheduled_half_lives_forget_as_much_in_a_run_that_became_shorter_as_was_planned(average: Average) -> None:
    """From round 300 on, 600 planned rounds in 200: the halvings that pass are the same, by the sum over either."""

    def halvings(recipe: Recipe, start: int, end: int) -> float:
        decays = (average.decay(64, 10**9, recipe.position(r), recipe.pace(r)) for r in range(start, end))
        return sum(-math.log2(beta) for beta in decays)

    planned = halvings(Recipe(rounds=900), 300, 900)
    shorter = halvings(Recipe(rounds=500, replans=(Replan(300, 900, 500),)), 300, 500)
    longer = halvings(Recipe(rounds=2_100, replans=(Replan(300, 900, 2_100),)), 300, 2_100)
    assert shorter == pytest.approx(planned, rel=0.01)
    assert longer == pytest.approx(planned, rel=0.01)


def test_a_half_life_of_one_number_stays_where_a_ramp_limits_it() -> None:
    assert Average(1e4).decay(64, 10**9, 5, 3.0) == Average(1e4).decay(64, 10**9, 5) == 0.5 ** (64 / 1e4)


@pytest.mark.parametrize(("pace", "half_life"), [(2.0, 5e3), (0.5, 1e4)])
def test_without_a_ramp_it_is_shortened_with_the_run(pace: float, half_life: float) -> None:
    assert Average(1e4, ramp=None).decay(64, 10**9, 5, pace) == pytest.approx(0.5 ** (64 / half_life), rel=1e-12)


class Generator(nn.Module):
    """Two batch norms, the second on what the first has normalised; labels shift the samples."""

    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.norm = nn.BatchNorm1d(8, momentum=momentum)
        self.second = nn.ConvTranspose2d(2, 3, 2, stride=2)
        self.image_norm = nn.BatchNorm2d(3, momentum=momentum)

    def hidden(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        hidden = self.first(latents)
        return hidden if labels is None else hidden + labels[:, None].to(hidden.dtype)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        hidden = self.norm(self.hidden(latents, labels)).relu().reshape(-1, 2, 2, 2)
        return torch.tanh(self.image_norm(self.second(hidden)))


def batches(labelled: bool) -> list[tuple[Tensor, Tensor | None]]:
    random = torch.Generator().manual_seed(1)
    return [
        (torch.randn(n, 3, generator=random), torch.randint(0, 5, (n,), generator=random) if labelled else None)
        for n in (16, 16, 16, 9)
    ]


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_statistics_are_the_mean_over_batches_of_each_batchs_own(labelled: bool, momentum: float | None) -> None:
    generator = Generator(momentum).eval()
    latents = batches(labelled)
    means, variances, image_means, image_variances = [], [], [], []
    with torch.no_grad():
        for batch, labels in latents:
            hidden = generator.hidden(batch, labels).double().numpy()
            means.append(hidden.mean(0))
            variances.append(hidden.var(0, ddof=1))
            normal = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + generator.norm.eps)
            normal = np.maximum(normal, 0).reshape(-1, 2, 2, 2)
            images = generator.second(torch.from_numpy(normal).float()).double().numpy()
            image_means.append(images.mean((0, 2, 3)))
            image_variances.append(images.var((0, 2, 3), ddof=1))
    generator.norm.running_mean.fill_(77.0)  # of other weights
    reestimate_statistics(generator, latents)
    for got, expected in (
        (generator.norm.running_mean, means),
        (generator.norm.running_var, variances),
        (generator.image_norm.running_mean, image_means),
        (generator.image_norm.running_var, image_variances),
    ):
        np.testing.assert_allclose(got.numpy(), np.mean(expected, axis=0), rtol=1e-4, atol=1e-5)


def test_statistics_taken_twice_are_the_same() -> None:
    generator = Generator().eval()
    reestimate_statistics(generator, batches(True))
    once = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    reestimate_statistics(generator, iter(batches(True)))
    assert all(torch.equal(buffer, once[name]) for name, buffer in generator.named_buffers())


@pytest.mark.parametrize("training", [True, False])
def test_taking_statistics_leaves_weights_modes_and_momentum_as_they_were(training: bool) -> None:
    generator = Generator(momentum=0.3).train(training)
    weights = {name: parameter.clone() for name, parameter in generator.named_parameters()}
    reestimate_statistics(generator, batches(False))
    assert all(torch.equal(parameter, weights[name]) for name, parameter in generator.named_parameters())
    assert all(module.training == training for module in generator.modules())
    assert generator.norm.momentum == 0.3 and generator.image_norm.momentum == 0.3
    assert all(parameter.grad is None for parameter in generator.parameters())


def test_modes_and_momentum_come_back_after_an_error() -> None:
    generator = Generator(momentum=0.3).eval()
    with pytest.raises(RuntimeError):
        reestimate_statistics(generator, [(torch.randn(4, 99), None)])
    assert not generator.training and generator.norm.momentum == 0.3


@pytest.mark.parametrize("latents", [[], [(torch.randn(4, 99), None)]])
def test_statistics_of_no_samples_are_not_left_in_place_of_those_before(latents: Any) -> None:
    generator = Generator()
    reestimate_statistics(generator, batches(False))
    before = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    with pytest.raises((UsageError, RuntimeError)):
        reestimate_statistics(generator, latents)
    assert all(torch.equal(buffer, before[name]) for name, buffer in generator.named_buffers())


class Follower(nn.Module):
    """A norm, and a mean that each forward puts in the place of the one before."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, latents: Tensor) -> Tensor:
        normal: Tensor = self.norm(latents)
        self.mean = 0.9 * self.mean + 0.1 * latents.mean(0)
        return normal - self.mean


@pytest.mark.parametrize("wrapped", [True, False])
def test_taking_statistics_puts_back_a_buffer_that_a_forward_has_replaced(wrapped: bool) -> None:
    follower = Follower().eval()
    mean = follower.mean
    generator = OwnGenerator(follower, "follower", None, (3,)) if wrapped else Unlabelled(follower)
    reestimate_statistics(generator, batches(False))
    assert follower.mean is mean and torch.equal(mean, torch.zeros(3))
    assert follower.norm.running_mean is not None and follower.norm.running_mean.abs().max() > 0


class Unlabelled(nn.Sequential):
    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        made: Tensor = super().forward(latents)
        return made


def test_taking_statistics_moves_no_spectral_norm_within_a_batch_norm() -> None:
    generator = BigGANGenerator(width=4, shared=4).build(SampleSpec((3, 32, 32), classes=3), 20).eval()
    vectors = {name: buffer.clone() for name, buffer in generator.named_buffers() if name.endswith((".u", ".v"))}
    assert any(".scale." in name for name in vectors)
    reestimate_statistics(generator, [(torch.randn(4, 20), torch.tensor([0, 1, 2, 0]))])
    moved = [name for name, buffer in generator.named_buffers() if name in vectors and not buffer.equal(vectors[name])]
    assert not moved and not any(module.training for module in generator.modules())


def test_a_generator_without_batch_norm_is_not_even_run() -> None:
    class Watched(nn.Linear):
        def forward(self, *_: Callable[..., Tensor]) -> Tensor:
            raise AssertionError

    reestimate_statistics(Watched(3, 2), batches(False))


def test_one_batch_in_evaluation_then_equals_that_batch_in_training() -> None:
    generator = Generator()
    latents = torch.randn(4096, 3)
    with torch.no_grad():
        trained = generator(latents)
        reestimate_statistics(generator, [(latents, None)])
        evaluated = generator.eval()(latents)
    torch.testing.assert_close(trained, evaluated, rtol=1e-2, atol=1e-3)  # var over n against n - 1


# --- the length of a run


def rounds_in_the_average(average: Average, batch: int, rounds: int) -> tuple[float, float]:
    """Mean round of the final average as a share of the run, and the weight of the first tenth, update by update."""
    weights = np.zeros(rounds)
    for round_ in range(rounds):
        beta = average.decay(batch, batch * (round_ + 1), round_)
        weights *= beta
        weights[round_] = 1 - beta
    weights[0] += 1 - weights.sum()  # what is left of the initial weights
    return float(weights @ np.arange(rounds)) / rounds, float(weights[: max(1, rounds // 10)].sum())


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("rounds", [10, 200, 3_000])
def test_the_average_of_a_run_of_any_length_lies_in_its_second_half(name: str, rounds: int) -> None:
    recipe = RECIPES[name](SampleSpec((64, 32)) if name.startswith("text") else SampleSpec((3, 32, 32), 10))
    short = fitted(recipe, rounds)
    average = short.average.within(short.fakes * short.generator_steps, rounds)
    mean, beginning = rounds_in_the_average(average, short.fakes, rounds)
    assert mean > 0.6
    assert beginning < 0.011


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_its_own_length_keeps_its_average(name: str) -> None:
    recipe = RECIPES[name](SampleSpec((64, 32)) if name.startswith("text") else SampleSpec((3, 32, 32), 10))
    assert fitted(recipe, recipe.rounds) == recipe
    assert recipe.average.within(recipe.fakes * recipe.generator_steps, recipe.rounds) == recipe.average


@pytest.mark.parametrize(
    "average",
    [
        Average(1e6, ramp=None),
        Average(1e12, ramp=10.0),
        Average(LinearDecay(50, 1e5, 1e7), ramp=None),
        Average(Cosine(400, 0.0, 5e6), ramp=None),
        Average(Constant(3e5), ramp=2.0),
    ],
)
@pytest.mark.parametrize("rounds", [50, 400])
def test_a_half_life_too_long_for_a_run_is_shortened_until_its_first_tenth_is_forgotten(
    average: Average, rounds: int
) -> None:
    shortened = average.within(64, rounds)
    assert shortened != average
    _, beginning = rounds_in_the_average(shortened, 64, rounds)
    assert 0.005 < beginning < 0.0101
    assert shortened.within(64, rounds) == shortened


def test_the_number_of_half_lives_is_that_of_the_closed_form() -> None:
    assert Average(1000.0, ramp=None).half_lives(10, 300, 700) == pytest.approx(4.0)
    ramped = Average(1e9, ramp=0.05).half_lives(10, 1_000, 10_000)  # integral of 1 / (0.05 s) ds
    assert ramped == pytest.approx(20 * np.log(10), rel=1e-3)

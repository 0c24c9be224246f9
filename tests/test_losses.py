"""Losses against their closed forms, numpy in float64, finite differences and the symmetries of their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from steadygan import losses

Array = NDArray[np.float64]

NAMES = (
    "saturating",
    "non_saturating",
    "least_squares",
    "wasserstein",
    "hinge",
    "relativistic_paired",
    "relativistic_average",
    "relativistic_average_hinge",
)
RELATIVISTIC = ("relativistic_paired", "relativistic_average", "relativistic_average_hinge")
SMOOTH = tuple(name for name in NAMES if not name.endswith("hinge"))
SPECS = {
    "saturating": losses.Saturating(),
    "non_saturating": losses.NonSaturating(),
    "least_squares": losses.LeastSquares(),
    "wasserstein": losses.Wasserstein(),
    "hinge": losses.Hinge(),
    "relativistic_paired": losses.RelativisticPaired(),
    "relativistic_average": losses.RelativisticAverage(),
    "relativistic_average_hinge": losses.RelativisticAverageHinge(),
}


def critic_loss(name: str) -> Callable[..., torch.Tensor]:
    return getattr(losses, f"{name}_critic_loss")


def generator_loss(name: str) -> Callable[..., torch.Tensor]:
    return getattr(losses, f"{name}_generator_loss")


def sigmoid(v: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * v))


def log_sigmoid(v: Array) -> Array:
    return -np.logaddexp(0.0, -v)


def relu(v: Array) -> Array:
    return np.maximum(v, 0.0)


def expected_critic_loss(name: str, real: Array, fake: Array) -> float:
    """The papers' formulas, with log-sigmoids where they have logarithms of probabilities."""
    if name in ("saturating", "non_saturating"):
        return -log_sigmoid(real).mean() - log_sigmoid(-fake).mean()
    if name == "least_squares":
        return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
    if name == "wasserstein":
        return fake.mean() - real.mean()
    if name == "hinge":
        return relu(1 - real).mean() + relu(1 + fake).mean()
    if name == "relativistic_paired":
        return -np.mean([log_sigmoid(r - f) for r, f in zip(real, fake, strict=True)])
    if name == "relativistic_average_hinge":
        return relu(1 - (real - fake.mean())).mean() + relu(1 + (fake - real.mean())).mean()
    assert name == "relativistic_average"
    return -log_sigmoid(real - fake.mean()).mean() - log_sigmoid(-(fake - real.mean())).mean()


def expected_generator_loss(name: str, real: Array, fake: Array) -> float:
    if name == "saturating":
        return log_sigmoid(-fake).mean()
    if name == "non_saturating":
        return -log_sigmoid(fake).mean()
    if name == "least_squares":
        return ((fake - 1) ** 2).mean() / 2
    if name in ("wasserstein", "hinge"):
        return -fake.mean()
    return expected_critic_loss(name, real=fake, fake=real)


def random_scores(seed: int = 0, count: int = 7, spread: float = 3.0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return spread * rng.standard_normal(count) + 0.5, spread * rng.standard_normal(count) - 0.5


def scores(values: Array, requires_grad: bool = False) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=requires_grad)


def equal_scores(value: float, count: int = 5) -> torch.Tensor:
    return torch.full((count,), value, dtype=torch.float64)


paired_scores = st.lists(
    st.tuples(st.floats(-30, 30, allow_nan=False), st.floats(-30, 30, allow_nan=False)), min_size=1, max_size=12
).map(lambda pairs: tuple(np.array(column) for column in zip(*pairs, strict=True)))


@pytest.mark.parametrize(
    ("name", "score", "critic", "generator"),
    [
        ("saturating", 0.0, 2 * np.log(2), -np.log(2)),
        ("non_saturating", 0.0, 2 * np.log(2), np.log(2)),
        ("least_squares", 0.5, 0.25, 0.125),
        ("wasserstein", 0.7, 0.0, -0.7),
        ("hinge", 0.0, 2.0, 0.0),
        ("relativistic_paired", -3.0, np.log(2), np.log(2)),
        ("relativistic_average", 4.0, 2 * np.log(2), 2 * np.log(2)),
        ("relativistic_average_hinge", 4.0, 2.0, 2.0),
    ],
)
def test_a_critic_that_cannot_tell_gets_the_known_loss(
    name: str, score: float, critic: float, generator: float
) -> None:
    real, fake = equal_scores(score), equal_scores(score)
    assert critic_loss(name)(real, fake).item() == pytest.approx(critic, abs=1e-12)
    assert generator_loss(name)(fake, real).item() == pytest.approx(generator, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@given(pair=paired_scores)
def test_losses_equal_the_formulas_in_numpy(name: str, pair: tuple[Array, Array]) -> None:
    real, fake = pair
    critic = critic_loss(name)(scores(real), scores(fake))
    generator = generator_loss(name)(scores(fake), scores(real))
    # torch's softplus is the identity above 20, which leaves out exp(-20) = 2e-9
    assert critic.item() == pytest.approx(expected_critic_loss(name, real, fake), rel=1e-9, abs=5e-9)
    assert generator.item() == pytest.approx(expected_generator_loss(name, real, fake), rel=1e-9, abs=5e-9)


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_scalars_of_the_scores_own_precision(name: str) -> None:
    for dtype in (torch.float32, torch.float64):
        real, fake = torch.randn(4, dtype=dtype), torch.randn(4, dtype=dtype)
        for loss in (critic_loss(name)(real, fake), generator_loss(name)(fake, real)):
            assert loss.shape == () and loss.dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_gradients_equal_central_differences_of_the_formula(name: str) -> None:
    real, fake = random_scores(seed=1)
    torch_real, torch_fake = scores(real, True), scores(fake, True)
    from_critic = torch.autograd.grad(critic_loss(name)(torch_real, torch_fake), (torch_real, torch_fake))
    loss = generator_loss(name)(torch_fake, torch_real)
    (from_generator,) = torch.autograd.grad(loss, torch_fake)

    def slope_along(function: Callable[[Array, Array], float], which: int, index: int, step: float = 1e-6) -> float:
        values = []
        for sign in (1, -1):
            moved = [real.copy(), fake.copy()]
            moved[which][index] += sign * step
            values.append(function(*moved))
        return (values[0] - values[1]) / (2 * step)

    for index in range(len(real)):
        for which in (0, 1):
            expected = slope_along(lambda r, f: expected_critic_loss(name, r, f), which, index)
            assert from_critic[which][index].item() == pytest.approx(expected, abs=1e-8)
        expected = slope_along(lambda r, f: expected_generator_loss(name, r, f), 1, index)
        assert from_generator[index].item() == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives_are_right_where_the_loss_is_smooth(name: str) -> None:
    real, fake = (scores(values, True) for values in random_scores(seed=2, count=4))
    assert torch.autograd.gradgradcheck(critic_loss(name), (real, fake))
    assert torch.autograd.gradgradcheck(lambda f: generator_loss(name)(f, real.detach()), (fake,))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("real_score", [-1e4, 1e4])
@pytest.mark.parametrize("fake_score", [-1e4, 1e4])
def test_extreme_scores_keep_losses_and_gradients_finite(name: str, real_score: float, fake_score: float) -> None:
    real = torch.full((3,), real_score, requires_grad=True)
    fake = torch.full((3,), fake_score, requires_grad=True)
    loss = critic_loss(name)(real, fake) + generator_loss(name)(fake, real)
    gradients = torch.autograd.grad(loss, (real, fake), allow_unused=True)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(g).all() for g in gradients if g is not None)


def test_logistic_losses_equal_torchs_cross_entropy_with_logits() -> None:
    real, fake = (scores(values) for values in random_scores(seed=3))
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    expected = entropy(real, torch.ones_like(real)) + entropy(fake, torch.zeros_like(fake))
    assert losses.non_saturating_critic_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-12)
    smoothed = entropy(real, torch.full_like(real, 0.9)) + entropy(fake, torch.zeros_like(fake))
    got = losses.non_saturating_critic_loss(real, fake, real_label=0.9)
    assert got.item() == pytest.approx(smoothed.item(), rel=1e-12)
    expected = entropy(fake, torch.ones_like(fake))
    assert losses.non_saturating_generator_loss(fake).item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("name", ["saturating", "non_saturating"])
@given(pair=paired_scores, label=st.floats(0.05, 1.0))
def test_label_smoothing_is_cross_entropy_with_a_softer_real_label(
    name: str, pair: tuple[Array, Array], label: float
) -> None:
    real, fake = pair
    on_real = -(label * log_sigmoid(real) + (1 - label) * log_sigmoid(-real)).mean()
    expected = on_real - log_sigmoid(-fake).mean()
    got = critic_loss(name)(scores(real), scores(fake), real_label=label)
    assert got.item() == pytest.approx(expected, rel=1e-9, abs=5e-9)


def test_label_smoothing_pulls_real_scores_to_the_labels_log_odds_and_leaves_fakes_alone() -> None:
    real = scores(np.full(3, np.log(0.9 / 0.1)), True)
    fake = scores(np.array([-1.0, 0.0, 2.0]), True)
    smoothed = losses.non_saturating_critic_loss(real, fake, real_label=0.9)
    on_real, on_fake = torch.autograd.grad(smoothed, (real, fake))
    assert on_real.abs().max().item() < 1e-12
    np.testing.assert_allclose(on_fake.numpy(), sigmoid(np.array([-1.0, 0.0, 2.0])) / 3, rtol=1e-12)


def test_a_confident_critic_gives_the_saturating_generator_no_gradient_and_the_other_one_does_learn() -> None:
    fake = scores(np.array([-20.0]), True)
    (starved,) = torch.autograd.grad(losses.saturating_generator_loss(fake), fake)
    (fed,) = torch.autograd.grad(losses.non_saturating_generator_loss(fake), fake)
    assert abs(starved.item()) < 1e-8
    assert fed.item() == pytest.approx(-1.0, abs=1e-8)


@pytest.mark.parametrize(("a", "b", "c"), [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0), (0.2, 0.9, 0.4)])
def test_least_squares_takes_any_three_targets(a: float, b: float, c: float) -> None:
    real, fake = random_scores(seed=4)
    spec = losses.LeastSquares(fake_target=a, real_target=b, generator_target=c)
    critic = ((real - b) ** 2).mean() / 2 + ((fake - a) ** 2).mean() / 2
    generator = ((fake - c) ** 2).mean() / 2
    assert spec.critic(scores(real), scores(fake)).item() == pytest.approx(critic, rel=1e-12)
    assert spec.generator(scores(fake)).item() == pytest.approx(generator, rel=1e-12)
    assert losses.least_squares_critic_loss(scores(real), scores(fake), a, b).item() == pytest.approx(critic)
    assert losses.least_squares_generator_loss(scores(fake), generator_target=c).item() == pytest.approx(generator)


def test_smoothed_least_squares_pulls_real_scores_to_the_label() -> None:
    real, fake = random_scores(seed=5)
    expected = ((real - 0.9) ** 2).mean() / 2 + (fake**2).mean() / 2
    got = losses.LeastSquares().critic(scores(real), scores(fake), real_label=0.9)
    assert got.item() == pytest.approx(expected, rel=1e-12)


def test_hinge_asks_nothing_more_of_scores_beyond_the_margin() -> None:
    real = scores(np.array([1.5, 0.5, -2.0]), True)
    fake = scores(np.array([-1.5, -0.5, 2.0]), True)
    on_real, on_fake = torch.autograd.grad(losses.hinge_critic_loss(real, fake), (real, fake))
    np.testing.assert_allclose(on_real.numpy(), [0, -1 / 3, -1 / 3], atol=1e-15)
    np.testing.assert_allclose(on_fake.numpy(), [0, 1 / 3, 1 / 3], atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_real_is_high(name: str) -> None:
    high, low = equal_scores(1.0), equal_scores(-1.0)
    assert critic_loss(name)(high, low) < critic_loss(name)(low, high)
    assert generator_loss(name)(high, low) < generator_loss(name)(low, high)


@pytest.mark.parametrize("name", RELATIVISTIC)
@given(pair=paired_scores, shift=st.floats(-50, 50))
def test_relativistic_losses_see_differences_of_scores_only(name: str, pair: tuple[Array, Array], shift: float) -> None:
    real, fake = (scores(values) for values in pair)
    before = (critic_loss(name)(real, fake).item(), generator_loss(name)(fake, real).item())
    real, fake = real + shift, fake + shift
    after = (critic_loss(name)(real, fake).item(), generator_loss(name)(fake, real).item())
    assert after == pytest.approx(before, rel=1e-9, abs=5e-9)


@given(pair=paired_scores, shift=st.floats(-50, 50))
def test_a_shift_of_all_scores_moves_the_wasserstein_generator_loss_alone(
    pair: tuple[Array, Array], shift: float
) -> None:
    real, fake = (scores(values) for values in pair)
    critic = losses.wasserstein_critic_loss(real, fake).item()
    assert losses.wasserstein_critic_loss(real + shift, fake + shift).item() == pytest.approx(critic, abs=1e-11)
    generator = losses.wasserstein_generator_loss(fake).item()
    assert losses.wasserstein_generator_loss(fake + shift).item() == pytest.approx(generator - shift, abs=1e-11)


@given(pair=paired_scores, factor=st.floats(-10, 10))
def test_wasserstein_losses_are_linear_in_the_scores(pair: tuple[Array, Array], factor: float) -> None:
    real, fake = (scores(values) for values in pair)
    expected = factor * losses.wasserstein_critic_loss(real, fake).item()
    assert losses.wasserstein_critic_loss(factor * real, factor * fake).item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", RELATIVISTIC)
@given(pair=paired_scores)
def test_relativistic_generators_play_the_critics_game_with_the_roles_swapped(
    name: str, pair: tuple[Array, Array]
) -> None:
    real, fake = (scores(values) for values in pair)
    swapped = critic_loss(name)(fake, real).item()
    assert generator_loss(name)(fake, real).item() == pytest.approx(swapped, rel=1e-12)


@pytest.mark.parametrize("name", ["saturating", "non_saturating", "wasserstein", "hinge"])
@given(pair=paired_scores)
def test_turning_signs_and_roles_over_changes_nothing(name: str, pair: tuple[Array, Array]) -> None:
    real, fake = (scores(values) for values in pair)
    assert critic_loss(name)(-fake, -real).item() == pytest.approx(critic_loss(name)(real, fake).item(), abs=1e-10)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "relativistic_paired"])
def test_the_order_of_samples_does_not_matter(name: str) -> None:
    real, fake = (scores(values) for values in random_scores(seed=6))
    before = (critic_loss(name)(real, fake).item(), generator_loss(name)(fake, real).item())
    real = real.flip(0)
    after = (critic_loss(name)(real, fake).item(), generator_loss(name)(fake, real).item())
    assert after == pytest.approx(before, rel=1e-12)


def test_relativistic_pairs_are_the_rows() -> None:
    real, fake = scores(np.array([1.0, 5.0])), scores(np.array([0.0, 5.0]))
    matched = losses.relativistic_paired_critic_loss(real, fake)
    crossed = losses.relativistic_paired_critic_loss(real, fake.flip(0))
    assert matched.item() == pytest.approx((np.logaddexp(0, -1) + np.log(2)) / 2)
    assert crossed.item() == pytest.approx((np.logaddexp(0, 4) + np.logaddexp(0, -5)) / 2)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "relativistic_paired"])
def test_real_and_fake_batches_may_differ_in_size(name: str) -> None:
    real, fake = random_scores(seed=7)[0], random_scores(seed=8, count=4)[1]
    got = critic_loss(name)(scores(real), scores(fake))
    assert got.item() == pytest.approx(expected_critic_loss(name, real, fake), rel=1e-9)
    got = generator_loss(name)(scores(fake), scores(real))
    assert got.item() == pytest.approx(expected_generator_loss(name, real, fake), rel=1e-9)


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_relativistic_generator_losses_refuse_missing_real_scores(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}_generator_loss .*real="):
        generator_loss(name)(torch.zeros(3))
    with pytest.raises(TypeError, match="real="):
        SPECS[name].generator(torch.zeros(3))


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_loss_that_does_not_need_real_scores_ignores_them(name: str) -> None:
    fake = torch.randn(5, dtype=torch.float64)
    if name not in RELATIVISTIC:
        assert generator_loss(name)(fake) == generator_loss(name)(fake, torch.randn(5))


@pytest.mark.parametrize("name", NAMES)
def test_specs_are_the_functions(name: str) -> None:
    real, fake = (scores(values) for values in random_scores(seed=9))
    spec = SPECS[name]
    assert spec.critic(real, fake) == critic_loss(name)(real, fake)
    assert spec.generator(fake, real) == generator_loss(name)(fake, real)


@pytest.mark.parametrize("name", NAMES)
def test_specs_declare_correctly_whether_they_need_real_scores_mix_samples_or_have_labels(name: str) -> None:
    spec = SPECS[name]
    real, fake = (scores(values, True) for values in random_scores(seed=10))
    (gradient,) = torch.autograd.grad(spec.generator(fake, real), real, allow_unused=True)
    assert spec.needs_real == (gradient is not None)
    one_by_one = torch.stack([spec.critic(r[None], f[None]) for r, f in zip(real, fake, strict=True)]).mean()
    assert spec.mixes_samples == (not torch.isclose(one_by_one, spec.critic(real, fake)))
    smoothed = spec.critic(real, fake, real_label=0.8)
    assert spec.has_labels == (not torch.isclose(smoothed, spec.critic(real, fake)))


def test_every_loss_has_a_spec_that_recipes_can_name() -> None:
    assert set(get_args(losses.Loss)) == {type(spec) for spec in SPECS.values()}


SHAPES: dict[str, tuple[int, ...]] = {"[N]": (), "[N, 1]": (1,), "[N, 1, 1, 1]": (1, 1, 1), "map": (1, 3, 2)}
HALF = {torch.float16: 2**-10, torch.bfloat16: 2**-7}


def drawn(shape: tuple[int, ...], dtype: torch.dtype, seed: int, count: int = 6) -> torch.Tensor:
    """Scores that the dtype holds exactly, with a graph."""
    values = 2.0 * np.random.default_rng(seed).standard_normal((count, *shape))
    return torch.tensor(values).to(dtype).requires_grad_()


def exact(score: torch.Tensor) -> Array:
    return score.detach().double().numpy().ravel()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_loss_of_every_shape_and_dtype_is_the_formulas_mean_over_all_entries(
    name: str, shape: str, dtype: torch.dtype
) -> None:
    real, fake = (drawn(SHAPES[shape], dtype, seed) for seed in (0, 1))
    tolerance = 1e-12 if dtype == torch.float64 else 2e-6
    critic, generator = critic_loss(name)(real, fake), generator_loss(name)(fake, real)
    assert critic.dtype == generator.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert critic.item() == pytest.approx(expected_critic_loss(name, exact(real), exact(fake)), rel=tolerance)
    assert generator.item() == pytest.approx(
        expected_generator_loss(name, exact(real), exact(fake)), rel=tolerance, abs=tolerance
    )
    wide = [score.detach().double().requires_grad_() for score in (real, fake)]
    gradients = torch.autograd.grad(critic, (real, fake))
    wanted = torch.autograd.grad(critic_loss(name)(*wide), wide)
    for got, right in zip(gradients, wanted, strict=True):
        assert got.dtype == dtype and got.shape == right.shape
        torch.testing.assert_close(got.double(), right, rtol=HALF.get(dtype, 1e-5), atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("column_first", [False, True])
def test_scores_beside_a_column_of_scores_are_never_broadcast(name: str, column_first: bool) -> None:
    real, fake = random_scores(seed=11)
    x, g = scores(real), scores(fake)
    x, g = (x[:, None], g) if column_first else (x, g[:, None])
    assert critic_loss(name)(x, g).item() == pytest.approx(expected_critic_loss(name, real, fake), rel=1e-9)
    assert generator_loss(name)(g, x).item() == pytest.approx(expected_generator_loss(name, real, fake), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_of_scales_is_the_mean_of_their_losses(name: str) -> None:
    reals = [drawn(shape, torch.float64, seed) for seed, shape in enumerate([(1, 4, 4), (1, 2, 2), ()])]
    fakes = [drawn(shape, torch.float64, seed) for seed, shape in enumerate([(1, 4, 4), (1, 2, 2), ()], 10)]
    pairs = [(exact(x), exact(g)) for x, g in zip(reals, fakes, strict=True)]
    critic = np.mean([expected_critic_loss(name, x, g) for x, g in pairs])
    generator = np.mean([expected_generator_loss(name, x, g) for x, g in pairs])
    assert critic_loss(name)(reals, fakes).item() == pytest.approx(critic, rel=1e-8)
    assert generator_loss(name)(fakes, reals).item() == pytest.approx(generator, rel=1e-8)
    with_features = [[[torch.zeros(6, 9), score] for score in side] for side in (reals, fakes)]
    assert critic_loss(name)(*with_features).item() == pytest.approx(critic, rel=1e-8)
    with pytest.raises(ValueError, match="3 scales, fake scores 2"):
        critic_loss(name)(reals, fakes[:2])


@pytest.mark.parametrize(
    ("real", "fake"), [((4,), (1,)), ((4,), (3,)), ((4, 1), (2, 1)), ((4,), (4, 1, 2, 2)), ((4, 1, 2, 3), (4, 1, 3, 2))]
)
def test_pairs_of_other_shapes_are_refused(real: tuple[int, ...], fake: tuple[int, ...]) -> None:
    for loss in (losses.relativistic_paired_critic_loss, losses.relativistic_paired_generator_loss):
        with pytest.raises(ValueError, match=r"real scores have shape .* fake scores .*equal"):
            loss(*((torch.zeros(real), torch.zeros(fake))[:: 1 if loss.__name__.endswith("critic_loss") else -1]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [torch.zeros(()), torch.zeros(0), torch.zeros(3, dtype=torch.int64), None, [1.0]])
def test_no_loss_takes_what_is_no_score(name: str, bad: object) -> None:
    good = torch.zeros(3)
    for arguments in ((bad, good), (good, bad)):
        with pytest.raises(ValueError, match=r"(real|fake) scores"):
            critic_loss(name)(*arguments)
    with pytest.raises(ValueError, match="fake scores"):
        generator_loss(name)(bad, good)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_scores_of_thousands_in_half_precision_do_not_overflow(name: str, dtype: torch.dtype) -> None:
    real, fake = torch.full((64,), 3000.0, dtype=dtype), torch.full((64, 1), -2000.0, dtype=dtype)
    expected = expected_critic_loss(name, exact(real), exact(fake))
    assert critic_loss(name)(real, fake).item() == pytest.approx(expected, rel=1e-6, abs=1e-30)

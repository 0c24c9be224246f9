"""Multi-scale samples: maps over their scales, and what steps, penalties, feeds and perturbations make of them."""

from __future__ import annotations

import copy
import dataclasses
import operator
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.losses import NonSaturating, RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD
from steadygan.penalties import R1, R2, GradientPenalty, NearReal, between, gradient_penalty, near_real, r1_penalty
from steadygan.perturbations import Adaptive, DiffAugment, InstanceNoise
from steadygan.representations import Plain, Pyramid
from steadygan.schedules import Constant
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.step.draws import RealDraws
from steadygan.training.step.feed import Feed
from steadygan.types import (
    Batch,
    CriticOutput,
    SampleSpec,
    Scales,
    at_each_scale,
    join_samples,
    means_like,
    register_scales,
    sample_count,
    scales_of,
)
from tests.training.games import critic_terms, generator_terms, image_data, small_recipe, table, training_round

register_scales()
N = 6


def images(*sides: int, count: int = N, seed: int = 0, channels: int = 3) -> Scales:
    rng = np.random.default_rng(seed)
    return Scales(tuple(torch.from_numpy(rng.standard_normal((count, channels, side, side))) for side in sides))


def flat(samples: Scales) -> Tensor:
    return torch.cat([tensor.flatten(1) for tensor in samples.images], dim=1)


def parted(rows: Tensor, like: Scales) -> Scales:
    """The scales that ``flat`` made one row of."""
    sizes = [tensor[0].numel() for tensor in like.images]
    return Scales(tuple(part.reshape(t.shape) for part, t in zip(rows.split(sizes, 1), like.images, strict=True)))


@dataclasses.dataclass(frozen=True)
class FlatGenerator:
    """A linear layer to all scales."""

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        return _FlatGenerator(sample, latent)


class _FlatGenerator(nn.Module):
    def __init__(self, sample: SampleSpec, latent: int) -> None:
        super().__init__()
        self.shape = sample.shape
        self.layers = nn.ModuleList(nn.Linear(latent, sample.shape[0] * side**2) for side in (4, sample.shape[-1]))

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Scales:
        sides = (4, self.shape[-1])
        made = zip(self.layers, sides, strict=True)
        return Scales(tuple(layer(latents).reshape(-1, self.shape[0], side, side) for layer, side in made))


@dataclasses.dataclass(frozen=True)
class FlatCritic:
    """A small smooth network of all scales laid end to end."""

    def build(self, sample: SampleSpec) -> nn.Module:
        return _FlatCritic(sample.shape[0] * (16 + sample.shape[-1] ** 2))


class _FlatCritic(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 1))

    def rows(self, rows: Tensor) -> Tensor:
        return self.network(rows).squeeze(1)

    def forward(self, samples: Scales, labels: Tensor | None = None) -> CriticOutput:
        return CriticOutput(self.rows(flat(samples)))


def pyramid_recipe(**changes):
    fields = {"generator": FlatGenerator(), "critic": FlatCritic(), "representation": Pyramid(), "batch": N, **changes}
    return small_recipe(**fields)


# --- maps


def test_a_function_is_applied_scale_by_scale_and_to_plain_tensors_as_they_are():
    one, other = images(4, 8), images(4, 8, seed=1)
    added = at_each_scale(torch.add, one, other)
    assert [torch.equal(s, a + b) for s, a, b in zip(added.images, one.images, other.images, strict=True)] == [True] * 2
    assert torch.equal(at_each_scale(torch.add, one.finest, other.finest), added.finest)
    assert scales_of(one) == one.images and scales_of(one.finest) == (one.finest,)
    assert sample_count(one) == sample_count(one.finest) == N
    assert [len(t) for t in join_samples(one, other).images] == [2 * N] * 2


@pytest.mark.parametrize("other", [images(4), images(8, 16), images(4, 8).finest], ids=["fewer", "others", "plain"])
def test_samples_of_different_scales_do_not_meet(other):
    with pytest.raises(UsageError, match=r"scales of 4, 8 px on one side, .* on the other: .*representation Pyramid"):
        join_samples(images(4, 8), other)


def test_a_pyramid_is_no_batch_and_transforms_map_its_scales():
    samples = images(4, 8)
    leaves, spec = torch.utils._pytree.tree_flatten(Batch(samples))
    rest = [None] * (len(Batch._fields) - 1)
    assert len(leaves) == len(samples.images) + len(rest) and all(map(operator.is_, leaves, [*samples.images, *rest]))
    assert isinstance(torch.utils._pytree.tree_unflatten(leaves, spec).samples, Scales)
    gradient = torch.func.grad(lambda s: flat(s).square().sum())(samples)
    torch.testing.assert_close(flat(gradient), 2 * flat(samples))


def test_a_compiler_traces_a_loss_of_scales_in_one_graph():
    def loss(samples):
        return gradient_of(at_each_scale(lambda t: t * 2, samples)).square().sum()

    def gradient_of(samples):
        return flat(torch.func.grad(lambda s: flat(s).pow(3).sum())(samples))

    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(images(4, 8)), loss(images(4, 8)))


def test_the_type_loads_no_torch():
    code = "import sys; from steadygan.types import Scales; Scales(()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the representation


def test_each_scale_is_the_means_of_the_whole_image_over_squares():
    stored = torch.randint(0, 256, (3, 2, 32, 32), dtype=torch.uint8)
    encoded = Pyramid(least=4).encode(stored)
    whole = stored.double().numpy() / 127.5 - 1
    assert [t.shape[-1] for t in encoded.images] == [4, 8, 16, 32]
    for scale in encoded.images:
        side = scale.shape[-1]
        means = whole.reshape(3, 2, side, 32 // side, side, 32 // side).mean(axis=(3, 5))
        np.testing.assert_allclose(scale.numpy(), means, atol=5e-7)


def test_the_finest_scale_is_what_the_plain_representation_gives_and_reads():
    stored = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    pyramid, plain = Pyramid(image=Plain(low=0.0)), Plain(low=0.0)
    encoded = pyramid.encode(stored)
    assert torch.equal(encoded.finest, plain.encode(stored))
    assert torch.equal(pyramid.decode(encoded), stored)
    assert torch.equal(pyramid.decode(encoded.images[0]), plain.decode(encoded.images[0]))


@pytest.mark.parametrize("shape", [(3, 12, 12), (3, 12, 24), (1, 2, 2)])
def test_what_cannot_be_halved_is_refused(shape):
    with pytest.raises(UsageError, match=r"Pyramid.least is 4, but a sample is .*--data\.size"):
        Pyramid().fitted(SampleSpec(shape))
    with pytest.raises(UsageError, match=r"for pictures, but a sample is 2: a recipe for points is wgan-gp"):
        Pyramid().fitted(SampleSpec((2,)))
    with pytest.raises(UsageError, match=r"Pyramid\.least is 0"):
        Pyramid(least=0)


def test_all_scales_of_an_image_are_mirrored_together():
    data, recipe = image_data(), pyramid_recipe()
    feed = Feed(recipe, data.train, torch.device("cpu"))
    rows = torch.arange(4)
    straight = feed(RealDraws(rows, None, None, None)).samples
    mirrored = feed(RealDraws(rows, None, torch.tensor([True, False, True, False]), None)).samples
    for before, after in zip(straight.images, mirrored.images, strict=True):
        assert torch.equal(after[[0, 2]], before[[0, 2]].flip(-1)) and torch.equal(after[[1, 3]], before[[1, 3]])
        assert after.is_contiguous(memory_format=torch.channels_last)


# --- penalties


def test_one_eps_a_sample_serves_all_scales():
    real, fake = images(4, 8, 16), images(4, 8, 16, seed=1)
    points = between(real, fake)
    shares = [((p - g) / (x - g)).flatten(1) for p, x, g in zip(*(s.images for s in (points, real, fake)), strict=True)]
    eps = shares[0][:, 0]
    assert len(set(eps.tolist())) == N
    for share in shares:
        torch.testing.assert_close(share, eps[:, None].expand_as(share), rtol=1e-6, atol=1e-6)


def critic_of(like: Scales) -> _FlatCritic:
    return _FlatCritic(flat(like).shape[1]).double()


def slopes_of_rows(critic: _FlatCritic, rows: Tensor) -> Tensor:
    """One backward pass a sample, through all scales laid end to end."""
    slopes = []
    for row in rows:
        point = row.detach().clone()[None].requires_grad_(True)
        (gradient,) = torch.autograd.grad(critic.rows(point).sum(), point, create_graph=True)
        slopes.append(gradient.square().sum().sqrt())
    return torch.stack(slopes)


def test_the_library_penalties_of_scales_are_those_of_the_scales_laid_end_to_end():
    real, fake = images(4, 8), images(4, 8, seed=1)
    critic, reference = (critic_of(real) for _ in range(2))
    reference.load_state_dict(critic.state_dict())
    eps = torch.rand(N, dtype=torch.float64)
    penalty = gradient_penalty(critic, real, fake, at=lambda x, g: between(x, g, eps)) + r1_penalty(critic, real, 3.0)
    penalty.backward()
    points = eps[:, None] * flat(real) + (1 - eps[:, None]) * flat(fake)
    expected = (slopes_of_rows(reference, points) - 1).square().mean()
    expected = expected + 1.5 * slopes_of_rows(reference, flat(real)).square().mean()
    expected.backward()
    torch.testing.assert_close(penalty, expected, rtol=1e-9, atol=1e-11)
    for got, want in zip(critic.network[0].parameters(), reference.network[0].parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-8, atol=1e-11)


def test_pairs_of_different_shapes_have_nothing_between_at_any_scale():
    with pytest.raises(ValueError, match="pairs need equal ones"):
        between(images(4, 8), images(4, 8, count=2))


CASES = {
    "wgan-gp": {},
    "R1": {"objective": Adversarial(NonSaturating()), "penalties": (R1(2.0),)},
    "R1 and R2": {"objective": Adversarial(RelativisticPaired()), "penalties": (R1(0.5), R2(2.0))},
}


@pytest.mark.parametrize("case", CASES)
def test_the_critics_gradient_on_scales_is_that_on_scales_laid_end_to_end(case):
    recipe = pyramid_recipe(**CASES[case])
    game, _, drawer = table(recipe, image_data())
    game.critic.double()
    draws = drawer.round(0, 0).critic[0]
    real, fake = images(4, 8, channels=1), images(4, 8, channels=1, seed=1)
    reference = copy.deepcopy(game.critic.network)
    loss = recipe.objective.loss
    expected = loss.critic(reference.rows(flat(real)), reference.rows(flat(fake)))
    for penalty, noise in zip(recipe.penalties, draws.penalties, strict=True):
        if isinstance(penalty, GradientPenalty):
            eps = noise.double()[:, None]
            slopes = slopes_of_rows(reference, eps * flat(real) + (1 - eps) * flat(fake))
            expected = expected + 10.0 * (slopes - 1).square().mean()
        else:
            slopes = slopes_of_rows(reference, flat(real if isinstance(penalty, R1) else fake))
            expected = expected + penalty.gamma / 2 * slopes.square().mean()
    expected.backward()
    terms = critic_terms(game, Batch(real), Batch(fake), draws, game.state.objective)
    terms.loss.backward(inputs=game.players["critic"].parameters)
    torch.testing.assert_close(terms.loss, expected, rtol=1e-9, atol=1e-9)
    for got, want in zip(game.critic.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("loss", [NonSaturating(), RelativisticPaired()])
def test_the_generators_loss_on_scales_is_that_of_separate_passes(loss):
    recipe = pyramid_recipe(objective=Adversarial(loss))
    game, feed, drawer = table(recipe, image_data())
    (draws,) = drawer.round(0, 0).generator
    real = feed(draws.real) if draws.real is not None else None
    got, _ = generator_terms(game, draws, real, game.state.objective)
    of_real = None if real is None else game.critic(real.samples).score
    expected = loss.generator(game.critic(game.generator(draws.latents)).score, of_real)
    torch.testing.assert_close(got, expected)


# --- whole rounds, and what perturbs them

PERTURBATIONS = {
    "none": None,
    "noise": InstanceNoise(Constant(0.3)),
    "augmentation": DiffAugment(),
    "adaptive": Adaptive(DiffAugment(), initial=0.5),
}


@pytest.mark.parametrize("perturbation", PERTURBATIONS.values(), ids=PERTURBATIONS)
def test_micro_batches_of_scales_sum_to_the_whole_batchs_round(perturbation):
    sgd = {"generator_optimizer": SGD(0.1), "critic_optimizer": SGD(0.1)}  # Adam would blow rounding noise up
    recipe = pyramid_recipe(perturbation=perturbation, **sgd)
    in_parts = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=2))
    for whole, summed in zip(after_a_round(recipe), after_a_round(in_parts), strict=True):
        torch.testing.assert_close(summed, whole, rtol=1e-4, atol=1e-6)


def test_dragan_trains_on_scales():
    assert all(p.isfinite().all() for p in after_a_round(pyramid_recipe(penalties=(GradientPenalty(at=NearReal()),))))


def after_a_round(recipe) -> list[Tensor]:
    game, feed, drawer = table(recipe, image_data())
    training_round(game, feed, drawer.round(0, 0), 0, 0)
    return [p.detach() for p in (*game.players["generator"].parameters, *game.players["critic"].parameters)]


def pyramid(finest: Tensor) -> Scales:
    return means_like(finest, images(4, 8, 16, count=len(finest)))


def test_dragans_points_are_the_scales_of_its_points():
    finest, noise = images(16).finest, torch.rand(N, 3, 16, 16, dtype=torch.float64)
    mix = torch.rand(N, dtype=torch.float64)
    got = near_real(pyramid(finest), pyramid(finest), noise, mix)
    torch.testing.assert_close(flat(got), flat(pyramid(near_real(finest, finest, noise, mix))))


def numbers(count: int = N) -> tuple[Tensor, ...]:
    return (torch.from_numpy(np.random.default_rng(3).random((count, 10))),)


@pytest.mark.parametrize(
    ("perturbation", "drawn"),
    [
        (InstanceNoise(Constant(0.3)), (torch.randn(N, 3, 16, 16, dtype=torch.float64),)),
        (DiffAugment(policy=("color",)), numbers()),
    ],
    ids=["noise", "colour"],
)
def test_noise_and_colour_of_a_pyramid_are_the_pyramid_of_the_perturbed_image(perturbation, drawn):
    finest, strength = images(16).finest, torch.tensor(0.6, dtype=torch.float64)
    got = perturbation.apply(pyramid(finest), drawn, strength)
    torch.testing.assert_close(flat(got), flat(pyramid(perturbation.apply(finest, drawn, strength))))


@pytest.mark.parametrize("part", ["translation", "cutout"])
def test_the_same_part_of_the_image_is_moved_or_cut_at_every_scale(part):
    augment, drawn, always = DiffAugment(policy=(part,)), numbers(), torch.tensor(2.0)
    blocks = images(4).finest.repeat_interleave(4, 2).repeat_interleave(4, 3)  # coarse scales know all of them
    got, fine = augment.apply(pyramid(blocks), drawn, always), augment.apply(blocks, drawn, always)
    torch.testing.assert_close(flat(got), flat(pyramid(fine)))
    assert not torch.equal(fine, blocks)


def test_held_out_scores_are_of_whole_groups_only():
    data = image_data(count=70)
    game, train_feed, _ = table(pyramid_recipe(), data)
    measure = HeldOutMeasure(game.recipe, data, train_feed)
    seen = []
    game.critic.register_forward_hook(lambda module, inputs, output: seen.append(sample_count(inputs[0])))
    measure(game, 0)
    game.group = 4
    measure(game, 0)
    assert seen == [6] * 3 + [4] * 3
    game.group = 8
    assert measure(game, 0) is None


def test_networks_of_one_size_and_a_pyramid_are_refused():
    recipe = small_recipe(representation=Pyramid())
    game, feed, drawer = table(recipe, image_data())
    with pytest.raises(UsageError, match="representation Pyramid"):
        training_round(game, feed, drawer.round(0, 0), 0, 0)

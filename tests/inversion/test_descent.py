"""Inversion: latents for given samples, close, within the prior, and independent of each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.inversion import find_latents
from steadygan.networks import BEGANGenerator, DCGANGenerator, LabelledGenerator
from steadygan.priors import Normal, Uniform
from steadygan.run import Run
from steadygan.training.session import new_run
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe

DIGITS = SampleSpec((1, 8, 8), 10)


class Linear(nn.Module):
    """G(z) = A z, which tells its latents by a solution of equations."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = torch.randn(12, 3)

    def forward(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        made = latents @ self.matrix.T
        return made if labels is None else made * (1 + labels[:, None])


def test_the_latents_of_a_linear_generator_are_the_solution() -> None:
    generator, wanted = Linear(), torch.randn(5, 3)
    found, off = find_latents(generator, Normal(3), generator(wanted), torch.randn(2, 5, 3), steps=400)
    solved = torch.linalg.lstsq(generator.matrix, generator(wanted).T).solution.T
    assert torch.allclose(found, solved, atol=0.01) and off.max() < 0.01


def test_labels_go_with_their_samples_through_all_tries() -> None:
    generator, wanted, labels = Linear(), torch.randn(4, 3), torch.tensor([0, 1, 2, 3])
    found, _ = find_latents(generator, Normal(3), generator(wanted, labels), torch.randn(3, 4, 3), labels, steps=400)
    assert torch.allclose(found, wanted, atol=0.02)


def test_latents_stay_where_the_prior_draws_them() -> None:
    generator = Linear()
    targets = generator(torch.tensor([[3.0, 0.5, -0.5]]))  # out of reach
    found, _ = find_latents(generator, Uniform(3), targets, torch.zeros(1, 1, 3))
    assert found.abs().max() == 1.0
    free, _ = find_latents(generator, Normal(3), targets, torch.zeros(1, 1, 3))
    assert free.abs().max() > 2


@pytest.mark.parametrize(
    ("network", "prior"), [(BEGANGenerator(8), Uniform(8)), (DCGANGenerator(8, norm="none"), Normal(8))]
)
def test_latents_of_generated_images_reconstruct_them(network, prior) -> None:
    generator = network.build(DIGITS, 8).eval().requires_grad_(False)
    images = generator(prior.latents(torch.rand(4, 8) if isinstance(prior, Uniform) else torch.randn(4, 8)))
    starts = prior.nearest(torch.randn(2, 4, 8))
    at_first = (generator(starts[0]) - images).abs().flatten(1).mean(1)
    found, off = find_latents(generator, prior, images, starts, steps=200)
    assert torch.allclose((generator(found) - images).abs().flatten(1).mean(1), off, atol=1e-6)
    assert (off < 0.1 * at_first).all()


def test_samples_do_not_touch_each_others_latents_and_the_best_start_counts() -> None:
    generator = BEGANGenerator(4).build(DIGITS, 4).eval().requires_grad_(False).double()
    images, starts = torch.rand(3, 1, 8, 8).double(), torch.rand(2, 3, 4).double()
    found, off = find_latents(generator, Uniform(4), images, starts, steps=20)
    alone, off_alone = find_latents(generator, Uniform(4), images[1:2], starts[:, 1:2], steps=20)
    assert torch.allclose(found[1:2], alone) and torch.allclose(off[1:2], off_alone)
    each = torch.stack([find_latents(generator, Uniform(4), images, start[None], steps=20)[1] for start in starts])
    assert torch.allclose(off, each.min(dim=0).values) and not torch.equal(each[0] < each[1], each[1] < each[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run") / "run"
    recipe = small_recipe(generator=LabelledGenerator(DCGANGenerator(8, norm="none")), rounds=2)
    new_run(recipe, image_data(), folder, device="cpu")
    return Run(folder)


def test_a_run_finds_its_own_images_and_mixes_them(run: Run) -> None:
    images, labels = run.sample(3, seed=1), run.labels(3, seed=1)
    found = run.find_latents(images, steps=200, labels=labels)
    again = run.decode(found, labels).astype(float)
    far = run.decode(run.latents(3, seed=9), labels).astype(float)
    assert np.abs(again - images).mean() < 0.15 * np.abs(far - images).mean()
    assert torch.equal(found, run.find_latents(images, steps=200, labels=labels))  # a function of the seed
    strip = run.mix(found, run.latents(3), 5, labels=labels)
    assert strip.shape == (5, 3, 1, 8, 8) and strip.dtype == np.uint8
    assert np.array_equal(strip[0], again) and np.array_equal(strip[-1], run.decode(run.latents(3), labels))
    assert np.array_equal(strip[2], run.decode(0.5 * found + 0.5 * run.latents(3), labels))


def test_images_that_do_not_fit_are_one_line(run: Run) -> None:
    with pytest.raises(UsageError, match=r"needed: uint8 \[N, 1, 8, 8\]"):
        run.find_latents(np.zeros((2, 3, 8, 8), np.uint8))
    with pytest.raises(UsageError, match="steps is 0; allowed: whole numbers from 1"):
        run.find_latents(np.zeros((2, 1, 8, 8), np.uint8), steps=0)


def test_odd_latents_labels_and_steps_are_one_line(run: Run) -> None:
    images, labels, latents = run.sample(3), run.labels(3), run.latents(3)
    odd = [
        (lambda: run.find_latents(images, labels=[1, 2, 99]), "labels are .* 1 to 99; needed: "),
        (lambda: run.find_latents(images, labels=[1]), r"labels are \[1\]"),
        (lambda: run.find_latents(images), "the generator is conditional, but got no labels"),
        (lambda: run.mix(latents, latents[:2], 3, labels=labels), "got 3 first latents and 2 second ones"),
        (lambda: run.mix(latents / 0, latents, 3, labels=labels), "first latents hold numbers that are not finite"),
        (lambda: run.mix(latents, latents, 1, labels=labels), "steps is 1; allowed: whole numbers from 2"),
        (lambda: run.interpolate(2, 2.5), "steps is 2.5; allowed: whole numbers from 2"),
        (lambda: run.walk(2, 1, 3), "stops is 1; allowed: whole numbers from 2"),
        (lambda: run.walk(0, 2, 3), "the number of samples is 0"),
        (lambda: run.decode_latents(latents), "latents are Tensor; needed: those of an inversion"),
    ]
    for call, line in odd:
        with pytest.raises(UsageError, match=line):
            call()  # type: ignore[no-untyped-call]
    by_lists = run.mix(latents.tolist(), latents.numpy(), 2, labels=labels.tolist())  # type: ignore[arg-type, union-attr]
    assert np.array_equal(by_lists, run.mix(latents, latents, 2, labels=labels))
    found = run.find_latents(images, steps=1, labels=labels.tolist())  # type: ignore[arg-type, union-attr]
    assert torch.equal(found, run.find_latents(images, steps=1, labels=labels))

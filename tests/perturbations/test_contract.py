"""What holds for every perturbation, whatever it does."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest
import torch
from torch import Tensor

from steadygan import codec
from steadygan.errors import UsageError
from steadygan.perturbations import (
    Adaptive,
    AdaptiveState,
    Augment,
    DiffAugment,
    InstanceNoise,
    Perturbation,
    PerturbationLike,
)
from tests.perturbations.common import draw, normal, number

IMAGE = (3, 8, 10)
HALF = AdaptiveState(number(0.5), number(0.0), number(0.0))
CASES: dict[str, tuple[PerturbationLike, tuple[Tensor, ...]]] = {
    "noise": (InstanceNoise(), ()),
    "color": (DiffAugment(("color",)), ()),
    "translation": (DiffAugment(("translation",)), ()),
    "cutout": (DiffAugment(("cutout",)), ()),
    "all": (DiffAugment(), ()),
    "bgc": (Augment(), ()),
    "filter, noise and cutout": (Augment(("filter", "noise", "cutout")), ()),
    "adaptive bgc": (Adaptive(Augment()), HALF),
    "adaptive augmentation": (Adaptive(), HALF),
    "adaptive noise": (Adaptive(InstanceNoise()), HALF),
}
all_cases = pytest.mark.parametrize(("perturbation", "state"), CASES.values(), ids=CASES)


@all_cases
def test_equal_draws_give_equal_samples_and_other_draws_give_others(perturbation, state):
    samples = normal(16, *IMAGE)
    one, again, other = (
        perturbation.apply(samples, draw(perturbation, 16, IMAGE, seed), number(0.7), state) for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one, samples)


@all_cases
def test_samples_are_perturbed_each_by_itself(perturbation, state):
    samples, drawn = normal(7, *IMAGE), draw(perturbation, 7, IMAGE)
    whole = perturbation.apply(samples, drawn, number(0.7), state)
    alone = [
        perturbation.apply(samples[i : i + 1], tuple(d[i : i + 1] for d in drawn), number(0.7), state) for i in range(7)
    ]
    torch.testing.assert_close(whole, torch.cat(alone), rtol=1e-12, atol=1e-12)


@all_cases
def test_first_and_second_derivatives_are_right(perturbation, state):
    samples, drawn = normal(3, 2, 4, 5).requires_grad_(True), draw(perturbation, 3, (2, 4, 5))

    def bent(x: Tensor) -> Tensor:  # a perturbation alone is affine: its second derivative would be 0
        return perturbation.apply(x.sin(), drawn, number(0.7), state).square()

    assert torch.autograd.gradcheck(bent, (samples,))
    assert torch.autograd.gradgradcheck(bent, (samples,), fast_mode=True)  # along random directions


@all_cases
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_shape_and_precision_stay_as_they_are(perturbation, state, dtype):
    samples, drawn = normal(4, *IMAGE), draw(perturbation, 4, IMAGE)
    exact = perturbation.apply(samples, drawn, number(0.7), state)
    got = perturbation.apply(samples.to(dtype), drawn, number(0.7), state)
    assert got.dtype == dtype and got.shape == samples.shape
    tolerance = 0.1 if dtype == torch.bfloat16 else 1e-5  # numbers up to about 5 with 8 bits, three times
    torch.testing.assert_close(got.double(), exact, rtol=0, atol=tolerance)


@all_cases
def test_nothing_is_read_back_from_the_device(perturbation, state):
    """Tensors on the meta device hold shapes and no values: reading one raises."""

    def shapes(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(t.to("meta") for t in tensors)

    samples = torch.empty(4, *IMAGE, device="meta")
    drawn, strength = shapes(draw(perturbation, 4, IMAGE)), torch.empty((), device="meta")
    assert perturbation.apply(samples, drawn, strength, shapes(state)).shape == samples.shape
    perturbation.next_state(torch.empty(4, device="meta"), shapes(state), 4)


@all_cases
def test_channels_last_images_give_the_same_numbers(perturbation, state):
    samples, drawn = normal(4, *IMAGE), draw(perturbation, 4, IMAGE)
    plain = perturbation.apply(samples, drawn, number(0.7), state)
    last = perturbation.apply(samples.contiguous(memory_format=torch.channels_last), drawn, number(0.7), state)
    torch.testing.assert_close(last, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("perturbation", [InstanceNoise(), DiffAugment()])
def test_a_perturbation_without_a_control_has_no_state(perturbation):
    assert perturbation.initial_state() == ()
    assert perturbation.next_state(torch.ones(4), (), 4) == ()


@all_cases
def test_specs_round_trip_and_are_among_the_kinds_that_recipes_know(perturbation, state):
    assert codec.from_plain(codec.to_plain(perturbation), Perturbation) == perturbation
    assert type(perturbation) in get_args(Perturbation)
    assert eval(
        repr(perturbation), codec.all_kinds(type(perturbation)) | {type(perturbation).__name__: type(perturbation)}
    )


def test_mistakes_in_a_file_name_the_field_and_what_is_allowed():
    plain = {"kind": "DiffAugment", "policy": ["color", "translaton"]}
    with pytest.raises(
        UsageError, match=r"p\.policy\[1\]: got 'translaton'; allowed: color.*did you mean 'translation'"
    ):
        codec.from_plain(plain, Perturbation, where="p")


def test_torch_is_not_loaded_by_the_specs():
    code = "import sys, steadygan.perturbations as p; p.Adaptive(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
